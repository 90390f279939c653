# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers that hand expressions to the material: each expression is one socket of the wrinkle node.

Only sums of one variable and Blender's simple expressions are used: they need no Python, so they run with automatic
execution of scripts disabled, in linked files, and in a Blender without this add-on. What drives a socket is by default
the shape key of its name; a bone or a custom property of a rig can take its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import bpy

from ..core.activation import Response
from ..core.errors import WrinkleError
from . import ids

_PATH_HINT = "Right-click the property and choose Copy Data Path."


@dataclass(frozen=True)
class Drive:
    """How one expression is driven. source: (object, data path) that takes the shape key's place, None for that key.

    full: the source's value that stands for a weight of 1, for instance 0.02 for a bone that moves 2 cm.
    """

    response: Response = field(default_factory=Response)
    source: tuple[bpy.types.Object, str] | None = None
    full: float = 1.0


def drive_group(
    group: bpy.types.ShaderNodeGroup, keys: bpy.types.Key | None, drives: Mapping[str, Drive] | None = None
) -> int:
    """Drive every expression socket of ``group`` that has a shape key or a source of its own; returns their number.

    Raises WrinkleError when the data path of a source leads nowhere.
    """
    drives = drives or {}
    names = set() if keys is None else set(keys.key_blocks.keys()) - {ids.BASIS}
    count = 0
    for socket in group.inputs:
        drive = drives.get(socket.name, Drive())
        if drive.source is not None:
            if not leads_to_number(*drive.source):
                raise WrinkleError(f"{drive.source[0].name} has no number at {drive.source[1]!r}.", _PATH_HINT)
            _drive(socket, *drive.source, drive)
        elif socket.name in names:
            _drive(socket, keys, f'key_blocks["{bpy.utils.escape_identifier(socket.name)}"].value', drive)
        else:
            continue
        count += 1
    return count


def expression_of(drive: Drive) -> str:
    """The driver's expression in the variable ``weight``; empty where the plain value is enough."""
    answer = drive.response
    if drive == Drive(source=drive.source):
        return ""
    above = f"max(weight / {drive.full:.6g} - {answer.onset:.6g}, 0) / {1 - answer.onset:.6g}"
    return f"{answer.strength:.6g} * pow({above}, {answer.power:.6g})"


def bake(group: bpy.types.ShaderNodeGroup, scene: bpy.types.Scene, start: int, end: int) -> int:
    """Replace the drivers of ``group`` by keyframes of what they yield from frame ``start`` to ``end``.

    Returns how many expressions got keyframes; those that stay 0 get none. The scene's frame is put back.
    """
    driven = [socket for socket in group.inputs if _curve_of(group, socket) is not None]
    values: dict[str, list[float]] = {socket.name: [] for socket in driven}
    before = scene.frame_current
    for frame in range(start, end + 1):
        scene.frame_set(frame)
        for socket in driven:
            values[socket.name].append(socket.default_value)
    scene.frame_set(before)
    moving = [socket for socket in driven if max(values[socket.name]) > 0]
    for socket in driven:
        socket.driver_remove("default_value")
        socket.default_value = 0.0
    for socket in moving:
        for frame, value in enumerate(values[socket.name], start):
            socket.default_value = value
            socket.keyframe_insert("default_value", frame=frame)
    scene.frame_set(before)
    return len(moving)


def unbake(group: bpy.types.ShaderNodeGroup) -> None:
    """Remove what :func:`bake` wrote."""
    data = group.id_data.animation_data
    if data is not None:
        data.action = None


def _curve_of(group: bpy.types.ShaderNodeGroup, socket: bpy.types.NodeSocket) -> bpy.types.FCurve | None:
    data = group.id_data.animation_data
    path = socket.path_from_id("default_value")
    return None if data is None else data.drivers.find(path)


def leads_to_number(source: bpy.types.Object, data_path: str) -> bool:
    """Whether ``source`` has a number at ``data_path``."""
    try:
        return isinstance(source.path_resolve(data_path), (int, float))
    except ValueError:
        return False


def _drive(socket: bpy.types.NodeSocket, source: bpy.types.ID, data_path: str, drive: Drive) -> None:
    socket.driver_remove("default_value")
    curve = socket.driver_add("default_value")
    # Without points the curve passes the driver's value on unchanged, not through an interpolation.
    for point in reversed(curve.keyframe_points):
        curve.keyframe_points.remove(point)
    driver = curve.driver
    expression = expression_of(drive)
    driver.type = "SCRIPTED" if expression else "SUM"
    variable = driver.variables.new()
    variable.name = "weight"
    variable.type = "SINGLE_PROP"
    target = variable.targets[0]
    target.id_type = "KEY" if isinstance(source, bpy.types.Key) else "OBJECT"
    target.id = source
    target.data_path = data_path
    if expression:
        driver.expression = expression


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
