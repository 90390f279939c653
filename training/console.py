# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands say while they work."""

import sys


def say(text: str) -> None:
    """One line on standard output, at once; a function of a module, so that worker processes can be given it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
