# SPDX-License-Identifier: GPL-3.0-or-later
"""Small tools on meshes: normals, nearest points, smooth warps in space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ..types import Float, Int

Array = npt.NDArray[np.float64]
_KDTREE_SINGLE = 4  # FLANN's exact tree for few dimensions


def vertex_normals(vertices: npt.NDArray[np.floating[Any]], triangles: Int) -> Array:
    """(V, 3) unit normals, weighed by triangle area; zero for vertices without triangles."""
    p = vertices.astype(np.float64)
    face = np.cross(p[triangles[:, 1]] - p[triangles[:, 0]], p[triangles[:, 2]] - p[triangles[:, 0]])
    total = np.zeros_like(p)
    for corner in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(triangles[:, corner], face[:, axis], len(p))
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))


class Nearest:
    """Exact nearest neighbours among (N, D) points."""

    def __init__(self, points: npt.NDArray[np.floating[Any]]) -> None:
        self._points = np.ascontiguousarray(points, np.float32)
        self._tree = cv2.flann.Index(self._points, {"algorithm": _KDTREE_SINGLE, "leaf_max_size": 16})

    def query(self, points: npt.NDArray[np.floating[Any]], count: int = 1) -> tuple[npt.NDArray[np.intp], Array]:
        """Indices (M, count) and distances (M, count) of the nearest points."""
        wanted = np.ascontiguousarray(points, np.float32)
        found, squared = self._tree.knnSearch(wanted, count, params={"checks": -1})
        return found.astype(np.intp), np.sqrt(np.maximum(squared, 0.0)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Warp:
    """A smooth map of space: identity plus a biharmonic spline (kernel r) with an affine part, about ``centres`` (N,
    3)."""

    centres: Array
    weights: Array
    affine: Array

    def __call__(self, points: npt.NDArray[np.floating[Any]]) -> Array:
        """(M, 3) moved points."""
        p = points.astype(np.float64)
        out = p + np.concatenate((p, np.ones((len(p), 1))), axis=1) @ self.affine
        for start in range(0, len(p), 8192):
            out[start : start + 8192] += distances(p[start : start + 8192], self.centres) @ self.weights
        return np.asarray(out)


def warp_to(centres: Array, moves: Array, softness: npt.NDArray[np.floating[Any]] | float) -> Warp:
    """The spline that moves ``centres`` by ``moves`` (N, 3), each loosely by its ``softness`` (mm; 0 = exactly)."""
    count = len(centres)
    polynomial = np.concatenate((centres, np.ones((count, 1))), axis=1)
    system = np.zeros((count + 4, count + 4))
    system[:count, :count] = distances(centres, centres) - np.diag(np.broadcast_to(softness, count))
    system[:count, count:], system[count:, :count] = polynomial, polynomial.T
    right = np.concatenate((moves, np.zeros((4, 3))))
    solution = np.linalg.lstsq(system, right, rcond=1e-12)[0] if count < 8 else np.linalg.solve(system, right)
    return Warp(centres, solution[:count], solution[count:])


def distances(a: Array, b: Array) -> Array:
    """(N, M) distances."""
    squared = (a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2.0 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)))


def similarity(source: Array, target: Array) -> tuple[float, Array, Array]:
    """Scale, rotation (3, 3) and offset (3,) that bring ``source`` (N, 3) onto ``target`` (Umeyama, PAMI 1991)."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    u, values, vt = np.linalg.svd((target - b).T @ (source - a))
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = float((values * sign).sum() / max(float(((source - a) ** 2).sum()), 1e-12))
    return scale, rotation, b - scale * rotation @ a


def spread_sample(points: Array, count: int) -> npt.NDArray[np.intp]:
    """Up to ``count`` indices of points far from one another (farthest point sampling)."""
    count = min(count, len(points))
    chosen = np.empty(count, np.intp)
    chosen[0] = int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmin())
    nearest = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    for k in range(1, count):
        chosen[k] = int(nearest.argmax())
        nearest = np.minimum(nearest, ((points - points[chosen[k]]) ** 2).sum(axis=1))
    return chosen


def closest_on_triangles(points: Array, corners: Array) -> Array:
    """(M, 3) barycentric weights of the point of triangle m nearest to point m. points: (M, 3); corners: (M, 3, 3)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac, ap = b - a, c - a, points - a
    d1, d2 = (ab * ap).sum(1), (ac * ap).sum(1)
    aa, bb, cc = (ab * ab).sum(1), (ab * ac).sum(1), (ac * ac).sum(1)
    det = np.maximum(aa * cc - bb * bb, 1e-15)
    v, w = (cc * d1 - bb * d2) / det, (aa * d2 - bb * d1) / det
    inside = (v >= 0) & (w >= 0) & (v + w <= 1)
    edges = [
        _on_edge(points, a, b, (1, 0, 0), (0, 1, 0)),
        _on_edge(points, b, c, (0, 1, 0), (0, 0, 1)),
        _on_edge(points, c, a, (0, 0, 1), (1, 0, 0)),
    ]
    lengths = np.stack([np.linalg.norm(points - np.einsum("mk,mkd->md", e, corners), axis=1) for e in edges])
    best = np.stack(edges)[lengths.argmin(axis=0), np.arange(len(points))]
    plane = np.column_stack((1.0 - v - w, v, w))
    return np.asarray(np.where(inside[:, None], plane, best))


def _on_edge(points: Array, a: Array, b: Array, at_a: tuple[int, ...], at_b: tuple[int, ...]) -> Array:
    along = b - a
    t = np.clip(((points - a) * along).sum(1) / np.maximum((along * along).sum(1), 1e-15), 0.0, 1.0)[:, None]
    return np.asarray((1.0 - t) * np.array(at_a, np.float64) + t * np.array(at_b, np.float64))


def face_points(vertices: Float, triangles: Int) -> Array:
    """(T, 3) centres of the triangles."""
    return np.asarray(vertices[triangles].mean(axis=1), np.float64)
