# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds a face from a reconstruction, finds what belongs to it and removes it whole."""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np

from ..core.types import Fit, Reconstruction
from . import drivers, ids, mask, material, mesh
from .skin import Skin, paint

DEFAULT_PERMANENT = 0.25
"""Share of the wrinkles on the face at rest; the rest waits for the expressions."""

COFF = "wrinkle_dis2normal_coff"
TELLING = "wrinkle_telling"
SIDE = "wrinkle_side"
"""Custom properties of the mesh: the slope scale of its normal map, the expression that wakes most relief, and from
which side it looks best."""
_ASKEW = 1.1
"""How many times as much of one side a photo must show for the face to be looked at from there."""
FOLDING = ("browInnerUp", "browDownLeft", "eyeSquintLeft", "mouthSmileLeft", "noseSneerLeft")


def telling_expression(result: Reconstruction) -> str:
    """The expression whose motion map meets the steepest wrinkles, for previews.

    Those that fold the skin most in life go first: a face has hardly any line that only an open jaw or a pucker wakes.
    """
    steps = np.linspace(0, result.normal.shape[0] - 1, result.motion.maps.shape[1]).astype(int)
    coarse = result.normal[np.ix_(steps, steps)].astype(np.float32) / 65535 * 2 - 1
    slope = np.hypot(coarse[..., 0], coarse[..., 1])
    energy = np.einsum("eij,ij->e", result.motion.maps.astype(np.float32), slope)
    known = dict(zip(result.motion.names, energy, strict=True))
    folding = [name for name in FOLDING if name in known] or list(known)
    return max(folding, key=lambda name: known[name])


def seen_side(fit: Fit) -> float:
    """The side that a photo shows more of: 1 for the subject's left, or when it shows both alike, -1 for the right."""
    left = fit.neutral[:, 0] > 0
    return -1.0 if (fit.visible & ~left).sum() > _ASKEW * (fit.visible & left).sum() else 1.0


def side(obj: bpy.types.Object) -> float:
    """The side that ``obj`` is best looked at from, see :func:`seen_side`."""
    return float(obj.data.get(SIDE, 1.0))


def build_face(
    result: Reconstruction,
    name: str,
    *,
    skin: Skin | None = None,
    replace: bpy.types.Object | None = None,
    collection: bpy.types.Collection | None = None,
    strength: float = 1.0,
    permanent: float = DEFAULT_PERMANENT,
    dis2normal_coff: float = 150.0,
) -> bpy.types.Object:
    """Make the mesh object of a reconstruction, with shape keys, material, drivers and region groups.

    The object is in metres with +Z up and looks along -Y. ``skin`` is :func:`paint`'s result for ``result``; it is made
    here when it is not given. ``replace`` names a face whose object is kept (name, place, parents, custom properties)
    while everything it shows is made anew; shape key values carry over by name.
    ``dis2normal_coff`` is what ``result.normal`` was made with; it is kept so that a slider can scale from it.
    """
    first = result.fits[0]
    data = mesh.new_mesh(name, first.neutral, result.model.triangles, result.model.uv)
    data[ids.FACE_MARK] = ids.FACE_VERSION
    values, painted = {}, None
    if replace is None:
        obj = bpy.data.objects.new(name, data)
        (collection or bpy.context.scene.collection).objects.link(obj)
    else:
        obj = replace
        values, painted = key_values(obj), mask.mask_of(obj)
        stale = [block for block in owned_data(obj) if block != painted]
        obj.vertex_groups.clear()
        obj.data = data
        _remove(stale)
        data.name = name
    obj[ids.FACE_MARK] = ids.FACE_VERSION
    mesh.add_expressions(obj, result.model, first)
    mesh.add_region_groups(obj, result.model.regions)
    mesh.set_region_response(obj, {})
    data[COFF] = dis2normal_coff
    data[TELLING] = telling_expression(result)
    data[SIDE] = seen_side(first)
    data.materials.append(material.new_material(skin or paint(result), obj))
    if painted is not None:
        mask.attach(obj, painted)
    node = material.group_node(obj.active_material)
    node.inputs[ids.STRENGTH].default_value = strength
    # Lines of a photo at rest show always; then nothing of the expressions' lines is left for the face at rest.
    node.inputs[ids.PERMANENT].default_value = permanent if result.permanent is None else 0.0
    for key, value in values.items():
        if key in data.shape_keys.key_blocks:
            data.shape_keys.key_blocks[key].value = value
    return obj


def is_face(obj: bpy.types.Object | None) -> bool:
    """Whether ``obj`` was made by :func:`build_face`."""
    return obj is not None and obj.type == "MESH" and ids.FACE_MARK in obj.data


def key_values(obj: bpy.types.Object) -> dict[str, float]:
    """The value of every expression of ``obj``."""
    keys = obj.data.shape_keys
    return {} if keys is None else {key.name: key.value for key in keys.key_blocks if key.name != ids.BASIS}


def owned_data(obj: bpy.types.Object) -> list[bpy.types.ID]:
    """The data-blocks made for ``obj``: mesh, materials, node groups and images, users before what they use."""
    owned: list[bpy.types.ID] = [obj.data]
    for skin in obj.data.materials:
        node = material.group_node(skin)
        if skin is None or ids.FACE_MARK not in skin:
            continue
        owned.append(skin)
        trees = [skin.node_tree]
        if node is not None:
            owned.append(node.node_tree)
            trees.append(node.node_tree)
        used = (entry.image for tree in trees for entry in tree.nodes if entry.bl_idname == "ShaderNodeTexImage")
        owned += [image for image in dict.fromkeys(used) if image is not None and ids.FACE_MARK in image]
    return owned


def remove_face(obj: bpy.types.Object) -> None:
    """Remove ``obj`` and everything that was made for it and that nothing else uses."""
    stale = owned_data(obj)
    bpy.data.objects.remove(obj)
    _remove(stale)


def _remove(stale: list[bpy.types.ID]) -> None:
    for block in stale:
        if block.users - block.use_fake_user == 0:
            bpy.data.batch_remove([block])


def copy_material(
    source: bpy.types.Object, target: bpy.types.Object, drives: Mapping[str, drivers.Drive] | None = None
) -> int:
    """Put a copy of ``source``'s material on ``target``, driven by the target's own shape keys of the same names.

    drives: how expressions answer, as on the source. Returns how many expressions the target drives; the
    others stay at 0.
    """
    skin = source.active_material.copy()
    node = material.group_node(skin)
    for socket in node.inputs:
        socket.driver_remove("default_value")
        if socket.name in source.data.shape_keys.key_blocks:
            socket.default_value = 0.0
    target.data.materials.clear()
    target.data.materials.append(skin)
    return drivers.drive_group(node, target.data.shape_keys, drives)
