# SPDX-License-Identifier: GPL-3.0-or-later
"""The images of a finished face: given new contents without touching the material that the user may have changed."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from . import ids, images, material, node_group
from .skin import PaintedLayer, Skin


def own_maps(obj: bpy.types.Object) -> None:
    """Give ``obj`` images of its own where it shares them with a duplicate."""
    skin = obj.active_material
    node = material.group_node(skin)
    if node.node_tree.users > 1:
        node.node_tree = node.node_tree.copy()
    nodes = list(_image_nodes(skin))
    inside = [entry.image for entry in nodes]
    for image in dict.fromkeys(inside):
        if image.users - image.use_fake_user > inside.count(image):
            own = image.copy()
            for entry in nodes:
                if entry.image == image:
                    entry.image = own


def put_layer(obj: bpy.types.Object, layer: PaintedLayer, suffix: str = "") -> None:
    """Replace normals and heights of one layer; see `node_group.LayerImages` for ``suffix``."""
    nodes = material.group_node(obj.active_material).node_tree.nodes
    images.repack(nodes[f"{ids.NORMAL_IMAGE}{suffix}"].image, layer.normal)
    images.repack(nodes[f"{ids.HEIGHT_IMAGE}{suffix}"].image, layer.height)
    _tag(obj)


def put_skin(obj: bpy.types.Object, skin: Skin) -> None:
    """Replace all maps; ``skin`` must fit, see :func:`fits`."""
    for layer, suffix in material.named_layers(skin):
        put_layer(obj, layer, suffix)
    tree = material.group_node(obj.active_material).node_tree
    images.repack(tree.nodes[f"{ids.MOTION_IMAGE} 1"].image, skin.motion)
    photo = photo_node(obj.active_material)
    if photo is not None:
        images.repack(photo.image, skin.colour)
    _tag(obj)


def fits(obj: bpy.types.Object, skin: Skin) -> bool:
    """Whether the node group of ``obj`` was built for maps that are laid out like those of ``skin``."""
    tree = material.group_node(obj.active_material).node_tree
    names = {f"{ids.NORMAL_IMAGE}{suffix}" for _, suffix in material.named_layers(skin)}
    there = {entry.name for entry in _images_in(tree) if entry.name.startswith(ids.NORMAL_IMAGE)}
    laid_out = node_group.layout_of([layer.expressions for layer in skin.layers], skin.tiles)
    return names == there and tree[ids.TILES] == laid_out


def reread(obj: bpy.types.Object) -> None:
    """Show what is packed in the file, after undo has put other contents there."""
    for entry in _image_nodes(obj.active_material):
        images.reread(entry.image)
    _tag(obj)


def photo_node(skin: bpy.types.Material) -> bpy.types.ShaderNodeTexImage | None:
    """The node of the face's colour, unless the user has put another image there."""
    return next((entry for entry in _images_in(skin.node_tree)), None)


def _image_nodes(skin: bpy.types.Material) -> Iterator[bpy.types.ShaderNodeTexImage]:
    yield from _images_in(skin.node_tree)
    yield from _images_in(material.group_node(skin).node_tree)


def _images_in(tree: bpy.types.NodeTree) -> Iterator[bpy.types.ShaderNodeTexImage]:
    for entry in tree.nodes:
        made = entry.bl_idname == "ShaderNodeTexImage" and entry.image and ids.FACE_MARK in entry.image
        if made and entry.name != ids.MASK_NODE:
            yield entry


def _tag(obj: bpy.types.Object) -> None:
    """Have the viewports drawn anew."""
    skin = obj.active_material
    for block in (skin, skin.node_tree, material.group_node(skin).node_tree):
        block.update_tag()
