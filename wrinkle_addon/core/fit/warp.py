# SPDX-License-Identifier: GPL-3.0-or-later
"""The smooth warp in the image that brings the projected landmarks onto the detected ones.

The displacement field is the posterior mean of a Gaussian process with a Matern-5/2 kernel (Rasmussen and Williams,
"Gaussian Processes for Machine Learning", 2006, eq. 4.17), so it is smooth and fades out away from the landmarks.
"""

from __future__ import annotations

import cv2
import numpy as np

from .camera import Array

_REACH = 0.18  # correlation length, of the distance of the outer eye corners
_LARGEST = 0.15  # a single landmark is never followed further than this
_NOISE = 0.001  # of a landmark; what the warp leaves of its error
_LEAST_AREA = 0.15  # what a small area must keep of its size: above 0 nothing folds
_NEAR_FOLD = 0.2  # landmarks this near to a fold are followed less closely
_GRID = 48
_ROUNDS = 10


def warp_points(points: Array, at: Array, moves: Array, noise: Array, eyes_px: float) -> Array:
    """(V, 2) ``points`` moved by the field that takes ``at`` (n, 2) by ``moves`` (n, 2), all in px.

    noise: (n,) standard deviations, 1 = that of a confident landmark. eyes_px: distance of the outer eye corners.
    Where the field would fold, the landmarks around are followed ever less closely until it does not.
    """
    length = np.maximum(np.linalg.norm(moves, axis=1, keepdims=True), 1e-9)
    moves = moves * np.minimum(1.0, _LARGEST * eyes_px / length)
    low, high = points.min(axis=0) - 1.0, points.max(axis=0) + 1.0
    axes = [np.linspace(low[k], high[k], _GRID) for k in (0, 1)]
    grid = np.stack(np.meshgrid(*axes), axis=2).reshape(-1, 2)
    inside = _kernel(at, at, eyes_px)
    across = _kernel(grid, at, eyes_px)
    variance = max(float((moves**2).mean()), (0.01 * eyes_px) ** 2)
    spacing = (high - low) / (_GRID - 1)
    noise = noise * _NOISE * eyes_px
    for _ in range(_ROUNDS):
        own = np.diag(noise**2 / variance)
        field = (across @ np.linalg.solve(inside + own, moves)).reshape(_GRID, _GRID, 2)
        folding = grid[_areas(field, spacing).ravel() < _LEAST_AREA]
        if len(folding) == 0:
            break
        away = np.linalg.norm(at[:, None] - folding[None], axis=2).min(axis=1)
        noise = np.where(away < _NEAR_FOLD * eyes_px, 1.7 * noise, noise)
    return np.asarray(points + _sampled(field, (points - low) / spacing), np.float64)


def _areas(field: Array, spacing: Array) -> Array:
    """(G, G) determinant of the warp's Jacobian on the grid: what a small area is multiplied by."""
    by_y, by_x = (np.gradient(field, spacing[1 - axis], axis=axis) for axis in (0, 1))
    return np.asarray((1.0 + by_x[..., 0]) * (1.0 + by_y[..., 1]) - by_x[..., 1] * by_y[..., 0])


def _sampled(field: Array, places: Array) -> Array:
    """(V, 2) values of a (G, G, 2) field at (V, 2) columns and rows, bicubic; in rows of 1024, as OpenCV allows
    32767."""
    rows = -(-len(places) // 1024)
    padded = np.zeros((rows * 1024, 2), np.float32)
    padded[: len(places)] = places
    x, y = np.ascontiguousarray(padded.T).reshape(2, rows, 1024)
    found = np.asarray(cv2.remap(field.astype(np.float32), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
    return np.asarray(found.reshape(-1, 2)[: len(places)], np.float64)


def _kernel(a: Array, b: Array, eyes_px: float) -> Array:
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2.0 * a @ b.T
    r = np.sqrt(5.0 * np.maximum(squared, 0.0)) / (_REACH * eyes_px)
    return np.asarray((1.0 + r + r * r / 3.0) * np.exp(-r))
