# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw per-vertex values into UV with exact barycentric interpolation (NumPy, for the modelling scripts)."""

from __future__ import annotations

import numpy as np


def draw(uv: np.ndarray, triangles: np.ndarray, values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate (V, n) values into a (size, size, n) float32 map; the second result is the (size, size) bool cover."""
    corner = np.c_[uv[:, 0] * size - 0.5, (1 - uv[:, 1]) * size - 0.5][triangles]
    low = np.maximum(np.ceil(corner.min(axis=1) - 1e-6), 0).astype(int)
    high = np.minimum(np.floor(corner.max(axis=1) + 1e-6), size - 1).astype(int)
    extent = np.maximum(high - low + 1, 0)
    count = extent[:, 0] * extent[:, 1]
    owner = np.repeat(np.arange(len(triangles)), count)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    x = low[owner, 0] + place % np.maximum(extent[owner, 0], 1)
    y = low[owner, 1] + place // np.maximum(extent[owner, 0], 1)
    a, b, c = (corner[owner, k] for k in range(3))
    p = np.stack([x, y], axis=1)

    def cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]

    area = cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-12, 1e-12, area)
    share = np.stack([cross(b - p, c - p), cross(c - p, a - p), cross(a - p, b - p)], axis=1) / area[:, None]
    hit = (share > -1e-6).all(axis=1)
    out = np.zeros((size, size, values.shape[1]), np.float32)
    cover = np.zeros((size, size), bool)
    drawn = np.einsum("nk,nkc->nc", share[hit], values[triangles[owner[hit]]])
    out[y[hit], x[hit]] = drawn
    cover[y[hit], x[hit]] = True
    return out, cover
