# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrinkles as true displacement: material, and a subdivision fine enough to follow them.

Cycles subdivides adaptively, down to a pixel. That is a setting of the modifier since Blender 5.0, and before that one
of the object, which only works with the experimental feature set of the scene. EEVEE takes the modifier's levels.
"""

from __future__ import annotations

import math

import bpy
import numpy as np

from . import material

MODIFIER = "Wrinkle Subdivision"
_EDGE_METRES = 0.0006
"""Edge that the fixed levels aim at."""
_MOST_LEVELS = 3


def show(obj: bpy.types.Object, scene: bpy.types.Scene, on: bool) -> None:
    """Show the wrinkles of ``obj`` as true displacement instead of shading, or back. ``scene`` is where it renders."""
    for skin in obj.data.materials:
        if material.group_node(skin) is not None:
            material.set_displacement(skin, on)
    modifier = obj.modifiers.get(MODIFIER)
    if on:
        _subdivide(obj, modifier or obj.modifiers.new(MODIFIER, "SUBSURF"))
        allow(scene)
    elif modifier is not None:
        obj.modifiers.remove(modifier)
        if _of_object(obj):
            obj.cycles.use_adaptive_subdivision = False


def shown(obj: bpy.types.Object) -> bool:
    """Whether ``obj`` shows its wrinkles as true displacement."""
    return MODIFIER in obj.modifiers


def allow(scene: bpy.types.Scene) -> None:
    """Let ``scene`` subdivide adaptively; Blender before 5.0 asks for the experimental feature set."""
    if bpy.app.version < (5, 0, 0) and hasattr(scene, "cycles"):
        scene.cycles.feature_set = "EXPERIMENTAL"


def _subdivide(obj: bpy.types.Object, modifier: bpy.types.SubsurfModifier) -> None:
    modifier.levels = 0  # the viewport stays quick
    modifier.render_levels = _levels(obj.data)
    modifier.boundary_smooth = "PRESERVE_CORNERS"
    if hasattr(modifier, "use_adaptive_subdivision"):
        modifier.use_adaptive_subdivision = True
    elif _of_object(obj):
        obj.cycles.use_adaptive_subdivision = True


def _of_object(obj: bpy.types.Object) -> bool:
    """Whether this Blender keeps adaptive subdivision with the object."""
    return hasattr(getattr(obj, "cycles", None), "use_adaptive_subdivision")


def _levels(mesh: bpy.types.Mesh) -> int:
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    ends = np.empty(2 * len(mesh.edges), np.int32)
    mesh.edges.foreach_get("vertices", ends)
    first, second = points.reshape(-1, 3)[ends.reshape(-1, 2)].swapaxes(0, 1)
    edge = float(np.median(np.linalg.norm(second - first, axis=1)))
    return min(max(math.ceil(math.log2(max(edge, _EDGE_METRES) / _EDGE_METRES)), 1), _MOST_LEVELS)
