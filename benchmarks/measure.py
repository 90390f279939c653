# SPDX-License-Identifier: GPL-3.0-or-later
"""How well a relief matches the truth, in the band of wrinkles (Gaussian sigma 0.5 to 5 mm).

All maps are (S, S) float32 mm. ``steps`` are the (rows, columns) sizes of a texel in mm, scalars or maps; ``where`` is
a (S, S) bool map of what counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
Bool = npt.NDArray[np.bool_]
Steps = tuple[float | Float, float | Float]

LOW_MM, HIGH_MM = 0.5, 5.0
WRINKLE_SLOPE = 0.06
"""A texel is part of a wrinkle where the true slope, averaged over 1 mm, exceeds this (3.4 degrees)."""
SMOOTH_SLOPE = 0.01


@dataclass(frozen=True)
class Score:
    """r2: of displacement with the map as it is. slope: correlation of slopes on wrinkle texels. wrinkle_angle, angle:
    mean normal error as a share of a flat map's, on wrinkle texels and on all. factor: the best global strength.
    false_um: RMS of relief that is not there where the truth is smooth, in micrometres (nan without smooth skin)."""

    r2: float
    slope: float
    wrinkle_angle: float
    angle: float
    factor: float
    false_um: float


def _blur(image: Float, sigma: float) -> Float:
    return cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)


def band(height: Float, texel_mm: float, where: Bool) -> Float:
    """What lies between ``LOW_MM`` and ``HIGH_MM``, by Gaussians normalised to ``where``."""
    weight = where.astype(np.float32)
    masked = np.where(where, height, 0).astype(np.float32)
    parts = [_blur(masked, s / texel_mm) / np.maximum(_blur(weight, s / texel_mm), 1e-3) for s in (LOW_MM, HIGH_MM)]
    return np.where(where, parts[0] - parts[1], 0).astype(np.float32)


def slopes(height: Float, steps: Steps) -> Float:
    """(S, S, 2) mm per mm along columns and rows."""
    dy, dx = np.gradient(height)
    return np.dstack((dx / steps[1], dy / steps[0])).astype(np.float32)


def wrinkle_texels(truth: Float, texel_mm: float, steps: Steps, where: Bool) -> Bool:
    """Where the true relief is a wrinkle; ``truth`` already limited to the band."""
    steep = np.linalg.norm(slopes(truth, steps), axis=-1).astype(np.float32)
    return where & (_blur(steep, 1.0 / texel_mm) > WRINKLE_SLOPE)


def smooth_texels(truth: Float, texel_mm: float, steps: Steps, where: Bool) -> Bool:
    """Where the true relief is nearly flat for millimetres around."""
    steep = np.linalg.norm(slopes(truth, steps), axis=-1).astype(np.float32)
    return where & (_blur(steep, 2.5 / texel_mm) < SMOOTH_SLOPE)


def _angles(a: Float, b: Float) -> Float:
    """Angle in degrees between the normals of two slope maps (N, 2)."""
    dot = 1 + (a * b).sum(-1)
    return np.degrees(np.arccos(np.clip(dot / np.sqrt((1 + (a * a).sum(-1)) * (1 + (b * b).sum(-1))), -1, 1)))


@dataclass
class Tally:
    """Sums over many maps, so that a table row speaks for all of them together."""

    error: float = 0.0
    power: float = 0.0
    guess_power: float = 0.0
    product: float = 0.0
    slope_sums: tuple[float, float, float] = (0.0, 0.0, 0.0)
    angles: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    smooth: tuple[float, int] = (0.0, 0)

    def add(
        self, guess: Float, truth: Float, texel_mm: float, steps: Steps, where: Bool, scored: Bool | None = None
    ) -> None:
        """Add one map. ``where``: what both maps cover; ``scored``: the part that counts, all of it when None."""
        g, t = band(guess, texel_mm, where), band(truth, texel_mm, where)
        inside = where if scored is None else where & scored
        self.error += float(np.square(g - t)[inside].sum())
        self.power += float(np.square(t)[inside].sum())
        self.guess_power += float(np.square(g)[inside].sum())
        self.product += float((g * t)[inside].sum())
        gs, ts = slopes(g, steps), slopes(t, steps)
        folds = wrinkle_texels(t, texel_mm, steps, inside)
        a, b = gs[folds].ravel(), ts[folds].ravel()
        sums = (float(a @ b), float(a @ a), float(b @ b))
        self.slope_sums = tuple(x + y for x, y in zip(self.slope_sums, sums, strict=True))  # type: ignore[assignment]
        flat = np.zeros((1, 2), np.float32)
        found = (
            float(_angles(gs[folds], ts[folds]).sum()),
            float(_angles(flat, ts[folds]).sum()),
            float(_angles(gs[inside], ts[inside]).sum()),
            float(_angles(flat, ts[inside]).sum()),
        )
        self.angles = tuple(x + y for x, y in zip(self.angles, found, strict=True))  # type: ignore[assignment]
        calm = smooth_texels(t, texel_mm, steps, inside)
        self.smooth = self.smooth[0] + float(np.square((g - t)[calm]).sum()), self.smooth[1] + int(calm.sum())

    def score(self) -> Score:
        ab, aa, bb = self.slope_sums
        return Score(
            r2=1 - self.error / max(self.power, 1e-12),
            slope=ab / max(np.sqrt(aa * bb), 1e-12),
            wrinkle_angle=self.angles[0] / max(self.angles[1], 1e-12),
            angle=self.angles[2] / max(self.angles[3], 1e-12),
            factor=self.product / max(self.guess_power, 1e-12),
            false_um=1000 * float(np.sqrt(self.smooth[0] / self.smooth[1])) if self.smooth[1] else float("nan"),
        )


def average_precision(score: Float, truth: Bool, where: Bool) -> float:
    """Area under precision over recall of ``score`` as a detector of ``truth`` within ``where``."""
    order = np.argsort(-score[where], kind="stable")
    hits = truth[where][order].astype(np.float64)
    if not hits.any():
        return float("nan")
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / hits.sum())
