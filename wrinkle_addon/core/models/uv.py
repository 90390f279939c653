# SPDX-License-Identifier: GPL-3.0-or-later
"""UV coordinates of models that have none, and how much a UV stretches."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..progress import Progress, silent
from ..types import Float, Int
from .geometry import Array, Nearest, closest_on_triangles, face_points, vertex_normals
from .unwrap import unwrap

MARGIN = 0.02
"""Free border around the face in UV, so that dilation never wraps."""
_LEAST_AREA = 0.3  # what a triangle keeps of its area when the map is made symmetric


def singular_values(
    vertices: npt.NDArray[np.floating[Any]], triangles: Int, uv: npt.NDArray[np.floating[Any]]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Per triangle: larger and smaller singular value of the map UV -> surface (mm per unit), signed UV area, area
    mm^2."""
    p = vertices[triangles].astype(np.float64)
    q = uv[triangles].astype(np.float64)
    e1, e2 = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    f1, f2 = q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]
    signed = 0.5 * (f1[:, 0] * f2[:, 1] - f1[:, 1] * f2[:, 0])
    twice = np.where(np.abs(signed) < 1e-15, 1e-15, 2.0 * signed)[:, None]
    du = (e1 * f2[:, 1:2] - e2 * f1[:, 1:2]) / twice
    dv = (e2 * f1[:, 0:1] - e1 * f2[:, 0:1]) / twice
    a, b, c = (du * du).sum(1), (du * dv).sum(1), (dv * dv).sum(1)
    root = np.sqrt((a - c) ** 2 + 4.0 * b * b)
    area = 0.5 * np.linalg.norm(np.cross(e1, e2), axis=1)
    return np.sqrt(0.5 * (a + c + root)), np.sqrt(np.maximum(0.5 * (a + c - root), 0.0)), signed, area


def stretch(vertices: npt.NDArray[np.floating[Any]], triangles: Int, uv: npt.NDArray[np.floating[Any]]) -> float:
    """L2 stretch (Sander, Snyder, Gortler and Hoppe, "Texture mapping progressive meshes", 2001), 1 = isometric.

    Root of the area-weighted mean of (s1^2 + s2^2) / 2, scaled so that surface and UV have equal total area.
    """
    large, small, signed, area = singular_values(vertices, triangles, uv)
    good = (area > 1e-9) & (np.abs(signed) > 1e-14)
    squared = 0.5 * (large[good] ** 2 + small[good] ** 2)
    return float(
        np.sqrt((area[good] * squared).sum() / area[good].sum() * np.abs(signed[good]).sum() / area[good].sum())
    )


def folds(triangles: Int, uv: npt.NDArray[np.floating[Any]]) -> int:
    """How many triangles lie the wrong way round in UV."""
    return int((signed_areas(triangles, uv) < 0.0).sum())


def cylindrical(vertices: npt.NDArray[np.floating[Any]]) -> Float:
    """(V, 2) UV of a vertical cylinder around the head: u by angle times radius, v by height, upright and to one
    scale."""
    points = vertices.astype(np.float64)
    axis_z = points[:, 2].min() - 0.1 * np.ptp(points[:, 2])
    middle = 0.5 * (points[:, 0].min() + points[:, 0].max())
    angle = np.arctan2(points[:, 0] - middle, points[:, 2] - axis_z)
    radius = float(np.median(np.hypot(points[:, 0] - middle, points[:, 2] - axis_z)))
    return fit_square(np.column_stack((angle * radius, points[:, 1])))


def computed_uv(mean: Float, triangles: Int, landmarks: Int, progress: Progress = silent) -> Float:
    """(V, 2) UV of low stretch: the largest connected piece unrolled, upright and symmetric, the rest at its nearest
    vertex.

    A mesh that cannot be unrolled (no border, or not a surface) gets the cylinder's UV.
    """
    piece = largest_piece(triangles, len(mean))
    used = np.flatnonzero(np.bincount(piece.ravel(), minlength=len(mean)))
    index = np.zeros(len(mean), np.int32)
    index[used] = np.arange(len(used))
    flat = unwrap(mean[used], index[piece], progress=progress)
    if flat is None:
        return cylindrical(mean)
    return arranged(flat, used, mean, triangles, landmarks)


def arranged(flat: Array, used: npt.NDArray[np.intp], mean: Float, triangles: Int, landmarks: Int) -> Float:
    """(V, 2) UV from flat positions (n, 2) of the vertices ``used``: upright, symmetric, in the unit square."""
    index = np.full(len(mean), -1)
    index[used] = np.arange(len(used))
    known = landmarks[landmarks >= 0]
    known = known[index[known] >= 0]
    turned = _upright(flat, index[known], mean[known])
    inside = triangles[(index[triangles] >= 0).all(axis=1)]
    middle = float(mean[known, 0].mean())
    even = _symmetric(turned, mean[used].astype(np.float64) - [middle, 0.0, 0.0], index[inside].astype(np.int32))
    out = np.empty((len(mean), 2))
    out[used] = even
    rest = np.flatnonzero(index < 0)
    if len(rest):
        out[rest] = even[Nearest(mean[used]).query(mean[rest])[0][:, 0]]
    return fit_square(out)


def largest_piece(triangles: Int, count: int) -> Int:
    """The triangles of the connected piece with the most of them."""
    label = np.arange(count)
    while True:
        low = label[triangles].min(axis=1)
        before = label.copy()
        for corner in range(3):
            np.minimum.at(label, triangles[:, corner], low)
        label = label[label]
        if (label == before).all():
            break
    owner = label[triangles[:, 0]]
    return np.ascontiguousarray(triangles[owner == np.bincount(owner).argmax()])


def _upright(flat: Array, known: npt.NDArray[np.intp], points: Float) -> Array:
    """``flat`` turned so that the landmarks lie as seen from the front."""
    a, b = flat[known] - flat[known].mean(axis=0), (points - points.mean(axis=0))[:, :2]
    angle = np.arctan2((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum(), (a * b).sum())
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray((flat - flat[known].mean(axis=0)) @ turn.T)


def _symmetric(flat: Array, points: Array, triangles: Int) -> Array:
    """The mean of a map and its mirror image; the map alone where the mesh has no mirrored counterpart within 4 mm.

    Where the mean would fold a triangle, less of the mirror image is taken around it until it does not.
    """
    mirror = np.array([-1.0, 1.0, 1.0])
    normals = vertex_normals(points, triangles)
    tree = Nearest(
        np.hstack((face_points(points.astype(np.float32), triangles), 4.0 * normals[triangles].mean(axis=1)))
    )
    found, _ = tree.query(np.hstack((points * mirror, 4.0 * normals * mirror)), 6)
    best, there = np.full(len(points), np.inf), np.zeros_like(flat)
    for k in range(found.shape[1]):
        corners = triangles[found[:, k]]
        share = closest_on_triangles(points * mirror, points[corners])
        away = np.linalg.norm(points * mirror - np.einsum("mk,mkd->md", share, points[corners]), axis=1)
        better = away < best
        best[better] = away[better]
        there[better] = np.einsum("mk,mkd->md", share, flat[corners])[better]
    axis = 0.5 * float(np.median((flat + there)[best < 1.0, 0])) if (best < 1.0).any() else 0.0
    there[:, 0] = 2.0 * axis - there[:, 0]
    share_of_mirror = 0.5 * np.clip((4.0 - best) / 3.0, 0.0, 1.0)
    for _ in range(40):
        even = flat + share_of_mirror[:, None] * (there - flat)
        turned_over = signed_areas(triangles, even) < _LEAST_AREA * signed_areas(triangles, flat)
        if not turned_over.any():
            return np.asarray(even)
        share_of_mirror = _less_around(share_of_mirror, triangles, turned_over)
    return flat


def _less_around(values: Array, triangles: Int, marked: npt.NDArray[np.bool_]) -> Array:
    """``values`` halved at the marked triangles and less and less lowered over the rings of triangles around them."""
    factor = np.ones(len(values))
    factor[triangles[marked]] = 0.5
    for _ in range(4):
        ring = factor[triangles].min(axis=1)
        for corner in range(3):
            np.minimum.at(factor, triangles[:, corner], 0.8 * ring + 0.2)
    return np.asarray(values * factor)


def signed_areas(triangles: Int, uv: npt.NDArray[np.floating[Any]]) -> Array:
    """(T,) area in UV, negative where a triangle lies the wrong way round."""
    q = uv[triangles].astype(np.float64)
    f1, f2 = q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]
    return np.asarray(0.5 * (f1[:, 0] * f2[:, 1] - f1[:, 1] * f2[:, 0]))


def fit_square(flat: npt.NDArray[np.floating[Any]]) -> Float:
    """``flat`` (V, 2) moved and scaled, one scale for both axes, into the unit square with a margin."""
    low, high = flat.min(axis=0), flat.max(axis=0)
    scale = (1.0 - 2.0 * MARGIN) / max(float((high - low).max()), 1e-9)
    return np.ascontiguousarray((flat - 0.5 * (low + high)) * scale + 0.5, np.float32)
