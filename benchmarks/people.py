# SPDX-License-Identifier: GPL-3.0-or-later
"""Who stands before the camera in the benchmark, in which light and how far away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from modelling.aged import aged_relief
from modelling.albedo import Look, paint
from modelling.render import Camera, Lighting
from wrinkle_addon.core.regions import region_masks
from wrinkle_addon.core.types import FaceModel

Float = npt.NDArray[np.float32]
ALBEDO = 2048
MAP_MM = 200.0
"""Skin that the built-in UV spans, to size what is painted."""


@dataclass(frozen=True)
class Person:
    """seed: of identity, wrinkles and paint. skin: sRGB. age: factor on the wrinkles' depths, 0 is smooth.
    expression: ARKit names with weights. marks: what is painted on the skin and carries no relief."""

    seed: int
    skin: tuple[float, float, float]
    age: float = 1.0
    expression: tuple[tuple[str, float], ...] = ()
    marks: Literal["none", "freckles", "stubble"] = "none"

    def vertices(self, model: FaceModel) -> Float:
        """(V, 3) mm."""
        amounts = np.random.default_rng(self.seed).normal(0, 0.6, len(model.shape_basis))
        shape = model.mean + np.einsum("k,kvc->vc", amounts, model.shape_basis)
        for name, weight in self.expression:
            shape = shape + weight * model.arkit.deltas[model.arkit.names.index(name)]
        return np.asarray(shape, np.float32)

    def relief(self, model: FaceModel, size: int) -> Float:
        """(size, size) mm in the model's UV."""
        drawn = aged_relief(model, size, self.seed, self.age)
        return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 0.15 * size / MAP_MM), np.float32)

    def albedo(self, model: FaceModel) -> npt.NDArray[np.uint8]:
        """(ALBEDO, ALBEDO, 3) sRGB."""
        plain = paint(ALBEDO, Look(skin=self.skin, seed=self.seed))
        rng = np.random.default_rng(self.seed)
        if self.marks == "freckles":
            share, darker = _dots(rng, 2500, (0.3, 0.9)), np.array([0.80, 0.70, 0.62])
        elif self.marks == "stubble":
            masks = region_masks(model, ALBEDO)
            beard = np.clip(masks["mouth"] + masks["chin"] + masks["cheek_L"] + masks["cheek_R"], 0, 1)
            share, darker = _strokes(rng, 30000) * beard, np.array([0.45, 0.45, 0.5])
        else:
            return plain
        return np.asarray(plain * (1 - share[..., None] * (1 - darker)), np.uint8)


def _dots(rng: np.random.Generator, count: int, radii_mm: tuple[float, float]) -> Float:
    """(ALBEDO, ALBEDO) opacity of soft round spots."""
    canvas = np.zeros((ALBEDO, ALBEDO), np.float32)
    for x, y, radius in zip(*rng.integers(0, 16 * ALBEDO, (2, count)), rng.uniform(*radii_mm, count), strict=True):
        opacity = float(rng.uniform(0.2, 0.9))
        cv2.circle(canvas, (int(x), int(y)), int(16 * radius * ALBEDO / MAP_MM), opacity, -1, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 0.15 * ALBEDO / MAP_MM), np.float32)


def _strokes(rng: np.random.Generator, count: int) -> Float:
    """(ALBEDO, ALBEDO) opacity of short hairs."""
    canvas = np.zeros((ALBEDO, ALBEDO), np.float32)
    length = 16 * ALBEDO / MAP_MM * rng.uniform(0.5, 1.5, count)
    ends = np.stack([rng.normal(0, 0.5, count), np.ones(count)]) * length
    for (x, y), (dx, dy) in zip(rng.integers(0, 16 * ALBEDO, (count, 2)), ends.T, strict=True):
        cv2.line(canvas, (int(x), int(y)), (int(x + dx), int(y + dy)), 0.9, 1, cv2.LINE_AA, 4)
    return canvas


@dataclass(frozen=True)
class Shot:
    """One photo. light: in LIGHTS. yaw: of the camera, degrees. width: of the photo in pixels, the face takes two
    thirds of it. jpeg: its quality, or None for a photo without loss."""

    person: Person
    light: str
    yaw: float = 0.0
    width: int = 960
    jpeg: int | None = None

    @property
    def name(self) -> str:
        return f"person {self.person.seed}, light {self.light}, yaw {self.yaw:.0f}, {self.width} px"

    @property
    def camera(self) -> Camera:
        size = (self.width, self.width * 5 // 4)
        return Camera(yaw=self.yaw, pitch=2.0, focal_mm=150.0, size=size)


LIGHTS = {
    "high left": Lighting(direction=(0.6, 0.55, 0.6), strength=3.2, angle=4.0, ambient=0.35),
    "above": Lighting(direction=(-0.05, 0.75, 0.65), strength=2.8, angle=15.0, ambient=0.5),
    "low right": Lighting(direction=(-0.75, 0.15, 0.55), strength=2.6, angle=8.0, ambient=0.45),
    "frontal": Lighting(direction=(0.05, 0.2, 1.0), strength=2.0, angle=10.0, ambient=0.5),
    "hard side": Lighting(direction=(0.9, 0.25, 0.35), strength=3.6, angle=1.0, ambient=0.2),
    "softbox": Lighting(direction=(-0.4, 0.5, 0.75), strength=2.2, angle=60.0, ambient=0.5),
    "two lamps": Lighting(direction=(0.55, 0.4, 0.7), strength=2.6, angle=12.0, ambient=0.25, fill=(-0.8, 0.1, 0.5)),
}
"""Directions to the lamp in the model's frame (+X is the subject's left)."""

FAIR = Person(101, (206, 158, 132))
BROWN = Person(202, (141, 98, 74))
SMOOTH = Person(303, (214, 170, 146), age=0.0)
BEARDED = Person(404, (92, 62, 48), age=1.3, marks="stubble")
FRECKLED = Person(505, (226, 184, 160), 0.7, (("mouthSmileLeft", 0.6), ("mouthSmileRight", 0.6)), "freckles")
SHOTS = (
    Shot(FAIR, "high left"),
    Shot(BROWN, "low right"),
    Shot(BROWN, "above", yaw=-30.0),
    Shot(FAIR, "two lamps", width=720, jpeg=85),
    Shot(SMOOTH, "high left"),
    Shot(SMOOTH, "softbox", yaw=15.0),
    Shot(BEARDED, "hard side", jpeg=92),
    Shot(FRECKLED, "frontal", yaw=8.0, width=1500, jpeg=90),
)

OLIVE = Person(606, (178, 130, 98), 0.9, (("browInnerUp", 0.5),), "stubble")
SMOOTH_DARK = Person(707, (98, 66, 50), age=0.0, marks="freckles")
CHECK = (
    Shot(OLIVE, "low right", yaw=12.0, width=800, jpeg=90),
    Shot(OLIVE, "softbox", width=720, jpeg=85),
    Shot(SMOOTH_DARK, "hard side", yaw=-10.0, width=720),
)
"""Looked at only to see that what was learnt from SHOTS holds."""
