# SPDX-License-Identifier: GPL-3.0-or-later
"""Above or below: which lip, and which lid, a vertex belongs to.

The rims of closed lips touch, so that neither place nor normal tells them apart. The way along the skin does: from the
rim of the lower lip it is short to the lower lip and leads round the mouth's corner to the upper one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Float, Int
from .geometry import Array

# Landmarks above, landmarks below, and how far around them the question arises, in mm.
_OPENINGS = (
    ((50, 51, 52), (56, 57, 58), 42.0),
    ((37, 38), (40, 41), 18.0),
    ((43, 44), (46, 47), 18.0),
)
_CERTAIN_MM = 4.0  # a way longer by this much leaves no doubt


def sides(mean: Float, triangles: Int, landmarks: Int, scale: float = 1.0) -> Array:
    """(V,) from -1, surely below the mouth's or the eye's opening, to 1, surely above; 0 in doubt and elsewhere.

    mean: (V, 3), a length of 1 mm being ``scale`` there. landmarks: (68,) vertices or -1; openings without are left
    out.
    """
    out = np.zeros(len(mean))
    edges = np.concatenate((triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]))
    for above, below, reach in _OPENINGS:
        high, low = landmarks[list(above)], landmarks[list(below)]
        if min(high.min(), low.min()) < 0:
            continue
        middle = mean[np.concatenate((high, low))].mean(axis=0)
        away = np.linalg.norm(mean - middle, axis=1) / (reach * scale)
        near = edges[(away[edges] < 1.0).all(axis=1)]
        to_low, to_high = _ways(mean, near, low), _ways(mean, near, high)
        known = np.isfinite(to_low) & np.isfinite(to_high)
        fade = np.clip(3.0 * (1.0 - away[known]), 0.0, 1.0)
        out[known] += np.clip((to_low[known] - to_high[known]) / (_CERTAIN_MM * scale), -1.0, 1.0) * fade
    return out


def _ways(mean: Float, edges: Int, seeds: Int) -> npt.NDArray[np.float64]:
    """(V,) length of the shortest way along ``edges`` from the nearest of ``seeds``; infinite where there is none."""
    ends, starts = np.concatenate((edges, edges[:, ::-1])).T
    order = np.argsort(ends, kind="stable")
    ends, starts = ends[order], starts[order]
    length = np.linalg.norm(mean[ends].astype(np.float64) - mean[starts], axis=1)
    reached, first = np.unique(ends, return_index=True)
    way = np.full(len(mean), np.inf)
    way[seeds] = 0.0
    while len(first):
        shorter = np.minimum(way[reached], np.minimum.reduceat(way[starts] + length, first))
        if np.array_equal(shorter, way[reached]):
            break
        way[reached] = shorter
    return way
