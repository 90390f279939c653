# SPDX-License-Identifier: GPL-3.0-or-later
"""Which vertices the jaw landmarks of a photo lie on, in a given view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .camera import Array
from .submodel import SubModel
from .tracks import LEFT, RIGHT

_REACH = 0.10  # of the distance of the outer eye corners, along the outline


@dataclass(frozen=True, eq=False)
class Outline:
    """ids: (n,) jaw landmarks. rows: (n,) rows of the sub-model. normals: (n, 2) outward unit normals of the outline,
    px."""

    ids: npt.NDArray[np.intp]
    rows: npt.NDArray[np.intp]
    normals: Array


def outline_of(sub: SubModel, projected: Array, marks: Array, eyes_px: float) -> Outline:
    """Match jaw landmarks to the outermost vertex of each track.

    projected: (N, 2) px of the sub-model. marks: (68, 2) px. eyes_px: distance of the outer eye corners in px.
    Landmarks beyond the ends of the outline are left out.
    """
    normals = _normals(marks)
    ids, rows = [], []
    for side, track in zip((RIGHT, LEFT), sub.tracks, strict=True):
        if len(track) == 0:
            continue
        points, candidates = np.asarray(side), projected[track]
        across = normals[points]
        best = np.einsum("scd,pd->psc", candidates, across).argmax(axis=2)
        stations = np.arange(len(track))
        away = candidates[stations, best] - marks[points, None]
        along = np.abs(away[..., 0] * -across[:, 1:] + away[..., 1] * across[:, :1])
        station = along.argmin(axis=1)
        near = along[np.arange(len(points)), station] < _REACH * eyes_px
        ids.append(points[near])
        rows.append(track[station, best[np.arange(len(points)), station]][near])
    chosen = np.concatenate([np.zeros(0, np.intp), *ids])
    return Outline(chosen, np.concatenate([np.zeros(0, np.intp), *rows]), normals[chosen])


def _normals(marks: Array) -> Array:
    """(17, 2) unit normals of the jaw line, away from the face's middle."""
    tangent = np.gradient(marks[:17], axis=0)
    normal = np.column_stack((tangent[:, 1], -tangent[:, 0]))
    outward = np.sign(((marks[:17] - marks[27:36].mean(axis=0)) * normal).sum(axis=1))
    normal *= np.where(outward == 0.0, 1.0, outward)[:, None]
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9))
