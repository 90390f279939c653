# SPDX-License-Identifier: GPL-3.0-or-later
"""Colour of a tile of skin in linear light: pigments of all skin tones, marks, hair and make-up.

Everything here is colour without relief: what the regressor has to learn to ignore.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .geometry import STYLES, Float, Relief, _Canvas, _family, blur, noise

# Linear reflectance without pigment, and how strongly each pigment absorbs red, green and blue: chosen so that the
# range of melanin and blood below spans measured skin reflectances from (.65, .45, .36) to (.06, .03, .02).
BLOODLESS = np.array((0.74, 0.64, 0.56), np.float32)
MELANIN = np.array((0.85, 1.2, 1.65), np.float32)
HAEMOGLOBIN = np.array((0.08, 0.75, 0.62), np.float32)


@dataclass(frozen=True, eq=False)
class Skin:
    """albedo: (S, S, 3) float32 linear reflectance. hair: (S, S) float32 cover 0..1 by hair, whose reflectance
    is ``hair_shade`` (3,): it lies over the skin and is lit without the relief. gloss: (S, S) float32, how oily."""

    albedo: Float
    hair: Float
    hair_shade: Float
    gloss: Float


def _spots(
    rng: np.random.Generator, size: int, mm: float, count: int, radius: tuple[float, float], hardness: float
) -> Float:
    """Round marks, (size, size) in 0..1."""
    canvas = np.zeros((size, size), np.float32)
    for _ in range(count):
        r = float(np.exp(rng.uniform(np.log(radius[0]), np.log(radius[1])))) / mm
        half = int(2.5 * r) + 2
        x, y = rng.uniform(0, size, 2)
        rows = slice(max(0, int(y) - half), min(size, int(y) + half))
        cols = slice(max(0, int(x) - half), min(size, int(x) + half))
        yy, xx = np.ogrid[rows, cols]
        stretch, angle = rng.uniform(0.7, 1.4), rng.uniform(0, np.pi)
        a = (xx - x) * np.cos(angle) + (yy - y) * np.sin(angle)
        b = (yy - y) * np.cos(angle) - (xx - x) * np.sin(angle)
        q = np.sqrt((a * stretch) ** 2 + (b / stretch) ** 2) / r
        part = canvas[rows, cols]
        np.maximum(part, rng.uniform(0.3, 1.0) / (1 + np.exp(np.clip((q - 1) * hardness, -30, 30))), out=part)
    return canvas


def _strokes(
    rng: np.random.Generator, size: int, mm: float, count: int, length: tuple[float, float], spread: float, width: float
) -> Float:
    """Hair: thin curved strokes around one direction, (size, size) cover in 0..1; lengths and widths in mm."""
    over = 2
    canvas = np.zeros((size * over, size * over), np.uint8)
    direction = rng.uniform(0, 2 * np.pi)
    scale = over / mm
    angle = direction + rng.normal(0, spread, (count, 1))
    step = rng.uniform(length[0] / 9, length[1] / 9, (count, 1))
    bend = rng.normal(0, 0.4, (count, 1)) * np.linspace(0, 1, 10)
    start = rng.uniform(-2, size * mm + 2, (count, 1, 2))
    path = np.stack((np.cos(angle + bend), np.sin(angle + bend)), -1) * step[..., None]
    points = np.round((start + np.cumsum(path, 1)) * scale * 16).astype(np.int32)
    # A hair thinner than a sample is drawn one sample wide and weaker.
    thick = width * scale
    for shade, group in zip((1.0, 0.8, 0.6), np.array_split(points, 3), strict=True):
        level = int(255 * min(1.0, thick) * shade)
        cv2.polylines(canvas, list(group), False, level, max(1, round(thick)), cv2.LINE_AA, 4)
    small = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / 255


def _field(rng: np.random.Generator, size: int, mm: float) -> Float:
    """A smooth random field in 0..1 that covers part of the tile, for where hair or make-up is."""
    return np.asarray(np.clip(noise(rng, size, rng.uniform(6, 20) / mm) * 1.5 + rng.normal(0, 0.8), 0, 1), np.float32)


def _hair(rng: np.random.Generator, size: int, mm: float) -> Float:
    """Hair of one kind or several: brow, strands, stubble, vellus."""
    cover = np.zeros((size, size), np.float32)
    area = (size * mm) ** 2
    if rng.random() < 0.10:  # brow or beard: dense and aligned, in a part of the tile
        strokes = _strokes(rng, size, mm, int(area * rng.uniform(0.1, 0.35)), (4, 12), 0.3, rng.uniform(0.06, 0.13))
        cover = np.maximum(cover, strokes * _field(rng, size, mm))
    if rng.random() < 0.07:  # strands that fall over the face
        cover = np.maximum(cover, _strokes(rng, size, mm, int(rng.integers(1, 25)), (15, 80), 0.15, 0.08))
    if rng.random() < 0.10:  # stubble
        strokes = _strokes(rng, size, mm, int(area * rng.uniform(0.1, 0.5)), (0.3, 1.5), 0.5, 0.1)
        cover = np.maximum(cover, strokes * _field(rng, size, mm))
    if rng.random() < 0.08:  # vellus: faint
        strokes = _strokes(rng, size, mm, int(area * 0.2), (1.5, 5), 0.6, 0.03)
        cover = np.maximum(cover, strokes)
    return np.asarray(cover, np.float32)


def _painted_lines(rng: np.random.Generator, size: int, mm: float) -> Float:
    """Lines of pigment without relief (eyeliner, pencil, pillow marks, veins), (size, size) in 0..1."""
    canvas = _Canvas(np.zeros((size, size), np.float32), np.zeros((size, size), np.float32), mm)
    _family(rng, canvas, STYLES[str(rng.choice(list(STYLES)))], 1.0)
    lines = np.clip(-canvas.height / (np.abs(canvas.height).max() + 1e-6), 0, 1)
    return np.asarray(lines.T if rng.random() < 0.5 else lines, np.float32)


def make_skin(rng: np.random.Generator, relief: Relief, mm: float) -> Skin:
    """Colour for one tile; grooves may be a little redder, darker or paler than the skin around them."""
    size = relief.height.shape[0]
    melanin = float(np.clip(rng.gamma(1.6, 0.4), 0.05, 2.4))
    blood = float(rng.uniform(0.15, 0.6))
    mottle = noise(rng, size, rng.uniform(4, 15) / mm) * rng.uniform(0.01, 0.07)
    mottle += noise(rng, size, rng.uniform(0.6, 3) / mm) * rng.uniform(0.003, 0.03)
    # Mottling is bounded in absorption: dark skin is no more blotched than fair skin.
    m_map = melanin + min(melanin, 0.7) * (mottle + relief.groove * rng.normal(0, 0.08))
    redness = noise(rng, size, rng.uniform(5, 15) / mm) * rng.uniform(0.02, 0.15)
    redness += noise(rng, size, rng.uniform(0.5, 2.5) / mm) * rng.uniform(0.01, 0.06)
    h_map = blood * (1 + redness + relief.groove * rng.normal(0.1, 0.25))
    if rng.random() < 0.2:
        h_map += _spots(rng, size, mm, int(rng.integers(1, 12)), (0.8, 4.0), 2.5) * rng.uniform(0.1, 0.6)
    if rng.random() < 0.25:
        m_map += _spots(rng, size, mm, int(rng.integers(10, 160)), (0.3, 1.4), 3.0) * rng.uniform(0.05, 0.5)
    if rng.random() < 0.3:
        m_map += _spots(rng, size, mm, int(rng.integers(1, 5)), (0.4, 1.8), 6.0) * rng.uniform(0.4, 2.0)
    absorption = np.maximum(m_map, 0)[..., None] * MELANIN + np.maximum(h_map, 0)[..., None] * HAEMOGLOBIN
    # White grain keeps every channel a little independent, as dry skin and powder do.
    absorption += (noise(rng, size, rng.uniform(0.3, 1.5) / mm) * rng.uniform(0.0, 0.012))[..., None]
    if rng.random() < 0.07:
        absorption += _makeup(rng, size, mm)
    if rng.random() < 0.1:
        absorption += _border(rng, size, mm)
    if rng.random() < 0.1:
        tint = MELANIN * rng.uniform(0.05, 0.7) if rng.random() < 0.6 else HAEMOGLOBIN * rng.uniform(0.05, 0.6)
        absorption += _painted_lines(rng, size, mm)[..., None] * tint
    albedo = np.asarray(BLOODLESS * np.exp(-absorption), np.float32)
    shade = np.asarray(rng.uniform(0.01, 0.12) * np.array((1.0, 0.75, 0.55)), np.float32)
    if rng.random() < 0.12:
        shade = np.asarray(rng.uniform(0.3, 0.6) * np.array((1.0, 0.9, 0.75)), np.float32)
    gloss = np.exp(noise(rng, size, rng.uniform(4, 12) / mm) * 0.5) * (1 + 0.3 * noise(rng, size, 0.5 / mm))
    return Skin(albedo, _hair(rng, size, mm), shade, np.asarray(np.clip(gloss, 0, 4), np.float32))


def _makeup(rng: np.random.Generator, size: int, mm: float) -> npt.NDArray[np.float32]:
    """Blush, shadow or powder: absorption (size, size, 3) with soft or fairly hard borders."""
    field = _field(rng, size, mm)
    if rng.random() < 0.5:
        field = np.asarray(1 / (1 + np.exp(-(field - 0.5) * rng.uniform(6, 40))), np.float32)
    tint = (np.array((0.1, 0.6, 0.5)) + rng.uniform(-0.2, 0.4, 3)) * rng.uniform(0.1, 0.7)
    return np.asarray(blur(field, rng.uniform(0.2, 1.5) / mm)[..., None] * tint, np.float32)


def _border(rng: np.random.Generator, size: int, mm: float) -> npt.NDArray[np.float32]:
    """Where skin ends: the red of a lip or the dark of a hairline on one side; absorption (size, size, 3)."""
    axis = (np.arange(size, dtype=np.float32) - size / 2) * mm
    angle = rng.uniform(0, 2 * np.pi)
    across, along = (axis[None, :] * np.cos(turn) + axis[:, None] * np.sin(turn) for turn in (angle, angle + np.pi / 2))
    distance = across + rng.normal(0, 0.012) * along * along + rng.uniform(-0.4, 0.4) * size * mm
    distance = distance + noise(rng, size, rng.uniform(1, 6) / mm) * rng.uniform(0, 1.5)
    side = 1 / (1 + np.exp(-np.clip(distance / rng.uniform(0.1, 2.5), -40, 40)))
    tint = HAEMOGLOBIN * rng.uniform(0.3, 1.3) if rng.random() < 0.6 else MELANIN * rng.uniform(0.4, 2.0)
    return np.asarray(side[..., None] * tint, np.float32)
