# SPDX-License-Identifier: GPL-3.0-or-later
"""Recomputes the normals of a face from ``wrinkle.json`` and the maps beside it, with nothing but NumPy.

    import wrinkle
    face = wrinkle.Face("folder")
    normals = face.normals({"browInnerUp": 1.0})    # (S, S, 3), unit vectors in tangent space, green up, row 0 on top

``python wrinkle.py browInnerUp=1 jawOpen=0.3`` writes ``wrinkle_normals.npy`` beside itself.
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


class Face:
    """An exported face. Raises ValueError for a description of another version."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.recipe = json.loads((self.folder / "wrinkle.json").read_text(encoding="utf-8"))
        if (self.recipe.get("format"), self.recipe.get("version")) != ("wrinkle recipe", 2):
            raise ValueError(f"{self.folder / 'wrinkle.json'} is not a wrinkle recipe of version 2")
        self.motion = read_png(self.folder / self.recipe["motion"])
        self.layers = [self._slopes(layer) for layer in self.recipe["layers"]]
        lines, response = self.recipe["permanent_lines"], self.recipe["response"]
        self.permanent_lines = None if lines is None else self._slopes(lines)
        self.mask = None if self.recipe["mask"] is None else read_png(self.folder / self.recipe["mask"])[..., 0]
        self.response = None if response is None else read_png(self.folder / response["file"])

    def normals(self, weights: Mapping[str, float]) -> Array:
        """(S, S, 3): the normals at these weights of expressions; absent ones are 0."""
        slope = sum(slopes * self.activation(weights, n)[..., None] for n, slopes in enumerate(self.layers))
        if self.permanent_lines is not None:
            slope = slope + self.permanent_lines
        size = self.layers[0].shape[0]
        depth = self.recipe["strength"] * (1.0 if self.mask is None else look_up(self.mask, *_centres(size)))
        normal = np.dstack([slope * np.broadcast_to(depth, (size, size))[..., None], np.ones((size, size))])
        return np.asarray(normal / np.linalg.norm(normal, axis=2, keepdims=True))

    def activation(self, weights: Mapping[str, float], layer: int) -> Array:
        """(S, S): how awake a layer is."""
        recipe, size = self.recipe, self.layers[layer].shape[0]
        u, v = _centres(size)
        woken = np.zeros((size, size))
        for name, entry in recipe["whole"].items():
            if entry["layer"] == layer:
                woken += _answer(weights.get(name, 0.0), *_numbers(entry))
        for name, entry in recipe["expressions"].items():
            if entry["layer"] == layer and weights.get(name):
                (wide, high), (right, up) = entry["scale"], entry["offset"]
                motion = look_up(self.motion[..., entry["channel"]], u * wide + right, v * high + up)
                woken += _answer(weights[name], *_numbers(entry)) * motion
        most, soft = recipe["saturation"]["most"], recipe["saturation"]["soft"]
        bend = np.maximum(soft - np.abs(woken - most), 0) / soft
        held = np.minimum(woken, most) - bend**3 * soft / 6
        awake = recipe["permanent"] + (1 - recipe["permanent"]) * held
        if self.response is None:
            return np.asarray(awake)
        channels = zip(np.moveaxis(self.response, 2, 0), _numbers(recipe["response"]), strict=True)
        return _answer(awake, *(look_up(channel, u, v) * factor for channel, factor in channels))

    def _slopes(self, maps: Mapping[str, str]) -> Array:
        normal = 2 * read_png(self.folder / maps["normal"]) - 1
        if self.recipe["normal_convention"] == "DirectX":
            normal[..., 1] *= -1
        return np.asarray(normal[..., :2] / np.maximum(normal[..., 2:], 0.01))


def _centres(size: int) -> tuple[Array, Array]:
    """u (1, S) and v (S, 1) of the texels of a map."""
    centres = (np.arange(size) + 0.5) / size
    return centres[None, :], 1 - centres[:, None]


def look_up(image: Array, u: Array, v: Array) -> Array:
    """Bilinear and clamped. image: (H, W), row 0 is v = 1; u: (1, M), v: (N, 1). Returns (N, M)."""
    height, width = image.shape
    x = np.clip(u * width - 0.5, 0, width - 1)
    y = np.clip((1 - v) * height - 0.5, 0, height - 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    above = image[top, left] * (1 - (x - left)) + image[top, right] * (x - left)
    below = image[bottom, left] * (1 - (x - left)) + image[bottom, right] * (x - left)
    return np.asarray(above * (1 - (y - top)) + below * (y - top))


def read_png(path: Path) -> Array:
    """(H, W, C) float32 in 0..1 of a PNG with 8 or 16 bit, grey, RGB or RGBA, not interlaced."""
    data = path.read_bytes()
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    packed, at = b"", 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            packed += data[at + 8 : at + 8 + length]
        at += length + 12
    channels, size = _CHANNELS[kind], depth // 8
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, -1)
    rows = np.zeros((height, width * channels * size), np.uint8)
    above = rows[0]
    for row, line in enumerate(lines):
        above = rows[row] = _unfiltered(int(line[0]), line[1:], above, channels * size)
    values = rows.view(">u2" if size == 2 else np.uint8).reshape(height, width, channels)
    return values.astype(np.float32) / np.float32(256**size - 1)


def _unfiltered(kind: int, line: Array, above: Array, step: int) -> Array:
    """One row of a PNG without its prediction; step: bytes of a pixel."""
    if kind == 0:
        return line
    if kind == 1:
        return np.add.accumulate(line.reshape(-1, step), axis=0, dtype=np.uint8).ravel()
    if kind == 2:
        return np.asarray(line + above)
    row, over = [0] * step + line.tolist(), [0] * step + above.tolist()
    for i in range(step, len(row)):
        a, b, c = row[i - step], over[i], over[i - step]
        row[i] = (row[i] + ((a + b) // 2 if kind == 3 else _paeth(a, b, c))) & 255
    return np.array(row[step:], np.uint8)


def _paeth(a: int, b: int, c: int) -> int:
    away = [abs(b - c), abs(a - c), abs(a + b - 2 * c)]
    return (a, b, c)[away.index(min(away))]


def _numbers(entry: Mapping[str, float]) -> tuple[float, float, float]:
    return entry["strength"], entry["onset"], entry["power"]


def _answer(weight: Any, strength: Any, onset: Any, power: Any) -> Array:
    return np.asarray(strength * np.maximum((weight - onset) / (1 - onset), 0) ** power)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    given = {name: float(value) for name, _, value in (argument.partition("=") for argument in sys.argv[1:])}
    np.save(here / "wrinkle_normals.npy", Face(here).normals(given))
