# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a face's material that needs no Blender and can be made in a thread: its images as files in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.atlas import Tile, pack_tiles
from ..core.base_colour import without_wrinkles
from ..core.encode import encode_exr, encode_png
from ..core.progress import Progress, report, silent
from ..core.texture import fill_unseen
from ..core.types import Float, Layer, Reconstruction

_HEIGHT_EDGE = 1024


@dataclass(frozen=True)
class PaintedLayer:
    """One wrinkle map as files: normals as PNG, height as EXR in mm. expressions: those that wake it."""

    normal: bytes
    height: bytes
    expressions: frozenset[str]


@dataclass(frozen=True)
class Skin:
    """Images as files: colour (sRGB) and motion maps are PNG. tiles: where the motion maps lie.

    permanent: lines that always show, when a photo shows the face at rest.
    """

    colour: bytes
    layers: tuple[PaintedLayer, ...]
    permanent: PaintedLayer | None
    motion: bytes
    tiles: tuple[Tile, ...]


def paint(result: Reconstruction, progress: Progress = silent) -> Skin:
    """Make the images of a face's material. Raises Cancelled."""
    report(progress, 0.0, "Painting the skin")
    photo = fill_unseen(result.texture, result.model)
    report(progress, 0.3, "Painting the skin")
    colour = without_wrinkles(photo, result.wrinkles.displacement, result.surface.texel_mm(result.texture.size))
    report(progress, 0.7, "Packing the maps")
    pixels, tiles = pack_tiles(result.motion)
    motion = encode_png(pixels)
    report(progress, 0.8, "Packing the maps")
    layers = tuple(painted(layer) for layer in result.animated)
    report(progress, 0.9, "Packing the maps")
    permanent = None if result.permanent is None else painted(result.permanent)
    return Skin(encode_png(colour), layers, permanent, motion, tiles)


def painted(layer: Layer) -> PaintedLayer:
    """One wrinkle map as files."""
    height = encode_exr(_shrunk(layer.displacement, _HEIGHT_EDGE))
    return PaintedLayer(encode_png(layer.normal), height, frozenset(layer.expressions))


def _shrunk(pixels: Float, largest: int) -> Float:
    """A square map averaged down by a whole factor until its edge is at most ``largest``. pixels: (S, S)."""
    factor = -(-pixels.shape[0] // largest)
    if factor <= 1 or pixels.shape[0] % factor:
        return pixels
    edge = pixels.shape[0] // factor
    return np.ascontiguousarray(pixels.reshape(edge, factor, edge, factor).mean(axis=(1, 3)), np.float32)
