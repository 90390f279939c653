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
SMOOTH_SLOPE, SMOOTH_MM = 0.01, 0.005
"""Skin is smooth where the true slope and the true relief, both over 2.5 mm, are below these: what a guess shows there
is false. Without the second, missing a wide shallow fold would count as false relief too."""


@dataclass(frozen=True)
class Score:
    """r2: of displacement with the map as it is. slope: correlation of slopes on wrinkle texels. wrinkle_angle, angle:
    mean normal error as a share of a flat map's, on wrinkle texels and on all. factor: the best global strength. All
    of these are nan where the truth has no relief. false_um: RMS of relief that is not there where the truth is smooth,
    in micrometres (nan without smooth skin)."""

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
    """Where the true relief is nearly flat for millimetres around; ``truth`` already limited to the band."""
    steep = np.linalg.norm(slopes(truth, steps), axis=-1).astype(np.float32)
    flat = _blur(steep, 2.5 / texel_mm) < SMOOTH_SLOPE
    return where & flat & (_blur(np.square(truth), 2.5 / texel_mm) < SMOOTH_MM**2)


def _angles(a: Float, b: Float) -> Float:
    """Angle in degrees between the normals of two slope maps (N, 2)."""
    dot = 1 + (a * b).sum(-1)
    return np.degrees(np.arccos(np.clip(dot / np.sqrt((1 + (a * a).sum(-1)) * (1 + (b * b).sum(-1))), -1, 1)))


@dataclass(frozen=True, eq=False)
class Compared:
    """A guess beside the truth, both (h, w) in the band, cut to what counts. slopes: (h, w, 2). wrong, flat: angle in
    degrees between the true normals and the guess's or a flat map's. folds, calm: see `wrinkle_texels`,
    `smooth_texels`."""

    guess: Float
    truth: Float
    guess_slopes: Float
    truth_slopes: Float
    wrong: Float
    flat: Float
    where: Bool
    folds: Bool
    calm: Bool
    cut: tuple[slice, slice]


def compare(guess: Float, truth: Float, texel_mm: float, steps: Steps, where: Bool) -> Compared:
    """Guess and truth (S, S) where ``where``; the work that all tallies of one map share."""
    rows, columns = np.nonzero(where.any(axis=1))[0], np.nonzero(where.any(axis=0))[0]
    margin = int(3 * HIGH_MM / texel_mm) + 1
    cut = tuple(slice(max(at[0] - margin, 0), at[-1] + margin) for at in (rows, columns))
    guess, truth, where = guess[cut], truth[cut], where[cut]
    steps = tuple(step[cut] if isinstance(step, np.ndarray) else step for step in steps)  # type: ignore[assignment]
    g, t = band(guess, texel_mm, where), band(truth, texel_mm, where)
    gs, ts = slopes(g, steps), slopes(t, steps)
    folds, calm = (find(t, texel_mm, steps, where) for find in (wrinkle_texels, smooth_texels))
    return Compared(g, t, gs, ts, _angles(gs, ts), _angles(np.zeros_like(ts), ts), where, folds, calm, cut)


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
        self.add_compared(compare(guess, truth, texel_mm, steps, where), scored)

    def add_compared(self, both: Compared, scored: Bool | None = None) -> None:
        """The same with the work already done. scored: of the whole map."""
        inside = both.where if scored is None else both.where & scored[both.cut]
        g, t = both.guess[inside], both.truth[inside]
        self.error += float(np.square(g - t).sum())
        self.power += float(np.square(t).sum())
        self.guess_power += float(np.square(g).sum())
        self.product += float((g * t).sum())
        folds = both.folds & inside
        a, b = both.guess_slopes[folds].ravel(), both.truth_slopes[folds].ravel()
        sums = (float(a @ b), float(a @ a), float(b @ b))
        self.slope_sums = tuple(x + y for x, y in zip(self.slope_sums, sums, strict=True))  # type: ignore[assignment]
        found = tuple(float(angle[part].sum()) for part in (folds, inside) for angle in (both.wrong, both.flat))
        self.angles = tuple(x + y for x, y in zip(self.angles, found, strict=True))  # type: ignore[assignment]
        calm = both.calm & inside
        error = float(np.square((both.guess - both.truth)[calm]).sum())
        self.smooth = self.smooth[0] + error, self.smooth[1] + int(calm.sum())

    def score(self) -> Score:
        ab, aa, bb = self.slope_sums
        if self.power < 1e-9:  # no wrinkles: only what is false can be told
            nothing = float("nan")
            return Score(nothing, nothing, nothing, nothing, nothing, self._false_um())
        return Score(
            r2=1 - self.error / max(self.power, 1e-12),
            slope=ab / max(np.sqrt(aa * bb), 1e-12),
            wrinkle_angle=self.angles[0] / max(self.angles[1], 1e-12),
            angle=self.angles[2] / max(self.angles[3], 1e-12),
            factor=self.product / max(self.guess_power, 1e-12),
            false_um=self._false_um(),
        )

    def _false_um(self) -> float:
        return 1000 * float(np.sqrt(self.smooth[0] / self.smooth[1])) if self.smooth[1] else float("nan")


def average_precision(score: Float, truth: Bool, where: Bool) -> float:
    """Area under precision over recall of ``score`` as a detector of ``truth`` within ``where``."""
    order = np.argsort(-score[where], kind="stable")
    hits = truth[where][order].astype(np.float64)
    if not hits.any():
        return float("nan")
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / hits.sum())
