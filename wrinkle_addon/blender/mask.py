# SPDX-License-Identifier: GPL-3.0-or-later
"""Painted masks: one of the face, which the material multiplies its wrinkles by, and one per photo for its skin."""

from __future__ import annotations

import bpy
import numpy as np

from ..core.types import Byte
from . import ids, material

EDGE = 1024


def new_mask(name: str) -> bpy.types.Image:
    """A white mask in the face's UV, packed: white lets wrinkles show."""
    image = bpy.data.images.new(name, EDGE, EDGE, alpha=False, is_data=True)
    image.generated_color = (1.0, 1.0, 1.0, 1.0)
    image[ids.FACE_MARK] = ids.FACE_VERSION
    image.pack()
    return image


def mask_of(obj: bpy.types.Object) -> bpy.types.Image | None:
    """The mask that acts on the face, None without one."""
    for skin in obj.data.materials:
        node = None if skin is None or skin.node_tree is None else skin.node_tree.nodes.get(ids.MASK_NODE)
        if node is not None and node.image is not None:
            return node.image
    return None


def shared(image: bpy.types.Image, obj: bpy.types.Object) -> bool:
    """Whether the material of another face shows ``image`` too."""
    others = (skin for skin in bpy.data.materials if skin.node_tree and skin not in set(obj.data.materials))
    return any(node.image == image for node in (skin.node_tree.nodes.get(ids.MASK_NODE) for skin in others) if node)


def attach(obj: bpy.types.Object, image: bpy.types.Image) -> None:
    """Let ``image`` say how much of the wrinkles shows at each texel; it acts at once, whatever paints it."""
    for skin in obj.data.materials:
        node = material.group_node(skin)
        if node is not None:
            _link(skin.node_tree, node, image)


def detach(obj: bpy.types.Object) -> None:
    """Show all wrinkles again; the image stays in the file as long as something else uses it."""
    image = mask_of(obj)
    for skin in obj.data.materials:
        node = None if skin is None or skin.node_tree is None else skin.node_tree.nodes.get(ids.MASK_NODE)
        if node is not None:
            skin.node_tree.nodes.remove(node)
    if image is not None and ids.FACE_MARK in image and image.users == 0:
        bpy.data.images.remove(image)


def pixels(image: bpy.types.Image) -> Byte:
    """(H, W) uint8 of a painted mask, row 0 on top."""
    width, height = image.size
    values = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(values)
    grey = values.reshape(height, width, -1)[::-1, :, :3].mean(axis=2)
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)


def keep_painted() -> None:
    """Pack every mask with fresh strokes; Blender itself saves the file without them."""
    for image in bpy.data.images:
        if ids.FACE_MARK in image and image.is_dirty:
            image.pack()


def _link(tree: bpy.types.NodeTree, group: bpy.types.ShaderNodeGroup, image: bpy.types.Image) -> None:
    node = tree.nodes.get(ids.MASK_NODE)
    if node is None:
        node = tree.nodes.new("ShaderNodeTexImage")
        node.name = node.label = ids.MASK_NODE
        node.location = (group.location.x - 320, group.location.y - 100)
        node.extension = "EXTEND"
        uv = next((n for n in tree.nodes if n.bl_idname == "ShaderNodeUVMap" and n.uv_map == ids.UV_LAYER), None)
        if uv is None:
            uv = tree.nodes.new("ShaderNodeUVMap")
            uv.uv_map = ids.UV_LAYER
        tree.links.new(uv.outputs["UV"], node.inputs["Vector"])
        tree.links.new(node.outputs["Color"], group.inputs[ids.MASK])
    node.image = image
