# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a fitted face into a mesh object: frame and units, UV, shape keys, vertex groups, region strength."""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np
import numpy.typing as npt

from ..core.activation import Response
from ..core.types import FaceModel, Fit, Float
from . import ids
from .weights import group_weights

_WEIGHT_STEPS = 64
_SAME_FACE_MM = 0.01
AROUND = "outside"
"""The region of what is not face: the back of the head, the neck, the inside of the mouth."""


def to_blender(points_mm: npt.ArrayLike) -> Float:
    """Model space to Blender's: millimetres with +Y up and +Z out of the face to metres with +Z up, looking along -Y.

    points_mm: (..., 3). Returns (..., 3) float32.
    """
    points = np.asarray(points_mm, np.float32) / np.float32(1000)
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)


def new_mesh(name: str, vertices_mm: Float, triangles: npt.NDArray[np.int32], uv: Float) -> bpy.types.Mesh:
    """A smooth triangle mesh with one UV layer. vertices_mm: (V, 3), triangles: (T, 3), uv: (V, 2)."""
    mesh = bpy.data.meshes.new(name)
    corners = np.ascontiguousarray(triangles, np.int32).ravel()
    mesh.vertices.add(len(vertices_mm))
    mesh.vertices.foreach_set("co", to_blender(vertices_mm).ravel())
    mesh.loops.add(len(corners))
    mesh.loops.foreach_set("vertex_index", corners)
    mesh.polygons.add(len(triangles))
    mesh.polygons.foreach_set("loop_start", np.arange(0, len(corners), 3, dtype=np.int32))
    layer = mesh.uv_layers.new(name=ids.UV_LAYER, do_init=False)
    layer.uv.foreach_set("vector", np.ascontiguousarray(uv[corners], np.float32).ravel())
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    return mesh


def add_expressions(obj: bpy.types.Object, model: FaceModel, fit: Fit) -> None:
    """Give ``obj`` the model's expressions, and the photo's own one, as shape keys with sliders from 0 to 1."""
    obj.shape_key_add(name=ids.BASIS, from_mix=False)
    for name, delta in zip(model.arkit.names, model.arkit.deltas, strict=True):
        _add_key(obj, name, fit.neutral + delta)
    if float(np.abs(fit.vertices - fit.neutral).max()) > _SAME_FACE_MM:
        _add_key(obj, ids.PHOTO_KEY, fit.vertices)
    obj.data.shape_keys.name = f"{obj.name} Expressions"


def _add_key(obj: bpy.types.Object, name: str, vertices_mm: Float) -> None:
    key = obj.shape_key_add(name=name, from_mix=False)
    key.data.foreach_set("co", to_blender(vertices_mm).ravel())
    key.slider_min, key.slider_max, key.value = 0.0, 1.0, 0.0


def add_region_groups(obj: bpy.types.Object, regions: Mapping[str, Float]) -> None:
    """One vertex group per region. regions: names to (V,) weights 0..1."""
    for name, weights in regions.items():
        group = obj.vertex_groups.new(name=name)
        # The API takes one weight per call, so weights are rounded to a few dozen levels.
        levels = np.rint(np.asarray(weights) * _WEIGHT_STEPS).astype(np.int32)
        for level in np.unique(levels[levels > 0]):
            group.add(np.flatnonzero(levels == level).tolist(), float(level) / _WEIGHT_STEPS, "REPLACE")


def set_region_response(obj: bpy.types.Object, responses: Mapping[str, Response]) -> None:
    """Write how wrinkles answer in each region into the mesh, where the material reads it.

    responses: by region name; the others show wrinkles as reconstructed. A vertex in several regions gets their
    weighted mean; the part of a vertex that lies in no region counts as unchanged.
    """
    mesh = obj.data
    changes = np.zeros((len(obj.vertex_groups), 3))
    for name, response in responses.items():
        group = obj.vertex_groups.get(name)
        if group is not None:
            changes[group.index] = (response.strength - 1, response.onset, response.power - 1)
    count = len(mesh.vertices)
    total = np.zeros(count)
    change = np.zeros((count, 3))
    if changes.any():
        read = group_weights(mesh)
        total += np.bincount(read.vertex, read.weight, count)
        for axis in range(3):
            change[:, axis] = np.bincount(read.vertex, read.weight * changes[read.group, axis], count)
    values = (change / np.maximum(total, 1.0)[:, None]).astype(np.float32)
    attribute = mesh.attributes.get(ids.REGION_ATTRIBUTE)
    if attribute is None:
        attribute = mesh.attributes.new(ids.REGION_ATTRIBUTE, "FLOAT_VECTOR", "POINT")
    attribute.data.foreach_set("vector", values.ravel())
    mesh.update()


def face_points(obj: bpy.types.Object) -> Float:
    """The vertices of the neutral face in the world, without the head and neck around it.

    Returns (N, 3) float32 metres. Vertices that lie mostly in no region are left out, unless there is no region at all.
    """
    points = np.empty(3 * len(obj.data.vertices), np.float32)
    obj.data.vertices.foreach_get("co", points)
    turn = np.array(obj.matrix_world, np.float32)
    points = points.reshape(-1, 3) @ turn[:3, :3].T + turn[:3, 3]
    around = obj.vertex_groups.get(AROUND)
    index = -1 if around is None else around.index
    inside = [
        sum(entry.weight for entry in vertex.groups if entry.group != index) > 0.5 for vertex in obj.data.vertices
    ]
    return points[inside] if any(inside) else points
