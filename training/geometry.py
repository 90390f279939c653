# SPDX-License-Identifier: GPL-3.0-or-later
"""Relief of a tile of facial skin in millimetres: wrinkle lines, folds, bumps, pores and micro-relief.

A tile is a square array, x to the right, y up (row 0 is the top). Widths, depths and spacing per region follow the
ranges that were measured for facial wrinkles; the cross-section is sharp at the bottom and rounded at the shoulders.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
Range = tuple[float, float]


@dataclass(frozen=True)
class LineStyle:
    """Ranges of one family of lines: width (Gaussian sigma), depth and spacing in mm, number, fan (of slopes)."""

    width: Range
    depth: Range
    spacing: Range
    count: tuple[int, int]
    fan: float
    bend: float
    vertical: bool = False


STYLES: dict[str, LineStyle] = {
    "forehead": LineStyle((0.4, 1.4), (0.05, 0.8), (6, 14), (2, 7), 0.06, 0.006),
    "crows_feet": LineStyle((0.25, 0.7), (0.04, 0.4), (2, 6), (3, 8), 0.45, 0.010),
    "glabella": LineStyle((0.5, 1.4), (0.1, 0.9), (6, 14), (1, 3), 0.20, 0.008, vertical=True),
    "nasolabial": LineStyle((0.8, 2.2), (0.2, 1.2), (9, 22), (1, 3), 0.15, 0.018),
    "under_eye": LineStyle((0.2, 0.5), (0.02, 0.2), (1.5, 4), (3, 8), 0.15, 0.012),
    "mouth": LineStyle((0.25, 0.7), (0.04, 0.35), (3, 8), (3, 8), 0.20, 0.010, vertical=True),
    "chin": LineStyle((0.6, 1.8), (0.1, 0.8), (8, 20), (1, 2), 0.10, 0.020),
    "cheek": LineStyle((0.2, 0.7), (0.02, 0.25), (2, 9), (3, 9), 0.30, 0.010),
}
"""Families per region; "smooth" has none."""
REGIONS: tuple[str, ...] = (*STYLES, "smooth")


@dataclass(frozen=True, eq=False)
class Relief:
    """height: (S, S) float32 mm, outwards positive. groove: (S, S) float32, 0 to about 1: how much a line lies here."""

    height: Float
    groove: Float


def blur(image: Float, sigma_px: float) -> Float:
    """Gaussian blur; wide kernels are computed at reduced resolution, which is exact enough and many times faster."""
    if sigma_px < 0.15:
        return image
    if sigma_px > 6.0:
        step = int(sigma_px // 3)
        h, w = image.shape[:2]
        small = cv2.resize(image, (max(8, w // step), max(8, h // step)), interpolation=cv2.INTER_AREA)
        scale = small.shape[1] / w
        small = cv2.GaussianBlur(small, (0, 0), sigma_px * scale, borderType=cv2.BORDER_REFLECT_101)
        return cv2.resize(small, (w, h), interpolation=cv2.INTER_CUBIC)
    return cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT_101)


def noise(rng: np.random.Generator, size: int, sigma_px: float) -> Float:
    """Gaussian-filtered white noise, (size, size) zero mean, unit standard deviation, correlation ``sigma_px``."""
    step = max(1, int(sigma_px / 1.5))
    small = rng.standard_normal((size // step + 4, size // step + 4), dtype=np.float32)
    small = cv2.GaussianBlur(small, (0, 0), max(sigma_px / step, 0.3))
    small = (small - small.mean()) / (small.std() + 1e-6)
    if step == 1:
        return np.ascontiguousarray(small[:size, :size])
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)


def _wave(rng: np.random.Generator, s: Float, low_mm: float, high_mm: float, terms: int = 3) -> Float:
    """Sum of sines along ``s`` with unit-slope amplitude, wavelengths between the two limits."""
    length = np.exp(rng.uniform(np.log(low_mm), np.log(high_mm), terms))
    phase = rng.uniform(0, 2 * np.pi, terms)
    waves = np.sin(2 * np.pi * s[:, None] / length + phase) * (length / (2 * np.pi))
    return np.asarray(waves @ rng.standard_normal(terms) / np.sqrt(terms), np.float32)


def _envelope(rng: np.random.Generator, s: Float, start: float, end: float, soft: bool = False) -> Float:
    """Strength along a line: tapered ends, slow variation and sometimes a gap; ``soft`` for wide folds."""
    taper = rng.uniform(10.0, 30.0) if soft else rng.uniform(2.0, 9.0)
    rise = np.clip((s - start) / taper, 0, 1)
    fall = np.clip((end - s) / taper, 0, 1)
    value = rise * rise * (3 - 2 * rise) * fall * fall * (3 - 2 * fall)
    if soft:
        return np.asarray(value, np.float32)
    value = value * (1 + 0.25 * np.tanh(_wave(rng, s, 6, 40) * 0.6))
    if rng.random() < 0.25:
        gap, width = rng.uniform(start, end), rng.uniform(0.8, 4.0)
        value = value * (1 - rng.uniform(0.3, 1.0) * np.exp(-(((s - gap) / width) ** 2)))
    return np.asarray(value, np.float32)


@dataclass
class _Canvas:
    """The relief under construction; ``mm`` is the size of a sample."""

    height: Float
    groove: Float
    mm: float

    def carve(self, rng: np.random.Generator, centre: Float, envelope: Float, width: float, depth: float) -> None:
        """Press one line into the relief: ``centre`` is its y in mm per column, ``envelope`` its strength per column.

        h = D e(u) [-exp(-|d/w|^p / 2) + B exp(-(((|d/w| - 2.3) / 1.2)^2) / 2)], sides of different width.
        """
        size, mm = self.height.shape[0], self.mm
        power, shoulder = rng.uniform(1.1, 2.3), rng.uniform(0.0, 0.35)
        skew = float(np.exp(rng.uniform(np.log(0.7), np.log(1.4))))
        reach = 5.2 * width * max(skew, 1 / skew) + 2 * mm
        live = envelope > 0.004
        if not live.any():
            return
        low = int(max(0, (centre[live].min() - reach) / mm))
        high = int(min(size, (centre[live].max() + reach) / mm + 1))
        first, last = int(np.argmax(live)), size - int(np.argmax(live[::-1]))
        if high <= low:
            return
        slope = np.gradient(centre, mm)
        wide = width * (1 + 0.2 * np.tanh(_wave(rng, np.arange(size, dtype=np.float32) * mm, 8, 50) * 0.5))
        y = (np.arange(low, high, dtype=np.float32) * mm)[:, None]
        scale = (1 / (np.sqrt(1 + slope**2) * wide)).astype(np.float32)[first:last]
        q = (y - centre[None, first:last]) * scale
        q = np.where(q > 0, q * skew, q / -skew)
        # The bottom of a fold has a radius, and no sample is a point: soften the cusp by a fifth of a sample.
        q = np.sqrt(q * q + (0.35 * mm * scale) ** 2)
        core = np.exp(-0.5 * q**power)
        strength = (envelope * depth)[None, first:last]
        self.height[low:high, first:last] -= strength * core
        if shoulder > 0.03:
            self.height[low:high, first:last] += strength * shoulder * np.exp(-0.5 * ((q - 2.3) / 1.2) ** 2)
        part = self.groove[low:high, first:last]
        np.maximum(part, core * envelope[None, first:last] * min(1.0, depth / 0.25), out=part)


def _log_uniform(rng: np.random.Generator, limits: Range) -> float:
    return float(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]))))


def _family(rng: np.random.Generator, canvas: _Canvas, style: LineStyle, age: float) -> None:
    """A family of roughly parallel or fanned lines, with branches and short crossing lines."""
    size, mm = canvas.height.shape[0], canvas.mm
    extent = size * mm
    s = np.arange(size, dtype=np.float32) * mm
    count = int(rng.integers(style.count[0], style.count[1] + 1))
    spacing = _log_uniform(rng, style.spacing)
    tilt, bend = rng.normal(0, 0.15), rng.normal(0, style.bend)
    pivot = rng.uniform(-0.3, 1.3) * extent
    y = extent / 2 - spacing * (count - 1) / 2 + rng.normal(0, 0.15) * extent
    base_depth, base_width = float(rng.uniform(*style.depth)) * age, _log_uniform(rng, style.width)
    shared = _wave(rng, s, 15, 80) * rng.uniform(0, 0.12)
    for k in range(count):
        fan = style.fan * (k - (count - 1) / 2) / max(count - 1, 1) * 2
        slope = tilt + fan + rng.normal(0, 0.05)
        centre = y + slope * (s - pivot) * (1 if style.fan > 0.3 else 0.6) + 0.5 * bend * (s - pivot) ** 2
        centre = np.asarray(centre + shared + _wave(rng, s, 5, 40) * rng.uniform(0.02, 0.15), np.float32)
        width = float(np.clip(base_width * np.exp(rng.normal(0, 0.3)), style.width[0], style.width[1]))
        depth = min(base_depth * float(np.exp(rng.normal(0, 0.3))), 0.55 * width, style.depth[1])
        length = rng.uniform(0.35, 1.4) * extent
        start = rng.uniform(-0.25, 1.0) * extent - 0.3 * length
        canvas.carve(rng, centre, _envelope(rng, s, start, start + length), width, depth)
        if rng.random() < 0.3:  # a branch that leaves the line at a small angle
            at = rng.uniform(start, start + length)
            side = np.maximum(s - at, 0) if rng.random() < 0.5 else np.maximum(at - s, 0)
            branch = np.asarray(centre + rng.choice([-1, 1]) * rng.uniform(0.15, 0.7) * side, np.float32)
            span = rng.uniform(4, 18)
            ends = (at - span, at + 1) if side[0] > 0 else (at - 1, at + span)
            canvas.carve(rng, branch, _envelope(rng, s, *ends), width * 0.8, depth * rng.uniform(0.3, 0.8))
        y += spacing * float(np.exp(rng.normal(0, 0.25)))


def _transposed(canvas: _Canvas) -> _Canvas:
    return _Canvas(canvas.height.T, canvas.groove.T, canvas.mm)


def _fold(rng: np.random.Generator, canvas: _Canvas, age: float) -> None:
    """A bulge that ends in a crease, as the cheek does at the nasolabial fold or a bag under an eye."""
    size, mm = canvas.height.shape[0], canvas.mm
    extent = size * mm
    s = np.arange(size, dtype=np.float32) * mm
    centre = rng.uniform(0.25, 0.75) * extent + rng.normal(0, 0.2) * (s - extent / 2)
    centre = centre + rng.normal(0, 0.012) * (s - extent / 2) ** 2 + _wave(rng, s, 20, 60) * 0.08
    envelope = _envelope(rng, s, rng.uniform(-20, 20), rng.uniform(extent - 25, extent + 20), soft=True)
    width, amount = rng.uniform(1.8, 4.0), rng.uniform(0.1, 0.5) * age
    y = (np.arange(size, dtype=np.float32) * mm)[:, None]
    d = (y - centre[None]) * rng.choice([-1.0, 1.0]) / width
    # Steep towards the crease, slow on the far side.
    bulge = np.where(d > 0, d * np.exp(1 - d), -0.15 * np.tanh(-d) * np.exp(d))
    canvas.height += (amount * envelope[None] * bulge).astype(np.float32)
    if rng.random() < 0.7:
        canvas.carve(rng, np.asarray(centre, np.float32), envelope, rng.uniform(0.5, 1.8), 0.35 * amount)


def _bumps(rng: np.random.Generator, canvas: _Canvas, count: int, limit_mm: float) -> None:
    """Round bumps and pits (pimples, scars) up to ``limit_mm`` high."""
    size, mm = canvas.height.shape[0], canvas.mm
    for _ in range(count):
        radius = _log_uniform(rng, (0.5, 2.5)) / mm
        half = int(3 * radius) + 1
        x, y = rng.integers(0, size, 2)
        rows, cols = slice(max(0, y - half), y + half), slice(max(0, x - half), x + half)
        yy, xx = np.ogrid[rows.start : min(rows.stop, size), cols.start : min(cols.stop, size)]
        shape = np.exp(-0.5 * ((xx - x) ** 2 + (yy - y) ** 2) / radius**2)
        canvas.height[rows, cols] += (rng.uniform(-0.6, 1.0) * limit_mm * shape).astype(np.float32)


def _grain(rng: np.random.Generator, canvas: _Canvas, roughness: float) -> None:
    """Pores (0.8-1.4 per mm2, 0.04-0.06 mm deep) and micro-relief below the scale of wrinkles."""
    size, mm = canvas.height.shape[0], canvas.mm
    per_sample = rng.uniform(0.8, 1.4) * mm * mm
    pits = (rng.random((size, size), dtype=np.float32) < per_sample).astype(np.float32)
    radius = rng.uniform(0.08, 0.16)
    # Volume of a Gaussian pit spread over the sample area.
    depth = rng.uniform(0.01, 0.05) * roughness * min(1.0, 2 * np.pi * radius**2 / mm**2 + 0.3)
    canvas.height -= blur(pits, max(radius / mm, 0.45)) * depth / 0.55
    ridged = np.abs(noise(rng, size, rng.uniform(0.2, 0.45) / mm)) - 0.8
    canvas.height += ridged * (rng.uniform(0.002, 0.008) * roughness)


def make_relief(rng: np.random.Generator, region: str, size: int, mm: float) -> Relief:
    """Relief of one tile of ``size`` samples of ``mm``; see :class:`Relief`. Smooth tiles carry only skin grain."""
    canvas = _Canvas(np.zeros((size, size), np.float32), np.zeros((size, size), np.float32), mm)
    roughness = float(np.exp(rng.normal(0, 0.4)))
    if region == "smooth":
        canvas.height += noise(rng, size, rng.uniform(1.0, 4.0) / mm) * rng.uniform(0.0, 0.003)
    else:
        age = float(rng.uniform(0.4, 1.2))
        style = STYLES[region]
        _family(rng, _transposed(canvas) if style.vertical else canvas, style, age)
        if rng.random() < 0.35:  # a second family, often across the first
            second = STYLES[str(rng.choice(list(STYLES)))]
            _family(rng, _transposed(canvas) if rng.random() < 0.6 else canvas, second, age * rng.uniform(0.2, 0.9))
        if rng.random() < (0.4 if region in ("nasolabial", "under_eye", "chin") else 0.08):
            _fold(rng, _transposed(canvas) if rng.random() < 0.3 else canvas, age)
        if rng.random() < 0.3:
            _bumps(rng, canvas, int(rng.integers(1, 6)), 0.15)
        canvas.height += noise(rng, size, rng.uniform(0.8, 3.5) / mm) * rng.uniform(0.001, 0.02) * age
    _grain(rng, canvas, roughness)
    return Relief(canvas.height, canvas.groove)
