# SPDX-License-Identifier: GPL-3.0-or-later
"""The few vertices of a model that take part in a fit, so that its size does not matter."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ..models.geometry import spread_sample
from ..types import FaceModel
from .camera import Array
from .tracks import LEFT, RIGHT, contour_tracks

_DENSE = 150


@dataclass(frozen=True, eq=False)
class SubModel:
    """Rows of a model: N vertices.

    mean: (N, 3) mm. basis: (K + E, N * 3), shape then expression. by_vertex: (N, 3, K + E), the same. shapes: K.
    landmark_ids, landmark_rows: iBUG points that have a vertex of their own, and their rows (the jaw has its outline
    instead). dense_ids, dense_rows: likewise of the face mesh network's points. tracks: two arrays (S, C) of rows,
    the stations of the right and left outline (see tracks.py). centre: (3,) mm, middle of the landmarks.
    """

    mean: Array
    basis: Array
    by_vertex: Array
    shapes: int
    landmark_ids: npt.NDArray[np.intp]
    landmark_rows: npt.NDArray[np.intp]
    dense_ids: npt.NDArray[np.intp]
    dense_rows: npt.NDArray[np.intp]
    tracks: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
    centre: Array

    def points(self, coefficients: Array) -> Array:
        """(N, 3) mm at (K + E,) coefficients."""
        return np.asarray(self.mean + (coefficients @ self.basis).reshape(-1, 3))


_REMEMBERED: WeakKeyDictionary[FaceModel, SubModel] = WeakKeyDictionary()


def submodel_of(model: FaceModel) -> SubModel:
    """The sub-model; remembered as long as the model lives."""
    found = _REMEMBERED.get(model)
    if found is None:
        found = _REMEMBERED[model] = _cut(model)
    return found


def _cut(model: FaceModel) -> SubModel:
    fixed = model.landmarks >= 0
    if len(model.right_contour) and len(model.left_contour):
        fixed[[*RIGHT, *LEFT]] = False
    landmark_ids = np.flatnonzero(fixed)
    dense_ids = _dense_ids(model)
    right = contour_tracks(model.mean, model.landmarks, model.right_contour)
    left = contour_tracks(model.mean, model.landmarks, model.left_contour)
    landmark_vertices = model.landmarks[landmark_ids]
    dense_vertices = model.dense[dense_ids] if model.dense is not None else np.zeros(0, np.int32)
    parts = [landmark_vertices, dense_vertices, right.ravel(), left.ravel()]
    vertices, rows = np.unique(np.concatenate(parts).astype(np.intp), return_inverse=True)
    ends = np.cumsum([len(part) for part in parts])
    basis = np.concatenate((model.shape_basis[:, vertices], model.expression_basis[:, vertices])).astype(np.float64)
    mean = model.mean[vertices].astype(np.float64)
    return SubModel(
        mean=mean,
        basis=basis.reshape(len(basis), -1),
        by_vertex=np.ascontiguousarray(basis.transpose(1, 2, 0)),
        shapes=len(model.shape_basis),
        landmark_ids=landmark_ids,
        landmark_rows=rows[: ends[0]],
        dense_ids=dense_ids,
        dense_rows=rows[ends[0] : ends[1]],
        tracks=(rows[ends[1] : ends[2]].reshape(right.shape), rows[ends[2] :].reshape(left.shape)),
        centre=mean[rows[: ends[0]]].mean(axis=0),
    )


def _dense_ids(model: FaceModel) -> npt.NDArray[np.intp]:
    """Some of the network's points, spread evenly: neighbours err together, so all would cost time and tell no more."""
    if model.dense is None:
        return np.zeros(0, np.intp)
    known = np.flatnonzero(model.dense >= 0)
    return np.sort(known[spread_sample(model.mean[model.dense[known]].astype(np.float64), _DENSE)])
