# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs any regressor over a flat tile: patches everywhere, answers merged with a Hann window."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .patches import Scale, eased, frames, input_maps, orientations, sample, target_map
from .tiles import Tile

from .geometry import Float  # isort: skip

Regress = Callable[[Float], Float]
"""(P, 8, N, N) inputs to (P, N, N) displacement in mm."""


def hann(size: int) -> Float:
    """(size, size) separable Hann window that is positive everywhere."""
    line = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size)
    return np.asarray(np.outer(line, line), np.float32)


def over_tile(tile: Tile, scale: Scale, regress: Regress, light: Float | None = None, overlap: int = 3) -> Float:
    """Displacement (S, S) float32 mm of a whole tile. light: (4,) direction and ambient share, else the tile's."""
    size, mm = tile.rgb.shape[0], tile.texel_mm
    maps, k = input_maps(tile.rgb, np.ones((size, size), np.float32), mm, scale)
    step = scale.size * scale.mm / overlap / (k * mm)
    line = np.arange(step / 2, maps.shape[0], step)
    level = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2).astype(np.float32)
    known = tile.light if light is None else light
    lights = eased(np.repeat(known[None, :3], len(level), 0), np.repeat(known[3], len(level)))
    axes = frames(orientations(maps[..., 0], maps[..., 3], k * mm, level, scale), lights[:, :2])
    planar = np.einsum("pij,pi->pj", axes, lights[:, :2])
    constant = np.concatenate((planar, lights[:, 2:]), -1)[:, :, None, None]
    inputs = sample(maps, k * mm, level, axes, scale).transpose(0, 3, 1, 2)
    planes = np.broadcast_to(constant, (len(level), 4, scale.size, scale.size))
    answers = regress(np.ascontiguousarray(np.concatenate((inputs, planes), 1), np.float32))
    return _merge(answers, (level + 0.5) * k - 0.5, axes, scale, size, mm)


def merging_gain(tiles: list[Tile], scale: Scale, regress: Regress) -> float:
    """The factor that suits the merged answers best (least squares over all tiles, borders left out).

    Patches that see the same skin differently shrink each other when they are averaged: even where each answer is the
    conditional mean, their mean is less.
    """
    product = power = 0.0
    for tile in tiles:
        rim = int(0.25 * scale.size * scale.mm / tile.texel_mm)
        guess, truth = over_tile(tile, scale, regress), target_map(tile.height, tile.texel_mm, scale)
        inner = (slice(rim, -rim), slice(rim, -rim))
        product += float((guess * truth)[inner].sum())
        power += float(np.square(guess)[inner].sum())
    return product / max(power, 1e-12)


def _merge(answers: Float, centres: Float, axes: Float, scale: Scale, size: int, texel_mm: float) -> Float:
    """Hann-weighted mean of the patches, (size, size); centres (P, 2) row, column of the tile."""
    window = hann(scale.size)
    total, weight = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    middle = (scale.size - 1) / 2
    step = scale.mm / texel_mm
    for answer, (row, column), frame in zip(answers, centres, axes, strict=True):
        # Patch sample (j, i) -> tile column, row.
        turn = np.array(((frame[0, 0], -frame[0, 1]), (-frame[1, 0], frame[1, 1]))) * step
        offset = np.array((column, row)) - turn @ np.array((middle, middle))
        matrix = np.hstack((turn, offset[:, None]))
        reach = scale.size * step * 0.75 + 2
        top, left = max(0, int(row - reach)), max(0, int(column - reach))
        bottom, right = min(size, int(row + reach) + 1), min(size, int(column + reach) + 1)
        matrix[:, 2] -= (left, top)
        both = np.dstack((answer * window, window)).astype(np.float32)
        laid = cv2.warpAffine(both, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
        total[top:bottom, left:right] += laid[..., 0]
        weight[top:bottom, left:right] += laid[..., 1]
    return np.asarray(total / np.maximum(weight, 1e-3), np.float32)
