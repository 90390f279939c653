# SPDX-License-Identifier: GPL-3.0-or-later
"""The "Wrinkle Map" node group: wrinkle maps, woken texel by texel by the expressions.

It computes the formula of :mod:`wrinkle_addon.core.activation`. Everything that a user sets or drives is a socket.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import bpy

from ..core.activation import MOST, SOFT
from ..core.atlas import Tile, places
from . import ids

_COLUMN = 220


@dataclass(frozen=True)
class LayerImages:
    """The images of one layer. suffix: what tells its nodes from those of the others, "" for the first."""

    normal: bpy.types.Image
    height: bpy.types.Image
    expressions: frozenset[str]
    suffix: str = ""


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

    def scaled(
        self, column: float, row: float, value: bpy.types.NodeSocket, factor: bpy.types.NodeSocket
    ) -> bpy.types.NodeSocket:
        node = self.node("VectorMath", column, row, operation="SCALE")
        self.feed(node.inputs["Vector"], value)
        self.feed(node.inputs["Scale"], factor)
        return node.outputs["Vector"]

    def sum(self, column: float, row: float, values: Sequence[bpy.types.NodeSocket]) -> bpy.types.NodeSocket:
        total = values[0]
        for value in values[1:]:
            total = self.math("ADD", column, row, total, value)
        return total

    def image(self, name: str, image: bpy.types.Image, uv: object, column: float, row: float) -> bpy.types.Node:
        node = self.node("TexImage", column, row, image=image, interpolation="Linear", extension="EXTEND")
        node.name = node.label = name
        self.feed(node.inputs["Vector"], uv)
        return node

    def height(self, name: str, image: bpy.types.Image, uv: object, column: float, row: float) -> bpy.types.NodeSocket:
        """Interpolated smoothly: a displaced surface shows where a slope jumps."""
        node = self.image(name, image, uv, column, row)
        node.interpolation = "Cubic"
        return node.outputs["Color"]


def new_group(
    layers: Sequence[LayerImages],
    permanent: LayerImages | None,
    motion: bpy.types.Image,
    tiles: Sequence[Tile],
    photo: bool,
) -> bpy.types.ShaderNodeTree:
    """Build the group.

    ``tiles`` says where each expression's motion map lies in ``motion``; ``photo`` adds the photo's own expression,
    which wakes the first layer.
    """
    tree = bpy.data.node_groups.new(ids.GROUP, "ShaderNodeTree")
    tree[ids.FACE_MARK] = ids.FACE_VERSION
    tree[ids.TILES] = layout_of([layer.expressions for layer in layers], tiles)
    where = json.loads(tree[ids.TILES])
    _add_interface(tree, [*where, *([ids.PHOTO_KEY] if photo else [])])
    build = _Builder(tree)
    inputs = tree.nodes.new("NodeGroupInput")
    inputs.location = (-3 * _COLUMN, 0)
    uv = build.node("UVMap", -3, 3, uv_map=ids.UV_LAYER).outputs["UV"]
    woken = _woken(build, inputs, motion, layers, tiles, uv)
    if photo:
        woken[0] = build.math("ADD", 4, -1, woken[0], inputs.outputs[ids.PHOTO_KEY])
    response = _region_response(build)
    awake = [_awake(build, total, inputs.outputs[ids.PERMANENT], response, 4 * n) for n, total in enumerate(woken)]
    shown = [*zip(layers, awake, strict=True), *([(permanent, None)] if permanent else [])]
    slope, height = _relief(build, shown, uv)
    strength = build.math("MULTIPLY", 11, -1, inputs.outputs[ids.STRENGTH], inputs.outputs[ids.MASK])
    bent = build.math("MULTIPLY", 12, 0, strength, inputs.outputs[ids.BUMP])
    outputs = tree.nodes.new("NodeGroupOutput")
    outputs.location = (18 * _COLUMN, 0)
    tangent = _tangent(build, build.scaled(13, 1, slope, bent))
    normal = build.node("NormalMap", 16, 1, space="TANGENT", uv_map=ids.UV_LAYER)
    build.feed(normal.inputs["Color"], tangent)
    build.feed(outputs.inputs["Normal"], _shading_normal(build, normal.outputs["Normal"], inputs.outputs[ids.BUMP]))
    metres = build.math("MULTIPLY", 13, 6, build.math("MULTIPLY", 12, 6, height, strength), 0.001)
    build.feed(outputs.inputs["Height"], metres)
    build.feed(outputs.inputs["Activation"], build.sum(12, 8, awake))
    build.feed(outputs.inputs["Tangent Normal"], tangent)
    return tree


def layout_of(layers: Sequence[frozenset[str]], tiles: Sequence[Tile]) -> str:
    """JSON of where each expression's motion map lies, and of the layer that it wakes. layers: who wakes each."""
    where = {
        name: place | {"layer": number}
        for number, expressions in enumerate(layers)
        for name, place in places(tuple(tiles)).items()
        if name in expressions
    }
    return json.dumps(where)


def _add_interface(tree: bpy.types.ShaderNodeTree, expressions: Sequence[str]) -> None:
    face = tree.interface
    face.new_socket("Normal", in_out="OUTPUT", socket_type="NodeSocketVector")
    height = face.new_socket("Height", in_out="OUTPUT", socket_type="NodeSocketFloat")
    height.description = "Displacement of the skin in metres"
    active = face.new_socket("Activation", in_out="OUTPUT", socket_type="NodeSocketFloat")
    active.description = "How awake the wrinkles are; 1 is as in the photo"
    tangent = face.new_socket("Tangent Normal", in_out="OUTPUT", socket_type="NodeSocketColor")
    tangent.description = "The normal as colours of an OpenGL normal map, to bake or to mix with another one"
    _add_float(face, ids.STRENGTH, 1.0, 4.0, "Depth of the wrinkles; 1 is the depth that was reconstructed")
    _add_float(face, ids.PERMANENT, 0.0, 1.0, "Share of the wrinkles that shows on the face at rest")
    _add_float(face, ids.BUMP, 1.0, 1.0, "1 shades the wrinkles, 0 leaves them to true displacement")
    _add_float(face, ids.MASK, 1.0, 1.0, "Share of all wrinkles that shows; plug a painted image or a pattern in")
    for name in expressions:
        _add_float(face, name, 0.0, 4.0, f"Weight of the expression {name}; drive it by anything")


def _add_float(face: bpy.types.NodeTreeInterface, name: str, default: float, high: float, text: str) -> None:
    socket = face.new_socket(name, in_out="INPUT", socket_type="NodeSocketFloat")
    socket.default_value, socket.min_value, socket.max_value = default, 0.0, high
    socket.description = text


def _woken(
    build: _Builder,
    inputs: bpy.types.Node,
    motion: bpy.types.Image,
    layers: Sequence[LayerImages],
    tiles: Sequence[Tile],
    uv: bpy.types.NodeSocket,
) -> list[bpy.types.NodeSocket | float]:
    """Per layer, the sum over its expressions of weight x motion map."""
    totals: list[bpy.types.NodeSocket | float] = [0.0] * len(layers)
    for place, tile in enumerate(tiles):
        row = (1 + len(layers)) * place + 2
        where = build.vector("MULTIPLY_ADD", 0, row, uv, (*tile.scale, 0.0), (*tile.offset, 0.0))
        pixels = build.image(f"{ids.MOTION_IMAGE} {place + 1}", motion, where, 1, row).outputs["Color"]
        for number, layer in enumerate(layers):
            if not set(tile.names) & set(layer.expressions):
                continue
            weights = build.node("CombineXYZ", 2, row + number)
            for target, name in zip(weights.inputs, tile.names, strict=True):
                if name in layer.expressions:
                    build.feed(target, inputs.outputs[name])
            part = build.vector("DOT_PRODUCT", 3, row + number, pixels, weights.outputs["Vector"])
            totals[number] = build.math("ADD", 4, row + number, totals[number], part)
    return totals


def _region_response(build: _Builder) -> tuple[bpy.types.NodeSocket, ...]:
    """Strength, onset and power of the region, from the mesh; see mesh.set_region_response."""
    stored = build.node("Attribute", 3, -4, attribute_type="GEOMETRY", attribute_name=ids.REGION_ATTRIBUTE)
    parts = build.node("SeparateXYZ", 4, -4)
    build.feed(parts.inputs["Vector"], stored.outputs["Vector"])
    strength = build.math("ADD", 5, -5, parts.outputs["X"], 1.0)
    power = build.math("ADD", 5, -3, parts.outputs["Z"], 1.0)
    return strength, parts.outputs["Y"], power


def _awake(
    build: _Builder,
    woken: bpy.types.NodeSocket | float,
    rest: bpy.types.NodeSocket,
    response: tuple[bpy.types.NodeSocket, ...],
    row: float,
) -> bpy.types.NodeSocket:
    """The activation of one layer."""
    strength, onset, power = response
    held = build.math("SMOOTH_MIN", 5, row, woken, MOST, SOFT)
    asleep = build.math("SUBTRACT", 6, row + 1, 1.0, rest)
    total = build.math("MULTIPLY_ADD", 6, row, held, asleep, rest)
    above = build.math("SUBTRACT", 7, row, total, onset)
    span = build.math("SUBTRACT", 7, row + 1, 1.0, onset)
    share = build.math("MAXIMUM", 9, row, build.math("DIVIDE", 8, row, above, span), 0.0)
    return build.math("MULTIPLY", 11, row, build.math("POWER", 10, row, share, power), strength)


def _relief(
    build: _Builder,
    shown: Sequence[tuple[LayerImages, bpy.types.NodeSocket | None]],
    uv: bpy.types.NodeSocket,
) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]:
    """Sum of the slopes, a vector, and of the heights in millimetres; without an activation a map shows in full."""
    slopes, heights = [], []
    for number, (layer, awake) in enumerate(shown):
        row = 10 + 6 * number
        stored = build.image(f"{ids.NORMAL_IMAGE}{layer.suffix}", layer.normal, uv, 6, row).outputs["Color"]
        decoded = build.vector("MULTIPLY_ADD", 7.5, row, stored, (2.0, 2.0, 2.0), (-1.0, -1.0, -1.0))
        parts = build.node("SeparateXYZ", 8.5, row)
        build.feed(parts.inputs["Vector"], decoded)
        # A stored normal never lies on the horizon; the floor only guards against a broken image.
        upright = build.math("MAXIMUM", 9, row, parts.outputs["Z"], 0.01)
        gain = build.math("DIVIDE", 9.5, row, 1.0 if awake is None else awake, upright)
        slopes.append(build.scaled(10, row, decoded, gain))
        height = build.height(f"{ids.HEIGHT_IMAGE}{layer.suffix}", layer.height, uv, 6, row + 2)
        heights.append(build.math("MULTIPLY", 10, row + 2, height, 1.0 if awake is None else awake))
    total = slopes[0]
    for number, slope in enumerate(slopes[1:]):
        total = build.vector("ADD", 11, 10 + 6 * number, total, slope)
    return total, build.sum(11, 12, heights)


def _shading_normal(build: _Builder, mapped: bpy.types.NodeSocket, bump: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """The mapped normal, or the surface's own: Cycles maps normals onto the surface as it was before displacement."""
    own = build.node("NewGeometry", 16, 3).outputs["Normal"]
    turn = build.vector("SUBTRACT", 16.4, 2, mapped, own)
    return build.vector("ADD", 16.8, 1, own, build.scaled(16.6, 2, turn, bump))


def _tangent(build: _Builder, slope: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """The unit normal of a slope, as colours of a normal map. The slope's z is ignored."""
    flat = build.vector("MULTIPLY_ADD", 13.5, 1, slope, (1.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    unit = build.vector("NORMALIZE", 14, 1, flat)
    return build.vector("MULTIPLY_ADD", 15, 1, unit, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
