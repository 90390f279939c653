# SPDX-License-Identifier: GPL-3.0-or-later
"""A face's wrinkles for other programs: a description in JSON, and shaders that compute the formula of activation.py.

Nothing here needs Blender. The shaders are generated from one body, so that no engine can drift from the others.
"""

from .description import VERSION, Expression, Maps, Recipe, ResponseMap
from .engines import ENGINES, engine_files, engine_images
from .shader import GLSL, GODOT, UNITY, UNREAL, Dialect, body

__all__ = [
    "ENGINES",
    "GLSL",
    "GODOT",
    "UNITY",
    "UNREAL",
    "VERSION",
    "Dialect",
    "Expression",
    "Maps",
    "Recipe",
    "ResponseMap",
    "body",
    "engine_files",
    "engine_images",
]
