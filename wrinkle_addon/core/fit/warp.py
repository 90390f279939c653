# SPDX-License-Identifier: GPL-3.0-or-later
"""The smooth warp in the image that brings the projected landmarks onto the detected ones.

A displacement field that does so is the posterior mean of a Gaussian process with a Matern-5/2 kernel (Rasmussen and
Williams, "Gaussian Processes for Machine Learning", 2006, eq. 4.17): smooth, and fading out away from the landmarks.
Where neighbours are pulled apart or together it may fold the image. So the way is gone in steps, each so short that
it folds nothing; a sequence of such steps folds nothing either, however far it leads.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..types import Float
from .camera import Array

_REACH = 0.18  # correlation length, of the distance of the outer eye corners
_LARGEST = 0.15  # a single landmark is never followed further than this
_NOISE = 0.001  # of a landmark; what the warp leaves of its error
_LEAST_AREA = 0.25  # what a step must leave of every small area
_GRID = 48
_STEPS = 8  # two or three are the most that faces need


def warp_points(points: Array, at: Array, moves: Array, noise: Array, eyes_px: float) -> Array:
    """(V, 2) ``points`` moved by the warp that takes ``at`` (n, 2) by ``moves`` (n, 2), all in px.

    noise: (n,) standard deviations, 1 = that of a confident landmark. eyes_px: distance of the outer eye corners.
    """
    length = np.maximum(np.linalg.norm(moves, axis=1, keepdims=True), 1e-9)
    moves = moves * np.minimum(1.0, _LARGEST * eyes_px / length)
    axes = [np.linspace(column.min() - 1.0, column.max() + 1.0, _GRID) for column in points.T]
    start = np.stack(np.meshgrid(*axes), axis=2)
    own = np.diag((noise * _NOISE * eyes_px) ** 2) / max(float((moves**2).mean()), (0.01 * eyes_px) ** 2)
    grid, reached, left, share = start, at, moves, 0.0
    for _ in range(_STEPS):
        inside = _kernel(reached, reached, eyes_px)
        pull = np.linalg.solve(inside + own, left).astype(np.float32)
        step = (_kernel(grid.reshape(-1, 2), reached, eyes_px) @ pull).reshape(grid.shape)
        share = _share_without_folds(grid, step)
        grid = grid + share * step
        ahead = share * (inside @ pull)
        reached, left = reached + ahead, left - ahead
        if share == 1.0:
            break
    return np.asarray(points + _sampled(grid - start, points, axes), np.float64)


def _share_without_folds(grid: Array, step: Array) -> float:
    """1, or the largest of 1/2, 1/4, 1/8, 1/16 of a step of a (G, G, 2) grid that leaves enough of every small
    area."""
    least = _LEAST_AREA * _areas(grid)
    share = 1.0
    while share > 0.1 and bool((_areas(grid + share * step) < least).any()):
        share /= 2
    return share


def _areas(grid: Array) -> Array:
    """(G, G) area of the cells around the points of a (G, G, 2) grid; negative where it is folded."""
    by_y, by_x = np.gradient(grid, axis=(0, 1))
    return np.asarray(by_x[..., 0] * by_y[..., 1] - by_x[..., 1] * by_y[..., 0])


def _sampled(field: Array, points: Array, axes: list[Array]) -> Array:
    """(V, 2) bicubic values at (V, 2) points of a (G, G, 2) field that is known on ``axes`` of G columns and rows."""
    rows = -(-len(points) // 1024)  # of 1024 points, as OpenCV allows 32767
    places = np.zeros((2, rows * 1024), np.float32)
    for place, column, axis in zip(places, points.T, axes, strict=True):
        place[: len(points)] = (column - axis[0]) / (axis[1] - axis[0])
    x, y = places.reshape(2, rows, 1024)
    found = np.asarray(cv2.remap(field.astype(np.float32), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
    return np.asarray(found.reshape(-1, 2)[: len(points)], np.float64)


def _kernel(a: Array, b: Array, eyes_px: float) -> Float:
    """(A, B) covariances of (A, 2) and (B, 2). Float32 is precise enough about the middle of the points, and fast."""
    middle, unit = b.mean(axis=0), _REACH * eyes_px / np.sqrt(5.0)
    near, far = (((points - middle) / unit).astype(np.float32) for points in (a, b))
    r = near @ (-2.0 * far.T)
    r += (near**2).sum(axis=1)[:, None]
    r += (far**2).sum(axis=1)
    np.sqrt(np.maximum(r, 0.0, out=r), out=r)
    kernel = r / 3.0
    kernel += 1.0
    kernel *= r
    kernel += 1.0
    kernel *= np.exp(-r)
    return np.asarray(kernel, np.float32)
