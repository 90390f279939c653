# SPDX-License-Identifier: GPL-3.0-or-later
"""The face's material: photo texture, wrinkles from the node group, true displacement at the user's choice."""

from __future__ import annotations

import bpy

from . import drivers, ids, images, node_group
from .skin import PaintedLayer, Skin

_ROUGHNESS = 0.45
_SCATTER = (1.0, 0.35, 0.2)
_SCATTER_METRES = 0.001
"""How far red, green and blue light travels in skin, as shares of the last; d'Eon and Luebke, "Advanced techniques for
realistic real-time skin rendering", GPU Gems 3."""


def new_material(skin: Skin, obj: bpy.types.Object) -> bpy.types.Material:
    """Build the material of ``obj``, its node group and its images."""
    name = obj.name
    keys = obj.data.shape_keys
    layers = [_layer_images(name, layer, suffix) for layer, suffix in named_layers(skin)]
    group = node_group.new_group(
        layers[: len(skin.layers)],
        None if skin.permanent is None else layers[-1],
        images.data_image(f"{name} Motion Maps", skin.motion),
        skin.tiles,
        photo=ids.PHOTO_KEY in keys.key_blocks,
    )
    material = bpy.data.materials.new(f"{name} Skin")
    material[ids.FACE_MARK] = ids.FACE_VERSION
    if material.node_tree is None:  # Blender before 5.0
        material.use_nodes = True
    node = _add_nodes(material, group, images.colour_image(f"{name} Photo", skin.colour))
    drivers.drive_group(node, keys)
    return material


def named_layers(skin: Skin) -> list[tuple[PaintedLayer, str]]:
    """Every layer, the permanent one last, with what tells its nodes and images from those of the others."""
    named = [(layer, f" {n + 1}" if n else "") for n, layer in enumerate(skin.layers)]
    return named if skin.permanent is None else [*named, (skin.permanent, f" {ids.PERMANENT}")]


def _layer_images(name: str, layer: PaintedLayer, suffix: str) -> node_group.LayerImages:
    return node_group.LayerImages(
        images.data_image(f"{name} Wrinkle Normals{suffix}", layer.normal),
        images.height_image(f"{name} Displacement{suffix}", layer.height),
        layer.expressions,
        suffix,
    )


def _add_nodes(
    material: bpy.types.Material, group: bpy.types.ShaderNodeTree, photo: bpy.types.Image
) -> bpy.types.ShaderNodeGroup:
    tree = material.node_tree
    tree.nodes.clear()
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    output.location = (600, 0)
    skin = tree.nodes.new("ShaderNodeBsdfPrincipled")
    skin.location = (300, 0)
    skin.subsurface_method = "BURLEY"  # of the two ways the one that costs little and adds no noise
    skin.inputs["Roughness"].default_value = _ROUGHNESS
    skin.inputs["Subsurface Weight"].default_value = 1.0
    skin.inputs["Subsurface Radius"].default_value = _SCATTER
    skin.inputs["Subsurface Scale"].default_value = _SCATTER_METRES
    uv = tree.nodes.new("ShaderNodeUVMap")
    uv.location = (-300, 200)
    uv.uv_map = ids.UV_LAYER
    colour = tree.nodes.new("ShaderNodeTexImage")
    colour.location = (-50, 250)
    colour.image = photo
    tree.nodes.active = colour  # what solid shading shows
    wrinkles = tree.nodes.new("ShaderNodeGroup")
    wrinkles.location = (-50, -100)
    wrinkles.name = wrinkles.label = ids.GROUP
    wrinkles.node_tree = group
    wrinkles.width = 220
    link = tree.links.new
    link(uv.outputs["UV"], colour.inputs["Vector"])
    link(colour.outputs["Color"], skin.inputs["Base Color"])
    link(wrinkles.outputs["Normal"], skin.inputs["Normal"])
    link(skin.outputs["BSDF"], output.inputs["Surface"])
    return wrinkles


def group_node(material: bpy.types.Material | None) -> bpy.types.ShaderNodeGroup | None:
    """The node that holds the wrinkle map of ``material``, whatever the user named it."""
    if material is None or material.node_tree is None:
        return None
    for node in material.node_tree.nodes:
        if node.bl_idname == "ShaderNodeGroup" and node.node_tree and ids.FACE_MARK in node.node_tree:
            return node
    return None


def wrinkle_skin(obj: bpy.types.Object) -> bpy.types.Material | None:
    """The material of ``obj`` that holds a wrinkle map, in whichever slot."""
    return next((slot.material for slot in obj.material_slots if group_node(slot.material) is not None), None)


def set_displacement(material: bpy.types.Material, on: bool) -> None:
    """Move the surface by the wrinkles instead of shading them, or back; the mesh must be subdivided finely."""
    tree = material.node_tree
    wrinkles = group_node(material)
    output = tree.get_output_node("ALL")
    if wrinkles is None or output is None:
        return
    wrinkles.inputs[ids.BUMP].default_value = 0.0 if on else 1.0
    own = tree.nodes.get(ids.DISPLACEMENT)
    if own is not None:
        tree.nodes.remove(own)
    if not on:
        material.displacement_method = "BUMP"
        return
    node = tree.nodes.new("ShaderNodeDisplacement")
    node.name = ids.DISPLACEMENT
    node.location = (300, -400)
    node.inputs["Midlevel"].default_value = 0.0
    node.inputs["Scale"].default_value = 1.0
    tree.links.new(wrinkles.outputs["Height"], node.inputs["Height"])
    tree.links.new(node.outputs["Displacement"], output.inputs["Displacement"])
    material.displacement_method = "DISPLACEMENT"
