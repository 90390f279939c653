# SPDX-License-Identifier: GPL-3.0-or-later
"""The two exceptions that leave the core."""

from __future__ import annotations


class WrinkleError(Exception):
    """Something the user can mend.

    The message is one sentence that names the file or value at fault; the hint says how to mend it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class Cancelled(Exception):
    """The progress callback asked to stop; nothing was changed."""
