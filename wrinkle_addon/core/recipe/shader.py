# SPDX-License-Identifier: GPL-3.0-or-later
"""The formula of activation.py as shader statements, unrolled for one face, in the dialect of each engine.

The statements read ``uv``, ``strength``, ``permanent`` and one float per expression, named as :func:`variable` says,
and declare ``tangent`` (the unit normal) and ``height`` (metres). They use only what GLSL and HLSL have in common.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..activation import MOST, SOFT, Response
from .description import Expression, Recipe

_TAKEN = frozenset({"uv", "strength", "permanent", "part", "stored", "slope", "depth", "tangent", "height", "region"})


@dataclass(frozen=True)
class Dialect:
    """What differs. vector: name of an n-vector; sample: a look-up with {map} and {uv}.

    v_down: v grows downwards; green_down: normals follow DirectX; metre: units of height per metre; heights: whether
    the height is computed at all.
    """

    vector: str
    sample: str
    v_down: bool = False
    green_down: bool = False
    metre: float = 1.0
    heights: bool = True

    def vec(self, *values: str) -> str:
        return f"{self.vector}{len(values)}({', '.join(values)})"


GLSL = Dialect("vec", "texture({map}, {uv})")
GODOT = Dialect("vec", "texture({map}, {uv})", v_down=True, heights=False)
UNITY = Dialect("float", "WRINKLE_SAMPLE({map}, {uv})")
UNREAL = Dialect("float", "Texture2DSample({map}, {map}Sampler, {uv})", v_down=True, green_down=True, metre=100.0)


def variable(name: str) -> str:
    """The shader variable of an expression: its own name as far as the language allows."""
    plain = re.sub(r"\W|^(?=\d)", "_", name, flags=re.ASCII)
    return f"{plain}_weight" if plain in _TAKEN else plain


def textures(recipe: Recipe, heights: bool = True) -> dict[str, str]:
    """The shader's data textures: variable to file name."""
    found = {"motion_map": recipe.motion}
    if recipe.response is not None:
        found["response_map"] = recipe.response.file
    if recipe.mask is not None:
        found["mask_map"] = recipe.mask
    shown = [*((str(n + 1), maps) for n, maps in enumerate(recipe.layers))]
    if recipe.permanent_lines is not None:
        shown.append(("permanent", recipe.permanent_lines))
    for suffix, maps in shown:
        found[f"normal_map_{suffix}"] = maps.normal
        if heights:
            found[f"height_map_{suffix}"] = maps.displacement
    return found


def body(recipe: Recipe, dialect: Dialect, indent: str = "    ") -> str:
    """The statements, one a line."""
    lines = _woken(recipe, dialect)
    if recipe.response is not None:
        factors = dialect.vec(*(number(getattr(recipe.response, name)) for name in ("strength", "onset", "power")))
        lines.append(f"{_type(dialect, 3)} region = {_look_up(dialect, 'response_map')}.rgb * {factors};")
    for layer in range(1, len(recipe.layers) + 1):
        lines += _awake(layer, recipe.response is not None)
    lines += _relief(recipe, dialect)
    return "\n".join(indent + line for line in lines)


def number(value: float) -> str:
    """A float literal, as exact as a shader's float."""
    text = f"{value:.9g}"
    return text if set(text) & set(".en") else f"{text}.0"


def _type(dialect: Dialect, size: int) -> str:
    return f"{dialect.vector}{size}"


def _look_up(dialect: Dialect, name: str, uv: str = "uv") -> str:
    return dialect.sample.format(map=name, uv=uv)


def _woken(recipe: Recipe, dialect: Dialect) -> list[str]:
    whole = " + ".join(_answer(name, response) for name, response in recipe.whole.items())
    lines = [f"float woken_1 = {whole or '0.0'};"]
    lines += [f"float woken_{layer} = 0.0;" for layer in range(2, len(recipe.layers) + 1)]
    lines.append(f"{_type(dialect, 3)} part;")
    tiles: dict[tuple[tuple[float, float], tuple[float, float]], dict[str, Expression]] = {}
    for name, expression in recipe.expressions.items():
        tiles.setdefault((expression.scale, expression.offset), {})[name] = expression
    for (scale, offset), inside in tiles.items():
        start = (offset[0], 1 - offset[1] - scale[1] if dialect.v_down else offset[1])
        where = f"uv * {dialect.vec(*map(number, scale))} + {dialect.vec(*map(number, start))}"
        lines.append(f"part = {_look_up(dialect, 'motion_map', where)}.rgb;")
        for layer in sorted({expression.layer for expression in inside.values()}):
            own = {e.channel: _answer(name, e.response) for name, e in inside.items() if e.layer == layer}
            weights = dialect.vec(*(own.get(channel, "0.0") for channel in range(3)))
            lines.append(f"woken_{layer + 1} += dot(part, {weights});")
    return lines


def _answer(name: str, response: Response) -> str:
    weight = variable(name)
    if response == Response():
        return f"max({weight}, 0.0)"
    above = f"max(({weight} - {number(response.onset)}) / {number(1 - response.onset)}, 0.0)"
    return f"{number(response.strength)} * pow({above}, {number(response.power)})"


def _awake(layer: int, regions: bool) -> Sequence[str]:
    most, soft = number(MOST), number(SOFT)
    lines = [
        f"float bend_{layer} = max({soft} - abs(woken_{layer} - {most}), 0.0) / {soft};",
        f"float held_{layer} = min(woken_{layer}, {most}) "
        f"- bend_{layer} * bend_{layer} * bend_{layer} * {number(SOFT / 6)};",
        f"float awake_{layer} = permanent + (1.0 - permanent) * held_{layer};",
    ]
    if regions:
        above = f"max((awake_{layer} - region.y) / (1.0 - region.y), 0.0)"
        lines.append(f"awake_{layer} = region.x * pow({above}, region.z);")
    return lines


def _relief(recipe: Recipe, dialect: Dialect) -> Sequence[str]:
    shown = [(str(layer), f" * awake_{layer}") for layer in range(1, len(recipe.layers) + 1)]
    if recipe.permanent_lines is not None:
        shown.append(("permanent", ""))
    lines = [f"{_type(dialect, 3)} stored;", f"{_type(dialect, 2)} slope = {dialect.vec('0.0', '0.0')};"]
    for suffix, awake in shown:
        lines.append(f"stored = {_look_up(dialect, f'normal_map_{suffix}')}.rgb * 2.0 - 1.0;")
        lines.append(f"slope += stored.xy / max(stored.z, 0.01){awake};")
    if recipe.directx != dialect.green_down:
        lines.append("slope.y = -slope.y;")
    mask = "" if recipe.mask is None else f" * {_look_up(dialect, 'mask_map')}.r"
    lines.append(f"float depth = strength{mask};")
    lines.append(f"{_type(dialect, 3)} tangent = normalize({dialect.vector}3(slope * depth, 1.0));")
    if dialect.heights:
        parts = " + ".join(f"{_look_up(dialect, f'height_map_{suffix}')}.r{awake}" for suffix, awake in shown)
        lines.append(f"float height = {number(0.001 * dialect.metre)} * depth * ({parts});")
    return lines
