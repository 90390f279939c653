# SPDX-License-Identifier: GPL-3.0-or-later
"""Training patches drawn from tiles as the wrinkle stage draws them from a texture: same maps, frames, channels.

This is the wrinkle stage's sampling specialised to flat tiles (checked against it by a test), with what inference meets
added on top: excluded areas, an uncertain light, any position.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .geometry import Float, blur
from .tiles import Tile

LUMINANCE = np.array((0.2126, 0.7152, 0.0722), np.float32)
FLOOR = 0.03
SPLIT_MM = 2.5
"""The coarse scale answers for what survives a Gaussian of this sigma, the fine scale for the rest."""
TARGET_HIGHPASS_MM = 6.0
"""Both leave to the mesh what a Gaussian of this sigma keeps."""
PORES_MM = 0.2
"""What a Gaussian of this sigma removes is no wrinkle: pores, which no photo of a face resolves."""


@dataclass(frozen=True)
class Scale:
    """``size`` x ``size`` samples, ``mm`` apart, inputs high-passed at ``highpass_mm``; as the wrinkle stage has it."""

    name: str
    mm: float
    highpass_mm: float
    size: int = 64


FINE = Scale("fine", 0.25, 5.0)
COARSE = Scale("coarse", 0.75, 15.0)


@dataclass(frozen=True, eq=False)
class Batch:
    """x: (P, 8, N, N) float32 inputs; y: (P, 1, N, N) float32 mm; weight: (P, 1, N, N) float32, where it counts."""

    x: Float
    y: Float
    weight: Float


def _srgb_table() -> Float:
    table = np.arange(256) / 255.0
    table = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)
    return np.asarray(table, np.float32)


_TABLE = _srgb_table()


def reduction(texel_mm: float, mm: float) -> int:
    """The largest power of two k with k * texel_mm <= 1.2 * mm (1 when there is none)."""
    k = 1
    while 2 * k * texel_mm <= 1.2 * mm and k < 256:
        k *= 2
    return k


def _gaussian(image: Float, sigma: float) -> Float:
    radius = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    return np.asarray(cv2.sepFilter2D(image, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_CONSTANT), np.float32)


def _reduced(image: Float, k: int) -> Float:
    if k == 1:
        return image
    high, wide = image.shape[:2]
    image = np.pad(image, [(0, -high % k), (0, -wide % k)] + [(0, 0)] * (image.ndim - 2))
    return np.asarray(cv2.resize(image, (image.shape[1] // k, image.shape[0] // k), interpolation=cv2.INTER_AREA))


def input_maps(rgb: npt.NDArray[np.uint8], weight: Float, texel_mm: float, scale: Scale) -> tuple[Float, int]:
    """(n, n, 4) float32 and the reduction k: high-passed log luminance, log R/G, log B/G times the mask, and the mask.

    weight: (S, S) float32 in 0..1, visibility times skin.
    """
    k = reduction(texel_mm, scale.mm)
    linear = _TABLE[rgb]
    sums = _reduced(np.dstack((linear * weight[..., None], weight)), k)
    colour, cover = sums[..., :3] / np.maximum(sums[..., 3:], 1e-6), sums[..., 3]
    luminance = colour @ LUMINANCE
    mean = float((luminance * cover).sum(dtype=np.float64) / max(float(cover.sum(dtype=np.float64)), 1e-6))
    floor = np.float32(FLOOR * max(mean, 1e-4))
    logs = cv2.log(np.dstack((luminance + floor, colour + floor)))
    channels = np.dstack((logs[..., 0], logs[..., 1] - logs[..., 2], logs[..., 3] - logs[..., 2]))
    mask = np.clip((cover - 0.2) / 0.2, 0, 1)
    sigma, r = scale.highpass_mm / (k * texel_mm), 1
    while sigma / (2 * r) >= 4:
        r *= 2
    total = _gaussian(_reduced(np.dstack((channels * mask[..., None], mask)), r), sigma / r)
    mean_map = np.where(total[..., -1:] > 1e-4, total[..., :-1] / np.maximum(total[..., -1:], 1e-4), 0)
    n = mask.shape[0]
    grown = cv2.resize(mean_map, (mean_map.shape[1] * r, mean_map.shape[0] * r), interpolation=cv2.INTER_LINEAR)[:n, :n]
    return np.asarray(np.dstack(((channels - grown) * mask[..., None], mask)), np.float32), k


def target_map(height: Float, texel_mm: float, scale: Scale) -> Float:
    """What this scale has to answer, (S, S) float32 mm; fine + coarse = whole: the height above
    ``TARGET_HIGHPASS_MM``."""
    above = blur(height, PORES_MM / texel_mm) - blur(height, TARGET_HIGHPASS_MM / texel_mm)
    low = blur(above, SPLIT_MM / texel_mm)
    if scale.name == "whole":
        return np.asarray(above, np.float32)
    return np.asarray(low if scale.name == "coarse" else above - low, np.float32)


def orientations(luminance: Float, mask: Float, level_mm: float, centres: Float, scale: Scale) -> Float:
    """Angle (P,) of the wrinkle direction at ``centres`` (P, 2: row, column of the level), x right, y up."""
    padded = np.pad(luminance, 1)
    gp = (padded[1:-1, 2:] - padded[1:-1, :-2]) / (2 * level_mm)
    gq = -(padded[2:, 1:-1] - padded[:-2, 1:-1]) / (2 * level_mm)
    tensor = np.asarray(np.dstack((gp * gp, gp * gq, gq * gq)) * mask[..., None], np.float32)
    sigma, r = scale.size * scale.mm / 6 / level_mm, 1
    while sigma / (2 * r) >= 4:
        r *= 2
    tensor = _gaussian(_reduced(tensor, r), sigma / r)
    at = (centres + 0.5) / r - 0.5
    picked = cv2.remap(
        tensor,
        at[:, 1].astype(np.float32)[None],
        at[:, 0].astype(np.float32)[None],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )[0]
    return np.asarray(0.5 * np.arctan2(2 * picked[:, 1], picked[:, 0] - picked[:, 2]) + np.pi / 2, np.float32)


def frames(angle: Float, light: Float) -> Float:
    """(P, 2, 2): columns are the patch's x (along) and y (across) axes, flipped so that the light lies at x, y >= 0."""
    x = np.stack((np.cos(angle), np.sin(angle)), -1)
    y = np.stack((-np.sin(angle), np.cos(angle)), -1)
    x = np.where((x * light).sum(-1, keepdims=True) < 0, -x, x)
    y = np.where((y * light).sum(-1, keepdims=True) < 0, -y, y)
    return np.asarray(np.stack((x, y), -1), np.float32)


def sample(image: Float, texel_mm: float, centres: Float, axes: Float, scale: Scale) -> Float:
    """(P, N, N, C) bilinear samples; centres (P, 2) row, column of ``image``; 0 outside."""
    offset = (np.arange(scale.size, dtype=np.float32) - (scale.size - 1) / 2) * scale.mm / texel_mm
    x, y = offset[None, :], -offset[:, None]
    right = axes[:, 0, 0, None, None] * x + axes[:, 0, 1, None, None] * y
    up = axes[:, 1, 0, None, None] * x + axes[:, 1, 1, None, None] * y
    columns = (centres[:, 1, None, None] + right).astype(np.float32).reshape(-1, scale.size)
    rows = (centres[:, 0, None, None] - up).astype(np.float32).reshape(-1, scale.size)
    found = cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(found.reshape(len(centres), scale.size, scale.size, -1))


def eased(direction: Float, ambient: Float) -> Float:
    """(P, 4) light and ambient share as inference holds them: the light never under z = 0.1."""
    z = np.maximum(direction[:, 2], 0.1)
    flat = np.hypot(direction[:, 0], direction[:, 1])
    factor = np.sqrt(np.maximum(1 - z * z, 0)) / np.maximum(flat, 1e-6)
    share = ambient + (1 - ambient) * np.clip((0.1 - direction[:, 2]) / 0.2, 0, 1)
    return np.stack((direction[:, 0] * factor, direction[:, 1] * factor, z, share), -1).astype(np.float32)


def _uncertain(rng: np.random.Generator, light: Float, count: int) -> Float:
    """(P, 4) light as an estimate would give it: 12 degrees off as a rule, sometimes far off, ambient off by .15."""
    off = np.abs(rng.normal(0, 1, (count, 1))) * np.radians(np.where(rng.random((count, 1)) < 0.1, 30, 11))
    push = rng.normal(0, 1, (count, 3))
    push -= (push @ light[:3])[:, None] * light[:3]
    push /= np.linalg.norm(push, axis=1, keepdims=True) + 1e-9
    direction = np.cos(off) * light[:3] + np.sin(off) * push
    ambient = np.clip(light[3] + rng.normal(0, 0.15, count), 0.02, 0.98)
    return eased(np.asarray(direction, np.float32), np.asarray(ambient, np.float32))


def exclusions(rng: np.random.Generator, size: int) -> Float:
    """A random mask as faces have: whole, or cut by a border, or with an eye, brow or mouth cut out; (S, S) in 0..1."""
    weight = np.ones((size, size), np.uint8) * 255
    if rng.random() < 0.2:
        angle, at = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.45) * size
        y, x = np.ogrid[:size, :size]
        weight[(x - size / 2) * np.cos(angle) + (y - size / 2) * np.sin(angle) > at] = 0
    for _ in range(int(rng.integers(0, 3)) if rng.random() < 0.3 else 0):
        centre = tuple(int(v) for v in rng.integers(0, size, 2))
        axes = tuple(int(v) for v in rng.uniform(0.04, 0.2, 2) * size)
        cv2.ellipse(weight, centre, axes, float(rng.uniform(0, 180)), 0, 360, 0, -1)
    return np.clip(blur(weight.astype(np.float32) / 255, float(rng.uniform(0.3, 8))), 0, 1)


def _places(rng: np.random.Generator, target: Float, margin: float, count: int) -> Float:
    """(P, 2) centres in level texels: more of them where there is relief, as the confidence would choose."""
    trial = rng.uniform(margin, target.shape[0] - margin, (4 * count, 2)).astype(np.float32)
    near = blur(np.abs(target), target.shape[0] / 32)[tuple(trial.astype(int).T)]
    chance = near + 0.3 * near.mean() + 1e-6
    return trial[rng.choice(len(trial), count, replace=False, p=chance / chance.sum())]


def draw(
    rng: np.random.Generator, tile: Tile, scale: Scale, count: int, plain: bool = False, centres: Float | None = None
) -> Batch:
    """``count`` patches of one tile. ``plain`` leaves out exclusions and the light's uncertainty (for measuring).

    centres: (P, 2) row, column in texels to choose from, with a jitter; drawn where there is relief when None.
    """
    size, mm = tile.rgb.shape[0], tile.texel_mm
    weight = np.ones((size, size), np.float32) if plain else exclusions(rng, size)
    if tile.alpha is not None:
        weight = weight * (tile.alpha.astype(np.float32) / 255)
    maps, k = input_maps(tile.rgb, weight, mm, scale)
    margin = min(0.35 * scale.size * scale.mm / mm, 0.4 * size)
    target = _reduced(target_map(tile.height, mm, scale), k)
    if centres is None:
        level = _places(rng, target, margin / k, count)
    else:
        chosen = centres[rng.integers(0, len(centres), count)] + rng.normal(0, 1.5 / mm, (count, 2))
        level = ((chosen + 0.5) / k - 0.5).astype(np.float32)
    if plain:
        light = eased(np.repeat(tile.light[None, :3], count, 0), np.repeat(tile.light[3], count))
    else:
        light = _uncertain(rng, tile.light, count)
    axes = frames(orientations(maps[..., 0], maps[..., 3], k * mm, level, scale), light[:, :2])
    planar = np.einsum("pij,pi->pj", axes, light[:, :2])
    constant = np.concatenate((planar, light[:, 2:]), -1)[:, :, None, None]
    inputs = sample(maps, k * mm, level, axes, scale).transpose(0, 3, 1, 2)
    planes = np.broadcast_to(constant, (count, 4, scale.size, scale.size))
    truth = sample(target, k * mm, level, axes, scale).transpose(0, 3, 1, 2)
    x = np.concatenate((inputs, planes), 1)
    return Batch(np.ascontiguousarray(x), np.ascontiguousarray(truth), np.ascontiguousarray(inputs[:, 3:4]))
