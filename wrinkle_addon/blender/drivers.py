# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers that hand each shape key's value to the material.

Only sums of one variable are used: they need no Python, so they run with automatic execution of scripts disabled and in
a Blender without this add-on.
"""

from __future__ import annotations

import bpy

from . import ids


def drive_group(group: bpy.types.ShaderNodeGroup, keys: bpy.types.Key) -> int:
    """Drive every expression socket of ``group`` that ``keys`` has a shape key for; returns how many were driven."""
    count = 0
    for socket in group.inputs:
        if socket.name in keys.key_blocks and socket.name != ids.BASIS:
            _drive(socket, keys, f'key_blocks["{bpy.utils.escape_identifier(socket.name)}"].value')
            count += 1
    return count


def _drive(socket: bpy.types.NodeSocket, source: bpy.types.ID, data_path: str) -> None:
    socket.driver_remove("default_value")
    curve = socket.driver_add("default_value")
    # Without points the curve passes the driver's value on unchanged, not through an interpolation.
    for point in reversed(curve.keyframe_points):
        curve.keyframe_points.remove(point)
    driver = curve.driver
    driver.type = "SUM"
    variable = driver.variables.new()
    variable.name = "weight"
    variable.type = "SINGLE_PROP"
    target = variable.targets[0]
    target.id_type = "KEY"
    target.id = source
    target.data_path = data_path


def source_of(tree: bpy.types.NodeTree) -> bpy.types.Key | None:
    """The shape keys that drive ``tree``; None when none do."""
    for curve in tree.animation_data.drivers if tree.animation_data else ():
        for variable in curve.driver.variables:
            for target in variable.targets:
                if isinstance(target.id, bpy.types.Key):
                    return target.id
    return None


def retarget(tree: bpy.types.NodeTree, old: bpy.types.ID, new: bpy.types.ID) -> None:
    """Make every driver of ``tree`` that reads from ``old`` read from ``new``."""
    if tree.animation_data is None:
        return
    for curve in tree.animation_data.drivers:
        for variable in curve.driver.variables:
            for target in variable.targets:
                if target.id == old:
                    target.id = new
