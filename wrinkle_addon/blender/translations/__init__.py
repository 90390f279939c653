# SPDX-License-Identifier: GPL-3.0-or-later
"""The user interface in other languages: one module like ``german`` each, and a line in _LANGUAGES."""

from __future__ import annotations

import bpy

from . import german

_LANGUAGES = {"de": german.TEXTS}
_CONTEXTS = ("*", "Operator")
"""Where Blender looks a text up: buttons of operators have a context of their own."""

_blender = bpy.app.translations


def register() -> None:
    _blender.register(
        __name__,
        {
            language: {(context, text): told for text, told in texts.items() for context in _CONTEXTS}
            for language, texts in _LANGUAGES.items()
        },
    )


def unregister() -> None:
    _blender.unregister(__name__)
