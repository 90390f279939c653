# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs motion maps three to a tile into one RGB image: a shader reads 52 of them with 18 look-ups of one texture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.types import Byte, MotionMaps

GUTTER = 4
_TRIVIAL = 8
"""A map that never exceeds this (of 255) moves nothing worth a look-up."""


@dataclass(frozen=True)
class Tile:
    """Where three maps lie. names: expression of the R, G and B channel, "" for none. scale, offset: UV to atlas UV."""

    names: tuple[str, str, str]
    scale: tuple[float, float]
    offset: tuple[float, float]


def pack(motion: MotionMaps) -> tuple[Byte, tuple[Tile, ...]]:
    """The atlas, (H, W, 3) uint8 with row 0 on top, and its tiles; each tile's edge is repeated around it.

    The repeated edge keeps linear filtering from reading the neighbour tile.
    """
    used = [index for index, pixels in enumerate(motion.maps) if int(pixels.max(initial=0)) > _TRIVIAL]
    size = motion.maps.shape[1]
    count = max(1, -(-len(used) // 3))
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    step = size + 2 * GUTTER
    height, width = rows * step, columns * step
    pixels = np.zeros((height, width, 3), np.uint8)
    tiles = []
    for place in range(count):
        row, column = divmod(place, columns)
        chosen = used[3 * place : 3 * place + 3]
        top, left = row * step, column * step
        for channel, index in enumerate(chosen):
            pixels[top : top + step, left : left + step, channel] = np.pad(motion.maps[index], GUTTER, mode="edge")
        names = [motion.names[index] for index in chosen]
        tiles.append(
            Tile(
                names=tuple([*names, "", "", ""][:3]),
                scale=(size / width, size / height),
                offset=((left + GUTTER) / width, 1.0 - (top + GUTTER + size) / height),
            )
        )
    return pixels, tuple(tiles)


def places(tiles: tuple[Tile, ...]) -> dict[str, dict[str, object]]:
    """Each expression's channel (0 = R), scale and offset in the atlas."""
    return {
        name: {"channel": channel, "scale": list(tile.scale), "offset": list(tile.offset)}
        for tile in tiles
        for channel, name in enumerate(tile.names)
        if name
    }
