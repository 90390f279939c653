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
    for points, track in zip((RIGHT, LEFT), sub.tracks, strict=True):
        if len(track) == 0:
            continue
        candidates = projected[track]
        for point in points:
            normal = normals[point]
            best = (candidates @ normal).argmax(axis=1)
            stations = np.arange(len(track))
            away = candidates[stations, best] - marks[point]
            along = np.abs(away @ [-normal[1], normal[0]])
            station = int(along.argmin())
            if along[station] < _REACH * eyes_px:
                ids.append(point)
                rows.append(track[station, best[station]])
    chosen = np.asarray(ids, np.intp)
    return Outline(chosen, np.asarray(rows, np.intp), normals[chosen])


def _normals(marks: Array) -> Array:
    """(17, 2) unit normals of the jaw line, away from the face's middle."""
    tangent = np.gradient(marks[:17], axis=0)
    normal = np.column_stack((tangent[:, 1], -tangent[:, 0]))
    outward = np.sign(((marks[:17] - marks[27:36].mean(axis=0)) * normal).sum(axis=1))
    normal *= np.where(outward == 0.0, 1.0, outward)[:, None]
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9))
