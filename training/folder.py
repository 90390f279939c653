# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference's training folder, read and written, so that a studio can train on its own scans.

    DIR/data/NAME.png               texture, sRGB, 8 bit; an alpha channel marks what counts
    DIR/data/NAME.exr               displacement of the same size, one float channel, mm, outwards positive
    DIR/data/NAME.json              {"texel_mm": 0.2, "light": [x, y, z], "ambient": 0.5}; light points to the lamp in
                                    the texture's frame (x right, y up, z out of the skin), ambient is the sky's share
    DIR/DOG/NAME.png                confidence, 8 bit (optional)
    DIR/patch/NAME.txt              one "row column" of a patch centre in texels per line (optional)
    DIR/data_train/NAME_0000.png    one training patch of the texture, and NAME_0000.exr of the displacement

Only ``data`` is needed: without ``patch`` the centres are drawn, near the confident texels when ``DOG`` is there.
``data_train`` holds the patches themselves for other tools; it is written, and read when ``data`` is missing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.files import output_folder, read_exr, read_png, write_atomic, write_exr, write_json, write_png

from .geometry import Float, blur
from .patches import LUMINANCE
from .tiles import Tile

BLOCK = 64
"""Edge of the blocks in ``data_train``, in texels."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """One texture of the folder. centres: (P, 2) float32 row, column of the patches, or None where none are stated."""

    name: str
    tile: Tile
    centres: Float | None


def _square(image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Padded below and on the right with zeros to a square."""
    high, wide = image.shape[:2]
    edge = max(high, wide)
    return np.pad(image, [(0, edge - high), (0, edge - wide)] + [(0, 0)] * (image.ndim - 2))


def _facts(path: Path) -> tuple[float, Float]:
    """Texel size and (4,) light of one texture; an even light from the front where the file is missing."""
    if not path.exists():
        raise WrinkleError(
            f"{path.name} is missing.", 'Write {"texel_mm": 0.2, "light": [0, 0, 1], "ambient": 0.9} there.'
        )
    try:
        value = json.loads(path.read_text("utf-8"))
        light = np.array(value.get("light", (0, 0, 1)), np.float32).reshape(3)
        texel, ambient = float(value["texel_mm"]), float(value.get("ambient", 0.9))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrinkleError(
            f"{path.name} does not state texel_mm and the light: {error}.", "See training/folder.py."
        ) from error
    length = float(np.linalg.norm(light))
    if not (0 < texel < 10 and length > 0 and 0 <= ambient <= 1):
        raise WrinkleError(f"{path.name} states an impossible texel size, light or ambient share.")
    return texel, np.append(light / length, ambient).astype(np.float32)


def _sheet(folder: Path, texture: Path, image: Path, facts: Path) -> Sheet:
    pixels, height = read_png(texture), read_exr(image)
    if pixels.ndim != 3 or pixels.dtype != np.uint8 or pixels.shape[:2] != height.shape:
        raise WrinkleError(f"{texture.name} and {image.name} are not a colour texture and a map of the same size.")
    texel, light = _facts(facts)
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else np.full(height.shape, 255, np.uint8)
    tile = Tile(_square(pixels[..., :3]), _square(height), light, "", texel, _square(alpha))
    return Sheet(texture.stem, tile, _centres(folder, texture.stem, tile))


def _centres(folder: Path, name: str, tile: Tile) -> Float | None:
    """Stated patch centres, or centres near confident texels, or None."""
    stated = folder / "patch" / f"{name}.txt"
    if stated.exists():
        try:
            found = np.loadtxt(stated, np.float32, ndmin=2)
        except ValueError as error:
            raise WrinkleError(f"{stated.name} does not hold two numbers per line.") from error
        if found.size and found.shape[1] != 2:
            raise WrinkleError(f"{stated.name} does not hold two numbers per line.")
        return found if found.size else None
    confident = folder / "DOG" / f"{name}.png"
    if not confident.exists():
        return None
    likely = read_png(confident)
    rows, columns = np.nonzero((likely if likely.ndim == 2 else likely[..., 0]) >= 60)
    if not len(rows):
        return None
    pick = np.random.default_rng(0).choice(len(rows), min(400, len(rows)), replace=False)
    return np.stack((rows[pick], columns[pick]), 1).astype(np.float32)


def read_folder(folder: Path) -> list[Sheet]:
    """Every texture of a training folder. Raises WrinkleError naming the file that is missing or does not fit."""
    data = folder / "data" if any((folder / "data").glob("*.png")) else folder / "data_train"
    textures = sorted(data.glob("*.png"))
    if not textures:
        raise WrinkleError(
            f"{folder} holds no textures.", "Put NAME.png, NAME.exr and NAME.json into its folder 'data'."
        )
    sheets = []
    for texture in textures:
        stem = texture.stem if data.name == "data" else texture.stem.rsplit("_", 1)[0]
        facts = folder / "data" / f"{stem}.json"
        sheets.append(_sheet(folder, texture, texture.with_suffix(".exr"), facts))
    return sheets


def dog_confidence(tile: Tile) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Difference of Gaussians of log luminance with a mean filter, 0..255: dark lines 0.5-2 mm wide."""
    luminance = (tile.rgb.astype(np.float32) / 255) ** 2.2 @ LUMINANCE
    log = np.log(luminance + 0.03 * float(luminance.mean()) + 1e-5).astype(np.float32)
    lines = np.maximum(blur(log, 1.6 / tile.texel_mm) - blur(log, 0.4 / tile.texel_mm), 0)
    mean = cv2.blur(np.asarray(lines, np.float32), (5, 5))
    return np.asarray(np.clip(mean * 255 / 0.12, 0, 255), np.uint8)


def write_folder(folder: Path, tiles: list[Tile], per_tile: int = 24, seed: int = 0) -> None:
    """Write tiles as a training folder with all five parts."""
    rng = np.random.default_rng((seed, 11))
    for part in ("data", "DOG", "patch", "data_train"):
        output_folder(folder / part)
    for index, tile in enumerate(tiles):
        name = f"tile_{index:04d}"
        confidence = dog_confidence(tile)
        half = BLOCK // 2
        chance = confidence[half:-half, half:-half].astype(np.float64).ravel() + 2
        wide = confidence.shape[1] - 2 * half
        picked = rng.choice(chance.size, min(per_tile, chance.size), replace=False, p=chance / chance.sum())
        centres = np.stack(np.divmod(picked, wide), 1) + half
        write_png(folder / "data" / f"{name}.png", tile.rgb)
        write_exr(folder / "data" / f"{name}.exr", tile.height)
        facts = {"texel_mm": tile.texel_mm, "light": tile.light[:3].tolist(), "ambient": float(tile.light[3])}
        write_json(folder / "data" / f"{name}.json", facts)
        write_png(folder / "DOG" / f"{name}.png", confidence)
        lines = "".join(f"{row} {column}\n" for row, column in centres)
        write_atomic(folder / "patch" / f"{name}.txt", lines.encode())
        for number, (row, column) in enumerate(centres):
            block = (slice(row - half, row + half), slice(column - half, column + half))
            write_png(folder / "data_train" / f"{name}_{number:04d}.png", np.ascontiguousarray(tile.rgb[block]))
            write_exr(folder / "data_train" / f"{name}_{number:04d}.exr", np.ascontiguousarray(tile.height[block]))
