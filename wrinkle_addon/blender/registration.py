# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers everything, or only the preferences and a note when a compiled part is missing."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType

from . import preferences, system

_PARTS = (
    "translations",
    "properties",
    "export_properties",
    "operators",
    "presets",
    "thumbnails",
    "panels",
    "overlay",
    "landmark_tool",
    "menus",
    "drop",
    "upkeep",
    "threshold",
    "command",
)
_loaded: list[ModuleType] = []


def register() -> None:
    """Preferences first: they must be there to say what is wrong with the rest."""
    preferences.register()
    if system.missing_parts():
        _load(("missing",))
        return
    _load(_PARTS)
    preferences.apply_threads(preferences.value("threads", 0))


def unregister() -> None:
    """Undo :func:`register`; the operators stop every job."""
    while _loaded:
        _loaded.pop().unregister()
    preferences.unregister()


def _load(names: tuple[str, ...]) -> None:
    for name in names:
        module = importlib.import_module(f".{name}", __package__)
        enter: Callable[[], None] = module.register
        enter()
        _loaded.append(module)
