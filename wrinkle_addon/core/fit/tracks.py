# SPDX-License-Identifier: GPL-3.0-or-later
"""Stations along the jaw on which the outline of the face may lie.

The outline moves over the skin when the head turns. Each station is a track of vertices that runs from the jaw line
forward over the cheek; in a given view the track's outermost vertex is the outline (landmark marching: Zhu et al.,
"High-fidelity pose and expression normalization", CVPR 2015).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Float, Int

RIGHT, LEFT = tuple(range(0, 8)), tuple(range(9, 17))
"""Jaw landmarks on the subject's right and left, numbered from 0; between them is the chin."""
STATIONS, CANDIDATES = 20, 12
_REACH, _HALF_WIDTH, _BACK = 50.0, 2.5, 3.0  # mm on a face whose outer eye corners are 89 mm apart
_EYES = 89.2


def contour_tracks(mean: Float, landmarks: Int, contour: Int) -> npt.NDArray[np.intp]:
    """(STATIONS, CANDIDATES) vertices; the first of each row is on the jaw line. Empty rows when there is no
    contour."""
    if len(contour) < 2 or min(landmarks[36], landmarks[45], landmarks[33]) < 0:
        return np.zeros((0, CANDIDATES), np.intp)
    scale = float(np.linalg.norm(mean[landmarks[45]] - mean[landmarks[36]])) / _EYES
    line = _ordered(mean, landmarks, contour)
    base, tangent = _stations(line)
    side = np.sign(base[:, 0].mean() - mean[landmarks[33], 0])
    near = np.flatnonzero(
        (side * (mean[:, 0] - mean[landmarks[33], 0]) > 0)
        & (mean[:, 1] < line[:, 1].max() + 10 * scale)
        & (mean[:, 2] > line[:, 2].min() - _BACK * scale)
    )
    points = mean[near].astype(np.float64)
    return np.stack([_track(points, near, b, t, scale) for b, t in zip(base, tangent, strict=True)])


def _ordered(mean: Float, landmarks: Int, contour: Int) -> npt.NDArray[np.float64]:
    """The contour's points from the ear to the chin, by their angle around the base of the nose as seen from the
    front."""
    points = mean[contour].astype(np.float64)
    if landmarks[8] >= 0:
        points = np.concatenate((points, mean[landmarks[8]][None].astype(np.float64)))
    away = points - mean[landmarks[33]]
    angle = np.arctan2(np.abs(away[:, 0]), -away[:, 1])
    return np.asarray(points[np.argsort(-angle)])


def _stations(line: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """STATIONS points evenly along a polyline and the unit tangents there."""
    smooth = line.copy()
    smooth[1:-1] = 0.25 * line[:-2] + 0.5 * line[1:-1] + 0.25 * line[2:]
    length = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(smooth, axis=0), axis=1))))
    at = np.linspace(0.0, length[-1], STATIONS)
    points = np.column_stack([np.interp(at, length, smooth[:, k]) for k in range(3)])
    tangent = np.gradient(points, axis=0)
    return points, tangent / np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)


def _track(
    points: npt.NDArray[np.float64],
    near: npt.NDArray[np.intp],
    base: npt.NDArray[np.float64],
    tangent: npt.NDArray[np.float64],
    scale: float,
) -> npt.NDArray[np.intp]:
    """CANDIDATES vertices of a strip across the jaw line, spread evenly from the jaw line forward."""
    away = points - base
    along, distance = away @ tangent, np.linalg.norm(away, axis=1)
    start = int(distance.argmin())
    strip = np.abs(along) < np.maximum(_HALF_WIDTH, 0.08 * distance / scale) * scale
    inside = strip & (distance < _REACH * scale) & (away[:, 2] > -_BACK * scale)
    candidates = np.flatnonzero(inside)
    if len(candidates) == 0:
        return np.full(CANDIDATES, near[start], np.intp)
    candidates = candidates[np.argsort(distance[candidates])]
    wanted = np.linspace(0.0, float(distance[candidates[-1]]), CANDIDATES)
    places = np.clip(np.searchsorted(distance[candidates], wanted), 0, len(candidates) - 1)
    track = near[candidates[places]]
    track[0] = near[start]
    return np.asarray(track, np.intp)
