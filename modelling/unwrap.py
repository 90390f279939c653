# SPDX-License-Identifier: GPL-3.0-or-later
"""Fold-free UV of low stretch: Tutte's embedding, then scalable locally injective mapping (Rabinovich et al. 2017)."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu


def boundary_loops(triangles: np.ndarray) -> list[np.ndarray]:
    """Every closed boundary as vertices in the direction of its triangles."""
    half = {(int(t[k]), int(t[(k + 1) % 3])) for t in triangles for k in range(3)}
    onwards = {a: b for a, b in half if (b, a) not in half}
    loops = []
    while onwards:
        start, vertex = next(iter(onwards.items()))
        del onwards[start]
        loop = [start]
        while vertex != start:
            loop.append(vertex)
            vertex = onwards.pop(vertex)
        loops.append(np.array(loop))
    return sorted(loops, key=len, reverse=True)


def tutte(triangles: np.ndarray, count: int, outline: np.ndarray, circle: np.ndarray) -> np.ndarray:
    """(count, 2) harmonic embedding with uniform weights; ``circle`` (B, 2) are the places of ``outline`` (B,)."""
    i, j = np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).T
    near = sparse.csr_matrix((np.ones(len(i)), (i, j)), shape=(count, count))
    near = ((near + near.T) > 0).astype(float)
    graph = (sparse.diags(np.asarray(near.sum(axis=1)).ravel()) - near).tocsr()
    free = np.setdiff1d(np.arange(count), outline)
    uv = np.zeros((count, 2))
    uv[outline] = circle
    uv[free] = splu(graph[free][:, free].tocsc()).solve(-graph[free][:, outline] @ circle)
    return uv


class Slim:
    """Minimises the area-weighted symmetric Dirichlet energy of the map from flat reference triangles to UV."""

    def __init__(self, triangles: np.ndarray, points: np.ndarray, weights: np.ndarray, scale: np.ndarray) -> None:
        """triangles (T, 3); points (V, 3) mm; weights (T,); scale (T,) wanted size relative to the true one."""
        self.triangles = triangles
        a, b, c = (points[triangles[:, k]] for k in range(3))
        length = np.maximum(np.linalg.norm(b - a, axis=1), 1e-6)
        along = ((c - a) * (b - a)).sum(axis=1) / length
        height = np.maximum(np.linalg.norm(np.cross(b - a, c - a), axis=1) / length, 0.02 * length)
        length, along, height = length * scale, along * scale, height * scale
        self.area = weights * length * height / 2
        one, n = np.ones(len(triangles)), len(triangles)
        gradient_x = np.stack([-one / length, one / length, 0 * one], axis=1)
        gradient_y = np.stack([(along / length - 1) / height, -along / (length * height), 1 / height], axis=1)
        rows = np.repeat(np.arange(n), 3)
        shape = (n, len(points))
        self.dx = sparse.csr_matrix((gradient_x.ravel(), (rows, triangles.ravel())), shape=shape)
        self.dy = sparse.csr_matrix((gradient_y.ravel(), (rows, triangles.ravel())), shape=shape)

    def jacobians(self, uv: np.ndarray) -> np.ndarray:
        """(T, 2, 2) derivative of UV by the flat reference coordinates."""
        return np.stack([self.dx @ uv, self.dy @ uv], axis=2)

    def energy(self, uv: np.ndarray) -> float:
        jacobian = self.jacobians(uv)
        determinant = np.linalg.det(jacobian)
        if (determinant <= 0).any():
            return np.inf
        square = (jacobian**2).sum(axis=(1, 2))
        return float((self.area * (square + square / determinant**2)).sum())

    def step(self, uv: np.ndarray) -> np.ndarray:
        """One reweighted solve with a line search that keeps every triangle unfolded."""
        jacobian = self.jacobians(uv)
        u, s, vt = np.linalg.svd(jacobian)
        rotation = u @ vt
        near = np.abs(s - 1) < 1e-4
        bend = np.where(near, 4.0, (s - s**-3.0) / np.where(near, 1, s - 1))
        w = u @ (np.sqrt(bend)[:, :, None] * np.swapaxes(u, 1, 2))
        blocks, right = [], []
        area = np.sqrt(self.area)
        target = w @ rotation
        for derivative, column in ((self.dx, 0), (self.dy, 1)):
            for row in (0, 1):
                blocks.append([sparse.diags(area * w[:, row, k]) @ derivative for k in (0, 1)])
                right.append(area * target[:, row, column])
        matrix = sparse.bmat(blocks).tocsr()
        normal = (matrix.T @ matrix + 1e-8 * sparse.identity(matrix.shape[1])).tocsc()
        flat = splu(normal).solve(matrix.T @ np.concatenate(right))
        move = flat.reshape(2, -1).T - uv
        length = min(1.0, 0.8 * self._furthest(uv, move))
        now = self.energy(uv)
        while length > 1e-6 and self.energy(uv + length * move) >= now:
            length /= 2
        return uv + length * move if length > 1e-6 else uv

    def _furthest(self, uv: np.ndarray, move: np.ndarray) -> float:
        """The step at which the first triangle would lose its area."""
        t = self.triangles
        d1, d2 = uv[t[:, 1]] - uv[t[:, 0]], uv[t[:, 2]] - uv[t[:, 0]]
        m1, m2 = move[t[:, 1]] - move[t[:, 0]], move[t[:, 2]] - move[t[:, 0]]

        def cross(p: np.ndarray, q: np.ndarray) -> np.ndarray:
            return p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]

        a, b, c = cross(m1, m2), cross(d1, m2) + cross(m1, d2), cross(d1, d2)
        a = np.where(np.abs(a) < 1e-14, 1e-14, a)
        root = np.sqrt(np.maximum(b * b - 4 * a * c, 0))
        roots = np.stack([(-b - root) / (2 * a), (-b + root) / (2 * a)])
        roots[(roots <= 0) | (b * b < 4 * a * c)] = np.inf
        return float(roots.min())


def unwrap(
    triangles: np.ndarray,
    points: np.ndarray,
    mirror: np.ndarray,
    weights: np.ndarray,
    scale: np.ndarray,
    steps: int = 40,
) -> np.ndarray:
    """(V, 2) symmetric, upright UV in mm of one surface with a single outline and any number of openings."""
    outline, *holes = boundary_loops(triangles)
    count = len(points)
    filled, places = [triangles], [points]
    for hole in holes:
        middle = count + len(places) - 1
        places.append(points[hole].mean(axis=0)[None])
        filled.append(np.stack([np.roll(hole, -1), hole, np.full(len(hole), middle)], axis=1))
    start = int(np.argmax(points[outline, 1] - 1e3 * np.abs(points[outline, 0])))
    order = np.roll(outline, -start)
    angle = np.pi / 2 - np.arange(len(order)) * 2 * np.pi / len(order)
    if points[order[len(order) // 4], 0] < 0:
        angle = np.pi - angle
    everything, positions = np.vstack(filled), np.vstack(places)
    size = np.sqrt(
        np.linalg.norm(np.cross(*(points[triangles[:, k]] - points[triangles[:, 0]] for k in (1, 2))), axis=1).sum()
        / 6.0
    )
    uv = tutte(everything, len(positions), order, np.c_[np.cos(angle), np.sin(angle)] * size)
    extra = len(everything) - len(triangles)
    slim = Slim(everything, positions, np.r_[weights, np.full(extra, 1e-3)], np.r_[scale, np.ones(extra)])
    for _ in range(steps):
        uv = slim.step(uv)
    uv = uv[:count]
    return (uv + uv[mirror] * [-1, 1]) / 2
