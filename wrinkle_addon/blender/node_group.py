# SPDX-License-Identifier: GPL-3.0-or-later
"""The "Wrinkle Map" node group: one wrinkle map, woken texel by texel by the expressions.

What it computes, per texel::

    activation = min(1, permanent + photo + sum over expressions of weight x motion map) x (1 + region)
    slope      = (normal.xy / normal.z) x activation x strength x bump
    normal     = normalised (slope, 1), from tangent space

Scaling the slope is exact: it is the normal of the scaled displacement.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import bpy

from ..core.atlas import Tile, places
from . import ids

_COLUMN = 220


class _Builder:
    """Places nodes from left to right and links them."""

    def __init__(self, tree: bpy.types.ShaderNodeTree) -> None:
        self.tree = tree

    def node(self, kind: str, column: float, row: float, **settings: object) -> bpy.types.Node:
        node = self.tree.nodes.new(f"ShaderNode{kind}")
        node.location = (_COLUMN * column, -170 * row)
        for name, value in settings.items():
            setattr(node, name, value)
        return node

    def feed(self, target: bpy.types.NodeSocket, value: object) -> None:
        """Link ``value`` to ``target`` when it is a socket, else make it the target's constant."""
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, target)
        else:
            target.default_value = value

    def math(self, operation: str, column: float, row: float, *values: object) -> bpy.types.NodeSocket:
        node = self.node("Math", column, row, operation=operation)
        for target, value in zip(node.inputs, values, strict=False):
            self.feed(target, value)
        return node.outputs["Value"]

    def vector(self, operation: str, column: float, row: float, *values: object) -> bpy.types.NodeSocket:
        node = self.node("VectorMath", column, row, operation=operation)
        for target, value in zip(node.inputs, values, strict=False):
            self.feed(target, value)
        return node.outputs["Value" if operation in {"DOT_PRODUCT", "LENGTH"} else "Vector"]

    def image(self, name: str, image: bpy.types.Image, uv: object, column: float, row: float) -> bpy.types.Node:
        node = self.node("TexImage", column, row, image=image, interpolation="Linear", extension="EXTEND")
        node.name = node.label = name
        self.feed(node.inputs["Vector"], uv)
        return node


def new_group(
    normal: bpy.types.Image, height: bpy.types.Image, motion: bpy.types.Image, tiles: Sequence[Tile], photo: bool
) -> bpy.types.ShaderNodeTree:
    """Build the group.

    ``tiles`` says where each expression's motion map lies in ``motion``; ``photo`` adds the photo's own expression.
    """
    tree = bpy.data.node_groups.new(ids.GROUP, "ShaderNodeTree")
    tree[ids.FACE_MARK] = ids.FACE_VERSION
    tree[ids.TILES] = json.dumps(places(tiles))
    expressions = [name for tile in tiles for name in tile.names if name]
    _add_interface(tree, [*expressions, *([ids.PHOTO_KEY] if photo else [])])
    build = _Builder(tree)
    inputs = tree.nodes.new("NodeGroupInput")
    inputs.location = (-3 * _COLUMN, 0)
    uv = build.node("UVMap", -3, 3, uv_map=ids.UV_LAYER).outputs["UV"]
    activation = _activation(build, inputs, motion, tiles, uv, photo)
    strong = build.math("MULTIPLY", 7, 0, activation, inputs.outputs[ids.STRENGTH])
    outputs = tree.nodes.new("NodeGroupOutput")
    outputs.location = (13 * _COLUMN, 0)
    bump = build.math("MULTIPLY", 8, 0, strong, inputs.outputs[ids.BUMP])
    build.feed(outputs.inputs["Normal"], _normal(build, normal, uv, bump))
    build.feed(outputs.inputs["Height"], _height(build, height, uv, strong))
    build.feed(outputs.inputs["Activation"], activation)
    return tree


def _add_interface(tree: bpy.types.ShaderNodeTree, expressions: Sequence[str]) -> None:
    face = tree.interface
    face.new_socket("Normal", in_out="OUTPUT", socket_type="NodeSocketVector")
    height = face.new_socket("Height", in_out="OUTPUT", socket_type="NodeSocketFloat")
    height.description = "Displacement of the skin in metres"
    active = face.new_socket("Activation", in_out="OUTPUT", socket_type="NodeSocketFloat")
    active.description = "How awake the wrinkles are, from 0 to 1"
    _add_float(face, ids.STRENGTH, 1.0, 4.0, "Depth of the wrinkles; 1 is the depth that was reconstructed")
    _add_float(face, ids.PERMANENT, 0.0, 1.0, "Share of the wrinkles that shows on the face at rest")
    _add_float(face, ids.BUMP, 1.0, 1.0, "1 shades the wrinkles, 0 leaves them to true displacement")
    for name in expressions:
        _add_float(face, name, 0.0, 1.0, f"Weight of the expression {name}")


def _add_float(face: bpy.types.NodeTreeInterface, name: str, default: float, high: float, text: str) -> None:
    socket = face.new_socket(name, in_out="INPUT", socket_type="NodeSocketFloat")
    socket.default_value, socket.min_value, socket.max_value = default, 0.0, high
    socket.description = text


def _activation(
    build: _Builder,
    inputs: bpy.types.Node,
    motion: bpy.types.Image,
    tiles: Sequence[Tile],
    uv: bpy.types.NodeSocket,
    photo: bool,
) -> bpy.types.NodeSocket:
    total = inputs.outputs[ids.PERMANENT]
    if photo:
        total = build.math("ADD", -1, 0, total, inputs.outputs[ids.PHOTO_KEY])
    for place, tile in enumerate(tiles):
        row = 2 * place + 2
        where = build.vector("MULTIPLY_ADD", 0, row, uv, (*tile.scale, 0.0), (*tile.offset, 0.0))
        image = build.image(f"{ids.MOTION_IMAGE} {place + 1}", motion, where, 1, row)
        weights = build.node("CombineXYZ", 2, row + 1)
        for target, name in zip(weights.inputs, tile.names, strict=True):
            if name:
                build.feed(target, inputs.outputs[name])
        part = build.vector("DOT_PRODUCT", 3, row, image.outputs["Color"], weights.outputs["Vector"])
        total = build.math("ADD", 4, row, total, part)
    clamped = build.math("MINIMUM", 5, 0, total, 1.0)
    region = build.node("Attribute", 5, 1, attribute_type="GEOMETRY", attribute_name=ids.REGION_ATTRIBUTE)
    return build.math("MULTIPLY_ADD", 6, 0, clamped, region.outputs["Fac"], clamped)


def _normal(
    build: _Builder, image: bpy.types.Image, uv: bpy.types.NodeSocket, amount: bpy.types.NodeSocket
) -> bpy.types.NodeSocket:
    stored = build.image(ids.NORMAL_IMAGE, image, uv, 6, 3).outputs["Color"]
    decoded = build.vector("MULTIPLY_ADD", 7.5, 2, stored, (2.0, 2.0, 2.0), (-1.0, -1.0, -1.0))
    parts = build.node("SeparateXYZ", 8.5, 2)
    build.feed(parts.inputs["Vector"], decoded)
    # A stored normal never lies on the horizon; the floor only guards against a broken image.
    upright = build.math("MAXIMUM", 9, 3, parts.outputs["Z"], 0.01)
    gain = build.math("DIVIDE", 9, 1, amount, upright)
    along_u = build.math("MULTIPLY", 9.5, 1, parts.outputs["X"], gain)
    along_v = build.math("MULTIPLY", 9.5, 2, parts.outputs["Y"], gain)
    bent = build.node("CombineXYZ", 10, 1)
    for target, value in zip(bent.inputs, (along_u, along_v, 1.0), strict=True):
        build.feed(target, value)
    unit = build.vector("NORMALIZE", 10.5, 1, bent.outputs["Vector"])
    encoded = build.vector("MULTIPLY_ADD", 11, 1, unit, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    normal = build.node("NormalMap", 11.5, 1, space="TANGENT", uv_map=ids.UV_LAYER)
    build.feed(normal.inputs["Color"], encoded)
    return normal.outputs["Normal"]


def _height(
    build: _Builder, image: bpy.types.Image, uv: bpy.types.NodeSocket, amount: bpy.types.NodeSocket
) -> bpy.types.NodeSocket:
    millimetres = build.image(ids.HEIGHT_IMAGE, image, uv, 7, 6)
    scaled = build.math("MULTIPLY", 9, 6, millimetres.outputs["Color"], amount)
    return build.math("MULTIPLY", 10, 6, scaled, 0.001)
