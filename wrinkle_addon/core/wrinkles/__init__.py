# SPDX-License-Identifier: GPL-3.0-or-later
"""From a texture to confidence, displacement and normal map.

Only the settings are loaded at once; what needs OpenCV or the native module is loaded when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .settings import Scale, WrinkleSettings

if TYPE_CHECKING:
    from .confidence import confidence_map
    from .normals import normal_map
    from .regressor import Regressor, load_regressor
    from .stage import Relief, believed, find_relief, glimpse, wrinkle_maps

__all__ = [
    "Regressor",
    "Relief",
    "Scale",
    "WrinkleSettings",
    "believed",
    "confidence_map",
    "find_relief",
    "glimpse",
    "load_regressor",
    "normal_map",
    "wrinkle_maps",
]

_HOMES = {
    "Regressor": "regressor",
    "load_regressor": "regressor",
    "confidence_map": "confidence",
    "normal_map": "normals",
    "Relief": "stage",
    "believed": "stage",
    "find_relief": "stage",
    "glimpse": "stage",
    "wrinkle_maps": "stage",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
