# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``wrinkle.json`` says: which files there are, and how weights of expressions wake them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..activation import MOST, SOFT, Response

FORMAT = "wrinkle recipe"
VERSION = 2
"""Rises whenever a reader of the older version would compute something else."""

_FORMULA = (
    "uv: u right, v up; row 0 of every image is v = 1; look-ups are bilinear and clamped",
    "answer(weight) = strength * max((weight - onset) / (1 - onset), 0) ^ power, with the expression's numbers",
    "motion(expression) = channel of the motion image at (u, v) * scale + offset, in 0..1",
    "woken = sum over the layer's expressions of answer(weight) * motion, plus answer(weight of whole)",
    "held = min(woken, most) - (max(soft - |woken - most|, 0) / soft)^3 * soft / 6",
    "awake = permanent + (1 - permanent) * held",
    "where there is a response image, with its channels times its factors: "
    "activation = strength * max((awake - onset) / (1 - onset), 0) ^ power; else activation = awake",
    "slope = sum over layers of n.xy / max(n.z, 0.01) * activation, with n = 2 * colour - 1; permanent lines with 1",
    "depth = strength, times the mask image where there is one",
    "normal = normalise(slope * depth, 1) in tangent space",
    "height in metres = 0.001 * depth * sum over layers of displacement * activation, permanent lines with 1",
)


@dataclass(frozen=True)
class Maps:
    """File names of one wrinkle map. normal: tangent space, 16 bit; displacement: mm, outwards positive."""

    normal: str
    displacement: str


@dataclass(frozen=True)
class Expression:
    """How one expression wakes its layer (counted from 0). channel, scale, offset: where its motion map lies."""

    layer: int
    channel: int
    scale: tuple[float, float]
    offset: tuple[float, float]
    response: Response = field(default_factory=Response)


@dataclass(frozen=True)
class ResponseMap:
    """The answer of regions as an image: channels times these factors are strength, onset and power."""

    file: str
    strength: float = 4.0
    onset: float = 1.0
    power: float = 5.0


@dataclass(frozen=True)
class Recipe:
    """One exported face.

    texture: the base colour (sRGB), None when the material has none. whole: the expression of the photo, which wakes
    all of layer 0, as a name with its answer. mask: a grey image that strength is multiplied by; masks: regions to
    images. strength: depth of all wrinkles; permanent: share of them at rest. scatter_mm: how far red, green and blue
    light travel in the skin. directx: green of the normal maps points down. morphs: targets in the mesh files.
    """

    name: str
    motion: str
    layers: tuple[Maps, ...]
    expressions: Mapping[str, Expression]
    texture: str | None = None
    permanent_lines: Maps | None = None
    whole: Mapping[str, Response] = field(default_factory=dict)
    response: ResponseMap | None = None
    mask: str | None = None
    masks: Mapping[str, str] = field(default_factory=dict)
    strength: float = 1.0
    permanent: float = 0.0
    roughness: float = 0.5
    scatter_mm: tuple[float, float, float] | None = None
    directx: bool = False
    morphs: tuple[str, ...] = ()

    @property
    def weights(self) -> tuple[str, ...]:
        """The expressions whose weights a shader takes, in the order of its inputs."""
        return (*self.expressions, *self.whole)

    def as_json(self) -> dict[str, Any]:
        """The contents of ``wrinkle.json``."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "name": self.name,
            "texture": self.texture,
            "roughness": self.roughness,
            "scatter_mm": None if self.scatter_mm is None else list(self.scatter_mm),
            "motion": self.motion,
            "normal_convention": "DirectX" if self.directx else "OpenGL",
            "strength": self.strength,
            "permanent": self.permanent,
            "saturation": {"most": MOST, "soft": SOFT},
            "layers": [asdict(maps) for maps in self.layers],
            "permanent_lines": None if self.permanent_lines is None else asdict(self.permanent_lines),
            "response": None if self.response is None else asdict(self.response),
            "mask": self.mask,
            "masks": dict(self.masks),
            "weights": list(self.weights),
            "expressions": {name: _entry(expression) for name, expression in self.expressions.items()},
            "whole": {name: {"layer": 0} | asdict(response) for name, response in self.whole.items()},
            "morphs": list(self.morphs),
            "formula": list(_FORMULA),
        }


def _entry(expression: Expression) -> dict[str, Any]:
    entry = asdict(expression)
    del entry["response"]
    return entry | asdict(expression.response)
