# SPDX-License-Identifier: GPL-3.0-or-later
"""The Wrinkle tab of the 3D view's sidebar: one big button, and one panel per step; one file a step."""

from __future__ import annotations

from . import drive, export, face, landmarks, main, photos, preview, system, wrinkles

_STEPS = (main, photos, landmarks, face, wrinkles, drive, preview, export, system)


def register() -> None:
    for step in _STEPS:
        step.register()


def unregister() -> None:
    for step in reversed(_STEPS):
        step.unregister()
