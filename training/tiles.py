# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiles: a seeded texture with its exact displacement, and pools of them on disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .albedo import Skin, make_skin
from .camera import Byte, photograph
from .geometry import REGIONS, Float, Relief, blur, make_relief
from .shading import Lighting, make_lighting, shade

SIZE = 256
TEXEL_MM = (0.17, 0.30)
"""Range of texel sizes drawn, so that the blur of resampling varies as it does in real textures."""
SMOOTH_SHARE = 0.27
HELD_OUT_SEED = 9_000_000
"""Training tiles count up from seed 0, held-out tiles from here: no tile is ever in both."""


@dataclass(frozen=True, eq=False)
class Tile:
    """rgb: (S, S, 3) uint8 sRGB. height: (S, S) float32 mm. light: (4,) float32, unit direction to the light (x right,
    y up, z out) and the ambient share. region: name. alpha: (S, S) uint8, what counts, or None for all."""

    rgb: Byte
    height: Float
    light: Float
    region: str
    texel_mm: float
    alpha: Byte | None = None


@dataclass(frozen=True, eq=False)
class Scene:
    """A tile before it is lit. rng: what the later steps draw from."""

    relief: Relief
    skin: Skin
    light: Lighting
    region: str
    texel_mm: float
    rng: np.random.Generator


def make_scene(seed: int, size: int = SIZE, texel_mm: float = 0.0, region: str = "") -> Scene:
    """The scene of this seed; always the same for the same arguments. 0 and "" draw texel size and region."""
    rng = np.random.default_rng((seed, 20250))
    drawn_mm = float(rng.uniform(*TEXEL_MM))
    texel_mm = texel_mm or drawn_mm
    drawn = "smooth" if rng.random() < SMOOTH_SHARE else str(rng.choice(REGIONS[:-1]))
    region = region or drawn
    relief = make_relief(rng, region, size, texel_mm)
    return Scene(relief, make_skin(rng, relief, texel_mm), make_lighting(rng, region), region, texel_mm, rng)


def photograph_scene(scene: Scene, radiance: Float) -> Tile:
    """The tile as a camera brings it back; ``radiance`` (S, S, 3) linear."""
    facts = np.concatenate((scene.light.direction, (scene.light.ambient,))).astype(np.float32)
    rgb = photograph(scene.rng, radiance, scene.texel_mm)
    return Tile(rgb, scene.relief.height, facts, scene.region, scene.texel_mm)


def make_tile(seed: int, size: int = SIZE, texel_mm: float = 0.0, region: str = "") -> Tile:
    """Scene, fast light and camera in one; see :func:`make_scene`."""
    scene = make_scene(seed, size, texel_mm, region)
    return photograph_scene(scene, shade(scene.rng, scene.relief, scene.skin, scene.light, scene.texel_mm))


def write_shard(path: Path, first_seed: int, count: int) -> None:
    """Make ``count`` tiles and store them as one uncompressed ``.npz``; heights as float16."""
    tiles = [make_tile(first_seed + k) for k in range(count)]
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "rgb": np.stack([t.rgb for t in tiles]),
        "height": np.stack([t.height for t in tiles]).astype(np.float16),
        "light": np.stack([t.light for t in tiles]),
        "texel_mm": np.array([t.texel_mm for t in tiles], np.float32),
        "region": np.array([REGIONS.index(t.region) for t in tiles], np.uint8),
    }
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(file, **arrays)
    part.replace(path)


def read_shard(path: Path) -> list[Tile]:
    """Tiles of one shard, in their order."""
    with np.load(path) as data:
        rgb, height, light, region, mm = (data[k] for k in ("rgb", "height", "light", "region", "texel_mm"))
    return [
        Tile(rgb[k], height[k].astype(np.float32), light[k], REGIONS[int(region[k])], float(mm[k]))
        for k in range(rgb.shape[0])
    ]


def band(height: Float, texel_mm: float, low_mm: float, high_mm: float) -> Float:
    """Difference of Gaussians: what lies between two sigmas in mm (``low_mm`` 0 keeps all detail)."""
    fine = blur(height, low_mm / texel_mm) if low_mm > 0 else height
    return np.asarray(fine - blur(height, high_mm / texel_mm), np.float32)
