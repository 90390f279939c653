# SPDX-License-Identifier: GPL-3.0-or-later
"""The first pose and coefficients, by eos on the landmark vertices."""

from __future__ import annotations

import eos
import numpy as np

from .camera import TYPICAL_K, Array, Camera, place
from .submodel import SubModel

_LEAST_SQUARES_SHAPES = 30


def eos_start(sub: SubModel, marks: Array, size: tuple[int, int], middle: Array) -> tuple[Camera, Array]:
    """Camera and (K,) shape coefficients from the landmarks that have a vertex.

    marks: (68, 2) px. size: (width, height) px. eos's frame has +Y up, so its rotation is ours. Its basis is
    orthonormal and scaled by eigenvalues; ours is already scaled, so the eigenvalues given are 1.
    """
    rows = sub.landmark_rows
    points, pixels = sub.mean[rows], marks[sub.landmark_ids]
    shapes = min(sub.shapes, _LEAST_SQUARES_SHAPES)
    coefficients = np.zeros(sub.shapes)
    camera = place(_procrustes(points, pixels), points, pixels, middle, sub.centre, TYPICAL_K)
    if len(rows) < 20 or shapes == 0:
        return camera, coefficients
    found = _eos_fit(sub, shapes, pixels, size)
    if found is None:
        return camera, coefficients
    rotation, coefficients[:shapes] = found
    fitted = points + sub.by_vertex[rows, :, : sub.shapes] @ coefficients
    return place(rotation, fitted, pixels, middle, sub.centre, TYPICAL_K), coefficients


def _eos_fit(sub: SubModel, shapes: int, pixels: Array, size: tuple[int, int]) -> tuple[Array, Array] | None:
    """Rotation (3, 3) and shape coefficients by ``eos.fitting.fit_shape_and_pose``; None when they are not numbers."""
    rows = sub.landmark_rows
    mean = sub.mean[rows] - sub.centre
    shape_model = _pca(mean, sub.by_vertex[rows, :, :shapes].transpose(2, 0, 1))
    # eos wants an expression model; one that cannot move holds the first fit neutral.
    still = _pca(np.zeros_like(mean), np.zeros((1, *mean.shape)))
    model = eos.morphablemodel.MorphableModel(shape_model, still, eos.morphablemodel.PcaModel())
    marks = [eos.core.Landmark(str(k), [float(x), float(y)]) for k, (x, y) in enumerate(pixels)]
    mapper = eos.core.LandmarkMapper()
    _, rendering, shape, _ = eos.fitting.fit_shape_and_pose(
        model, marks, mapper, size[0], size[1], num_iterations=3, lambda_identity=30.0
    )
    rotation = np.asarray(rendering.get_modelview(), np.float64)[:3, :3]
    coefficients = np.clip(np.asarray(shape, np.float64), -3.0, 3.0)
    sound = np.isfinite(rotation).all() and np.isfinite(coefficients).all() and np.linalg.det(rotation) > 0.5
    return (rotation, coefficients) if sound else None


def _pca(mean: Array, basis: Array) -> eos.morphablemodel.PcaModel:
    """eos's model of (N, 3) mean and (K, N, 3) basis that is scaled already."""
    columns = np.asfortranarray(basis.reshape(len(basis), -1).T, np.float32)
    eigenvalues = np.ones((len(basis), 1), np.float32)
    return eos.morphablemodel.PcaModel(mean.astype(np.float32).reshape(-1, 1), columns, eigenvalues, [])


def _procrustes(points: Array, pixels: Array) -> Array:
    """Rotation of weak perspective by least squares, its rows made orthonormal."""
    flat = (pixels - pixels.mean(axis=0)) * [1.0, -1.0]
    affine = np.linalg.lstsq(points - points.mean(axis=0), flat, rcond=None)[0].T
    u, _, vt = np.linalg.svd(affine, full_matrices=False)
    first = u @ vt
    return np.vstack((first, np.cross(first[0], first[1])))
