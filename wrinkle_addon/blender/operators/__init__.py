# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators, one family a file."""

from __future__ import annotations

from . import drive, export, face, landmarks, mask, model, photos, preview, reconstruct, task

_FAMILIES = (photos, face, landmarks, model, reconstruct, mask, drive, preview, export, task)


def register() -> None:
    for family in _FAMILIES:
        family.register()


def unregister() -> None:
    for family in reversed(_FAMILIES):
        family.unregister()
