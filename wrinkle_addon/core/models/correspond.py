# SPDX-License-Identifier: GPL-3.0-or-later
"""Dense correspondence: for every vertex of a model, the point of the built-in face that means the same.

The built-in face is laid on the model's mean shape: by a similarity on the landmarks, a spline through them, and then
by splines that draw it onto the surface. Where two sheets of skin lie close together (lips, lids), the normals and the
side of the opening (see sides.py) tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import WrinkleError
from ..progress import Progress, report, silent
from ..types import FaceModel, Float, Int
from . import builtin
from .geometry import (
    Array,
    Nearest,
    closest_on_triangles,
    face_points,
    similarity,
    spread_sample,
    vertex_normals,
    warp_to,
)
from .sides import sides

EYEBALL, MOUTH_INSIDE = 3, 2
_CONTROLS = 500
_SOFTNESS = (60.0, 20.0, 6.0, 2.0, 2.0)  # of the drawn points, from stiff to supple
_FAR = 18.0  # mm: further surface is not the same skin
_NORMAL_MM = 6.0  # a normal turned by one radian counts like this distance
_SIDE_MM = 6.0  # being above instead of in doubt, at the lips or lids, counts like this distance
_JAW = [*range(0, 8), *range(9, 17)]


@dataclass(frozen=True, eq=False)
class Correspondence:
    """triangle: (V,) triangle of the built-in face; weights: (V, 3) barycentric; distance: (V,) mm, how far off it
    lies.

    laid: (B, 3) mm, the built-in face's vertices laid on the model. scale, rotation: model = scale * rotation @
    built-in.
    """

    triangle: npt.NDArray[np.intp]
    weights: Array
    distance: Array
    laid: Array
    scale: float
    rotation: Array


def correspond(mean: Float, triangles: Int, landmarks: Int, progress: Progress = silent) -> Correspondence:
    """The correspondence of a model with the built-in face.

    mean: (V, 3) mm, triangles: (T, 3), landmarks: (68,) vertices or -1. Raises WrinkleError when fewer than 12
    landmarks are known.
    """
    face = builtin.load_builtin()
    report(progress, 0.0, "Comparing the model with the built-in face")
    common = _common(face, landmarks)
    marks, goals = face.landmarks[common], mean[landmarks[common]].astype(np.float64)
    scale, rotation, offset = similarity(face.mean[marks].astype(np.float64), goals)
    placed = (scale * face.mean @ rotation.T + offset).astype(np.float64)
    placed = warp_to(placed[marks], goals - placed[marks], 1.0 * scale)(placed)
    laid = lay(placed, mean, triangles, scale, (marks, goals), progress)
    report(progress, 0.8, "Comparing the model with the built-in face")
    side = sides(mean, triangles, landmarks, scale)
    triangle, weights, distance = _match(face, laid, mean, triangles, side, scale)
    return Correspondence(triangle, weights, distance, laid, scale, rotation)


def carried(match: Correspondence, values: npt.NDArray[np.floating[Any]]) -> Array:
    """(V, ...) values of the model from (B, ...) values at the vertices of the built-in face."""
    corners = builtin.load_builtin().triangles[match.triangle]
    return np.asarray(np.einsum("vk,vk...->v...", match.weights, values[corners]))


def _common(face: FaceModel, landmarks: Int) -> npt.NDArray[np.intp]:
    common = (landmarks >= 0) & (face.landmarks >= 0)
    common[_JAW] = False
    if int(common.sum()) < 12:
        raise WrinkleError(
            "The model knows too few landmarks to compare it with the built-in face.", "Use another model."
        )
    return np.flatnonzero(common)


def lay(
    placed: Array,
    mean: Float,
    triangles: Int,
    scale: float,
    held: tuple[Int, Array] | None = None,
    progress: Progress = silent,
) -> Array:
    """The built-in face's vertices, from (B, 3) ``placed`` near the model, drawn onto its surface.

    held: vertices of the built-in face and the (n, 3) places they belong to (landmarks).
    """
    face = builtin.load_builtin()
    marks, goals = held if held is not None else (np.zeros(0, np.int32), np.zeros((0, 3)))
    laid = placed
    skin = np.flatnonzero(builtin.parts() < MOUTH_INSIDE)
    controls = skin[spread_sample(placed[skin], _CONTROLS)]
    normals, border = vertex_normals(mean, triangles), _border(triangles, len(mean))
    tree = Nearest(mean)
    for step, softness in enumerate(_SOFTNESS):
        report(progress, 0.1 + 0.12 * step, "Comparing the model with the built-in face")
        own = vertex_normals(laid, face.triangles)[controls]
        found, distance = tree.query(laid[controls], 1)
        nearest = found[:, 0]
        same = (own * normals[nearest]).sum(axis=1) > 0.5
        same &= (distance[:, 0] < _FAR * scale) & ~border[nearest]
        # only along the normal: what slides within the surface is left to the landmarks
        gap = ((mean[nearest] - laid[controls]) * normals[nearest]).sum(axis=1, keepdims=True) * normals[nearest]
        at = np.concatenate((laid[marks], laid[controls[same]]))
        moves = np.concatenate((goals - laid[marks], gap[same]))
        slack = np.concatenate((np.full(len(marks), 1.0), np.full(int(same.sum()), softness))) * scale
        at, keep = np.unique(np.round(at, 4), axis=0, return_index=True)
        laid = warp_to(at, moves[keep], slack[keep])(laid)
    return laid


def _border(triangles: Int, count: int) -> npt.NDArray[np.bool_]:
    """(V,) True for vertices on an open edge."""
    edges = np.sort(np.concatenate((triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]])), axis=1)
    keys = edges[:, 0].astype(np.int64) * count + edges[:, 1]
    unique, times = np.unique(keys, return_counts=True)
    out = np.zeros(count, bool)
    open_edges = unique[times == 1]
    out[open_edges // count] = True
    out[open_edges % count] = True
    return out


def _match(
    face: FaceModel, laid: Array, mean: Float, triangles: Int, side: Array, scale: float, tries: int = 10
) -> tuple[npt.NDArray[np.intp], Array, Array]:
    """Per vertex of the model the nearest point of the laid face; the normals and the side of lips and lids, (V,)
    ``side``, count too."""
    kinds = builtin.parts()[face.triangles]
    usable = np.flatnonzero((kinds != EYEBALL).all(axis=1))
    corners = face.triangles[usable]
    laid_sides = sides(face.mean, face.triangles, face.landmarks)[:, None] * _SIDE_MM * scale
    laid_like = np.hstack((vertex_normals(laid, face.triangles) * _NORMAL_MM * scale, laid_sides))
    like = np.hstack((vertex_normals(mean, triangles) * _NORMAL_MM * scale, side[:, None] * _SIDE_MM * scale))
    tree = Nearest(np.hstack((face_points(laid.astype(np.float32), corners), laid_like[corners].mean(axis=1))))
    tries = min(tries, len(corners))
    found, _ = tree.query(np.hstack((mean, like)), tries)
    best = np.full(len(mean), np.inf)
    triangle, weights = np.zeros(len(mean), np.intp), np.zeros((len(mean), 3))
    points = mean.astype(np.float64)
    for k in range(tries):
        candidate = corners[found[:, k]]
        share = closest_on_triangles(points, laid[candidate])
        away = points - np.einsum("mk,mkd->md", share, laid[candidate])
        unlike = like - np.einsum("mk,mkd->md", share, laid_like[candidate])
        cost = (away**2).sum(1) + (unlike**2).sum(1)
        better = cost < best
        best[better] = cost[better]
        triangle[better], weights[better] = usable[found[better, k]], share[better]
    at = np.einsum("mk,mkd->md", weights, laid[face.triangles[triangle]])
    return triangle, weights, np.linalg.norm(points - at, axis=1)
