# SPDX-License-Identifier: GPL-3.0-or-later
"""Small functions that several modelling scripts share."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def smooth(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 at ``low``, 1 at ``high``, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def to_line(p: np.ndarray, line: np.ndarray) -> np.ndarray:
    """(V,) distance of (V, k) points to a polyline (n, k)."""
    best = np.full(len(p), np.inf)
    for a, b in pairwise(line):
        t = np.clip(((p - a) @ (b - a)) / max(float((b - a) @ (b - a)), 1e-12), 0, 1)
        best = np.minimum(best, ((p - a - t[:, None] * (b - a)) ** 2).sum(axis=1))
    return np.sqrt(best)
