# SPDX-License-Identifier: GPL-3.0-or-later
"""A UV of low stretch without folds for a mesh that is, hole by hole filled, a disc.

Start: Tutte's embedding into a circle, which cannot fold (Tutte, "How to draw a graph", 1963), with cotangent weights,
so that it is nearly conformal. Then the symmetric
Dirichlet energy, sum of area (|J|^2 + |J^-1|^2), is lowered by reweighted local-global steps (SLIM: Rabinovich,
Poranne, Panozzo and Sorkine-Hornung, "Scalable locally injective mappings", 2017) with a step length that lets no
triangle turn over. The linear systems are solved by conjugate gradients, so that NumPy is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..progress import Progress, report, silent
from ..types import Int
from .geometry import Array

_THIN = 0.05  # a triangle flatter than this (height by longest edge) is given this height in the plane
_WEIGHTS = (0.05, 20.0)  # least and largest weight of an edge at the start
_STEPS = 24
_ENOUGH = 2e-3  # relative gain of energy at which to stop


@dataclass(frozen=True, eq=False)
class Frames:
    """Rest shapes. gradient: (T, 3, 2), gradient of each corner's hat function in the triangle's plane, 1/mm. area:
    (T,)."""

    gradient: Array
    area: Array


class Sparse:
    """A symmetric sparse matrix of 2 x 2 blocks by rows, with just what conjugate gradients need."""

    def __init__(self, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], size: int) -> None:
        keys = rows * size + columns
        unique, self._slot = np.unique(keys, return_inverse=True)
        self._columns = unique % size
        self._starts = np.searchsorted(unique // size, np.arange(size))
        self._diagonal = np.searchsorted(unique, np.arange(size) * (size + 1))
        self._count, self._size = len(unique), size
        self._values = np.zeros((4, self._count))

    def fill(self, blocks: Array, damping: float) -> None:
        """blocks: (N, 2, 2), one per row and column given at construction; equal places are added."""
        flat = blocks.reshape(-1, 4)
        for k in range(4):
            self._values[k] = np.bincount(self._slot, flat[:, k], self._count)
        for k in (0, 3):
            self._values[k, self._diagonal] += damping

    def __matmul__(self, x: Array) -> Array:
        there = x[self._columns]
        out = np.empty_like(x)
        v = self._values
        out[:, 0] = np.add.reduceat(v[0] * there[:, 0] + v[1] * there[:, 1], self._starts)
        out[:, 1] = np.add.reduceat(v[2] * there[:, 0] + v[3] * there[:, 1], self._starts)
        return out

    def inverse_diagonal(self) -> Array:
        """(N, 2, 2) inverse of the diagonal blocks, the preconditioner."""
        return np.linalg.inv(self._values[:, self._diagonal].T.reshape(-1, 2, 2))

    def solve(self, right: Array, start: Array, rounds: int, tolerance: float) -> Array:
        """The (N, 2) x with ``matrix x = right`` by preconditioned conjugate gradients from ``start``."""
        x = start.copy()
        inverse = self.inverse_diagonal()
        residual = right - self @ x
        z = np.einsum("nij,nj->ni", inverse, residual)
        direction, rho = z.copy(), float((residual * z).sum())
        goal = tolerance**2 * max(float((right * np.einsum("nij,nj->ni", inverse, right)).sum()), 1e-30)
        for _ in range(rounds):
            if rho <= goal:
                break
            product = self @ direction
            length = rho / float((direction * product).sum())
            x += length * direction
            residual -= length * product
            z = np.einsum("nij,nj->ni", inverse, residual)
            rho, before = float((residual * z).sum()), rho
            direction = z + (rho / before) * direction
        return x


def unwrap(
    vertices: npt.NDArray[np.floating[Any]],
    triangles: Int,
    steps: int = _STEPS,
    progress: Progress = silent,
    start: Array | None = None,
    system: type[Sparse] = Sparse,
) -> Array | None:
    """(V, 2) flat positions in about mm, or None when the surface has no single border to unroll from.

    vertices: (V, 3) mm, all of them used by ``triangles`` (T, 3) of one connected, manifold piece. steps: at most
    so many steps; a BFM of 53,149 vertices takes about 2 s each. start: positions without folds to go on from.
    system: the kind of linear system.
    """
    report(progress, 0.0, "Unrolling the face")
    loops = border_loops(triangles, len(vertices))
    if not loops:
        return None
    frames = rest_frames(vertices, triangles)
    flat = _tutte(vertices, triangles, loops, system) if start is None else start.copy()
    flat *= np.sqrt(frames.area.sum() / max(float(np.abs(_areas(flat, triangles)).sum()), 1e-12))
    if (_areas(flat, triangles) <= 0.0).any():
        return None
    edges = (np.repeat(triangles, 3, axis=1).ravel(), np.tile(triangles, (1, 3)).ravel())
    matrix = system(edges[0].astype(np.intp), edges[1].astype(np.intp), len(vertices))
    energy = np.inf
    for step in range(steps):
        report(progress, 0.2 + 0.8 * step / steps, "Unrolling the face")
        flat, now = _slim_step(flat, triangles, frames, matrix)
        if energy - now < _ENOUGH * now:
            break
        energy = now
    return flat


def rest_frames(vertices: npt.NDArray[np.floating[Any]], triangles: Int) -> Frames:
    """The triangles laid in a plane each; slivers are opened a little, as their shape means nothing."""
    p = vertices[triangles].astype(np.float64)
    e, f = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    longest = np.sqrt(np.maximum.reduce([(e * e).sum(1), (f * f).sum(1), ((e - f) ** 2).sum(1)]))
    longest = np.maximum(longest, 0.2 * np.median(longest))
    base = np.maximum(np.linalg.norm(e, axis=1), 2 * _THIN * longest)
    x = (e * f).sum(1) / base
    y = np.maximum(np.linalg.norm(np.cross(e, f), axis=1) / base, _THIN * longest)
    gradient = np.zeros((len(triangles), 3, 2))
    gradient[:, 1] = np.column_stack((1.0 / base, -x / (base * y)))
    gradient[:, 2, 1] = 1.0 / y
    gradient[:, 0] = -gradient[:, 1] - gradient[:, 2]
    return Frames(gradient, 0.5 * base * y)


def border_loops(triangles: Int, count: int) -> list[npt.NDArray[np.intp]]:
    """Closed chains of border vertices, in the triangles' sense of rotation, the longest first."""
    start = triangles.ravel().astype(np.int64)
    end = triangles[:, [1, 2, 0]].ravel().astype(np.int64)
    open_edges = ~np.isin(start * count + end, end * count + start)
    following = dict(zip(start[open_edges].tolist(), end[open_edges].tolist(), strict=True))
    loops = []
    while following:
        first, at = following.popitem()
        loop = [first]
        while at != first and at in following:
            loop.append(at)
            at = following.pop(at)
        if at == first and len(loop) > 2:
            loops.append(np.asarray(loop, np.intp))
    return sorted(loops, key=len, reverse=True)


def _tutte(
    vertices: npt.NDArray[np.floating[Any]], triangles: Int, loops: list[npt.NDArray[np.intp]], system: type[Sparse]
) -> Array:
    """Every inner vertex at a mean of its neighbours, the outer border on a circle; holes are closed by a fan each."""
    outer, holes = loops[0], loops[1:]
    count = len(vertices) + len(holes)
    fans = [
        np.column_stack((h, np.roll(h, -1), np.full(len(h), len(vertices) + k)))[:, ::-1] for k, h in enumerate(holes)
    ]
    closed = np.concatenate([triangles, *fans]).astype(np.intp)
    centres = [vertices[h].mean(axis=0, keepdims=True) for h in holes]
    pairs, weight = _edge_weights(np.concatenate([vertices, *centres]), closed)
    length = np.linalg.norm(vertices[np.roll(outer, -1)] - vertices[outer], axis=1).astype(np.float64)
    angle = 2 * np.pi * np.concatenate(([0.0], np.cumsum(length)[:-1])) / length.sum()
    place = np.zeros((count, 2))
    place[outer] = np.column_stack((np.cos(angle), np.sin(angle)))
    held = np.zeros(count, bool)
    held[outer] = True
    # the view from the front is a good first guess
    start, right = np.zeros((count, 2)), np.zeros((count, 2))
    flat = vertices[:, :2] - vertices[:, :2].mean(axis=0)
    start[: len(vertices)] = 0.7 * flat / np.linalg.norm(flat, axis=1).max()
    start[outer] = place[outer]
    free = ~held[pairs[:, 0]] & ~held[pairs[:, 1]]
    to_border = ~held[pairs[:, 0]] & held[pairs[:, 1]]
    for axis in (0, 1):
        pulled = weight[to_border] * place[pairs[to_border, 1], axis]
        right[:, axis] = np.bincount(pairs[to_border, 0], pulled, count)
    right[held] = place[held]
    degree = np.where(held, 1.0, np.bincount(pairs[:, 0], weight, count))
    rows = np.concatenate((np.arange(count), pairs[free, 0]))
    columns = np.concatenate((np.arange(count), pairs[free, 1]))
    matrix = system(rows, columns, count)
    matrix.fill(np.concatenate((degree, -weight[free]))[:, None, None] * np.eye(2), 0.0)
    return matrix.solve(right, start, 3000, 1e-9)[: len(vertices)]


def _edge_weights(
    vertices: npt.NDArray[np.floating[Any]], triangles: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], Array]:
    """(N, 2) the edges in both directions and (N,) their weights: the mean cotangent of the angles they face, kept
    positive. Positive weights cannot fold, and near cotangents the map is near conformal."""
    p = vertices.astype(np.float64)
    pairs, cotangents = [], []
    for corner in range(3):
        a, b, c = (triangles[:, (corner + k) % 3] for k in range(3))
        e, f = p[b] - p[a], p[c] - p[a]
        cotangents.append((e * f).sum(axis=1) / np.maximum(np.linalg.norm(np.cross(e, f), axis=1), 1e-12))
        pairs.append(np.sort(np.column_stack((b, c)), axis=1))
    keys, slot = np.unique(np.concatenate(pairs) @ [len(p), 1], return_inverse=True)
    weight = np.clip(0.5 * np.bincount(slot, np.concatenate(cotangents)), *_WEIGHTS)
    edges = np.column_stack((keys // len(p), keys % len(p)))
    return np.concatenate((edges, edges[:, ::-1])), np.tile(weight, 2)


def _areas(flat: Array, triangles: Int) -> Array:
    """(T,) signed areas."""
    p = flat[triangles]
    e, f = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    return np.asarray(0.5 * (e[:, 0] * f[:, 1] - e[:, 1] * f[:, 0]))


def _energy(flat: Array, triangles: Int, frames: Frames) -> float:
    jacobian = np.einsum("tkx,tka->txa", flat[triangles], frames.gradient)
    determinant = jacobian[:, 0, 0] * jacobian[:, 1, 1] - jacobian[:, 0, 1] * jacobian[:, 1, 0]
    if (determinant <= 0.0).any():
        return np.inf
    squares = (jacobian**2).sum(axis=(1, 2))
    return float((frames.area * squares * (1.0 + 1.0 / determinant**2)).sum())


def _slim_step(flat: Array, triangles: Int, frames: Frames, matrix: Sparse) -> tuple[Array, float]:
    """One local-global step and a line search; returns the new positions and their energy."""
    jacobian = np.einsum("tkx,tka->txa", flat[triangles], frames.gradient)
    u, s, vt = np.linalg.svd(jacobian)
    # the proxy's weights make its gradient that of the energy (SLIM, eq. 12 and table 1)
    s = np.clip(s, 1e-4, 1e4)
    near = np.abs(s - 1.0) < 1e-4
    ratio = np.where(near, 4.0, (s - s**-3) / np.where(near, 1.0, s - 1.0))
    weight = np.einsum("tij,tj,tkj->tik", u, np.maximum(ratio, 1e-6), u)
    rotation = u @ vt
    hat = frames.gradient
    area = frames.area
    products = np.einsum("t,tka,tla->tkl", area, hat, hat)
    blocks = products[:, :, :, None, None] * weight[:, None, None]
    matrix.fill(blocks.reshape(-1, 2, 2), 1e-6 * float(np.abs(products).mean()))
    wanted = np.einsum("t,txy,tya,tka->tkx", area, weight, rotation, hat)
    right = np.zeros_like(flat)
    for axis in (0, 1):
        for corner in range(3):
            right[:, axis] += np.bincount(triangles[:, corner], wanted[:, corner, axis], len(flat))
    right += 1e-6 * float(np.abs(products).mean()) * flat
    move = matrix.solve(right, flat, 120, 1e-5) - flat
    return _line_search(flat, move, triangles, frames)


def _line_search(flat: Array, move: Array, triangles: Int, frames: Frames) -> tuple[Array, float]:
    now = _energy(flat, triangles, frames)
    length = min(1.0, 0.9 * _first_fold(flat, move, triangles))
    for _ in range(20):
        tried = flat + length * move
        energy = _energy(tried, triangles, frames)
        if energy < now:
            return tried, energy
        length *= 0.6
    return flat, now


def _first_fold(flat: Array, move: Array, triangles: Int) -> float:
    """The smallest positive step at which a triangle's area becomes zero (Smith and Schaefer, 2015)."""
    p, q = flat[triangles], move[triangles]
    e, f, g, h = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0], q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]
    c = e[:, 0] * f[:, 1] - e[:, 1] * f[:, 0]
    b = e[:, 0] * h[:, 1] - e[:, 1] * h[:, 0] + g[:, 0] * f[:, 1] - g[:, 1] * f[:, 0]
    a = g[:, 0] * h[:, 1] - g[:, 1] * h[:, 0]
    root = np.sqrt(np.maximum(b * b - 4 * a * c, 0.0))
    # the stable form of the smaller positive root of a t^2 + b t + c, c > 0
    first = np.full(len(c), np.inf)
    falling = (b < 0) & (b * b >= 4 * a * c)
    first[falling] = 2 * c[falling] / (-b[falling] + root[falling])
    turning = (b >= 0) & (a < 0)
    first[turning] = (b[turning] + root[turning]) / (-2 * a[turning])
    return float(first.min())
