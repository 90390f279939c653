# SPDX-License-Identifier: GPL-3.0-or-later
"""The motion atlas: motion maps three to a tile of one RGB image, so that a shader reads 52 with 18 look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import WrinkleError
from .types import Byte, MotionMaps

FORMAT = 2
GUTTER = 4
_TRIVIAL = 8
"""A map that never exceeds this (of 255) moves nothing worth a look-up."""


@dataclass(frozen=True)
class Tile:
    """Where three maps lie. names: map of the R, G and B channel, "" for none. scale, offset: UV to atlas UV."""

    names: tuple[str, str, str]
    scale: tuple[float, float]
    offset: tuple[float, float]


def pack_tiles(motion: MotionMaps) -> tuple[Byte, tuple[Tile, ...]]:
    """The atlas, (H, W, 3) uint8 with row 0 on top, and its tiles; each tile's edge is repeated around it.

    The repeated edge keeps linear filtering from reading the neighbour tile. Maps that are (nearly) empty are left out.
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
        names = [*(motion.names[index] for index in chosen), "", "", ""]
        tiles.append(
            Tile(
                names=(names[0], names[1], names[2]),
                scale=(size / width, size / height),
                offset=((left + GUTTER) / width, 1.0 - (top + GUTTER + size) / height),
            )
        )
    return pixels, tuple(tiles)


def places(tiles: tuple[Tile, ...]) -> dict[str, dict[str, Any]]:
    """Each map's channel (0 = R), scale and offset in the atlas, fit for JSON."""
    return {
        name: {"channel": channel, "scale": list(tile.scale), "offset": list(tile.offset)}
        for tile in tiles
        for channel, name in enumerate(tile.names)
        if name
    }


def pack_atlas(motion: MotionMaps) -> tuple[Byte, dict[str, Any]]:
    """The atlas and the index that unpacks it (fit for JSON)."""
    pixels, tiles = pack_tiles(motion)
    index = {"format": FORMAT, "tile": motion.maps.shape[1], "names": list(motion.names), "places": places(tiles)}
    return pixels, index


def unpack_atlas(atlas: Byte, index: Mapping[str, Any]) -> MotionMaps:
    """The maps of :func:`pack_atlas`; a map that was left out is empty.

    Raises WrinkleError when the index is of another format, damaged, or does not fit the image.
    """
    if index.get("format") != FORMAT:
        raise WrinkleError(f"The motion atlas has format {index.get('format')!r}.", f"Format {FORMAT} is read here.")
    names, size, where = index.get("names"), index.get("tile"), index.get("places")
    sound = isinstance(names, list) and all(isinstance(name, str) for name in names) and isinstance(where, dict)
    if not (sound and isinstance(size, int) and size > 0 and atlas.ndim == 3 and atlas.dtype == np.uint8):
        raise WrinkleError("The motion atlas or its index is damaged.", "Write it again.")
    assert isinstance(names, list)
    assert isinstance(where, dict)
    maps = np.zeros((len(names), size, size), np.uint8)
    for name, place in where.items():
        if name not in names:
            raise WrinkleError(f"The motion atlas has a place for {name!r}, which it does not name.", "Write it again.")
        maps[names.index(name)] = _tile(atlas, place, size)
    return MotionMaps(tuple(names), maps)


def _tile(atlas: Byte, place: Any, size: int) -> Byte:
    """One map, (size, size), out of the atlas."""
    height, width, channels = atlas.shape
    try:
        left = round(place["offset"][0] * width)
        top = height - round(place["offset"][1] * height) - size
        channel = int(place["channel"])
        fits = np.allclose(place["scale"], (size / width, size / height))
    except (KeyError, TypeError, ValueError, IndexError):
        raise WrinkleError("The motion atlas or its index is damaged.", "Write it again.") from None
    if not (fits and 0 <= left <= width - size and 0 <= top <= height - size and 0 <= channel < channels):
        raise WrinkleError("The motion atlas does not fit its index.", "Write both again.")
    return atlas[top : top + size, left : left + size, channel]
