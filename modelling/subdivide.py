# SPDX-License-Identifier: GPL-3.0-or-later
"""Loop subdivision as a sparse matrix (Loop 1987, boundary rules of Hoppe et al. 1994)."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def loop(triangles: np.ndarray, count: int) -> tuple[np.ndarray, sparse.csr_matrix]:
    """One subdivision of (T, 3) triangles over ``count`` vertices.

    Returns (4T, 3) triangles and an (N, count) matrix; the first ``count`` rows are the old vertices, smoothed.
    """
    corners = np.vstack([triangles[:, [1, 2]], triangles[:, [2, 0]], triangles[:, [0, 1]]])
    opposite = triangles.T.ravel()
    edges, inverse, uses = np.unique(np.sort(corners, axis=1), axis=0, return_inverse=True, return_counts=True)
    inverse = inverse.ravel()
    inner = uses == 2
    new = count + np.arange(len(edges))
    rows, columns, weights = [new, new], [edges[:, 0], edges[:, 1]], [np.where(inner, 3 / 8, 1 / 2)] * 2
    keep = inner[inverse]
    rows.append(new[inverse[keep]])
    columns.append(opposite[keep])
    weights.append(np.full(keep.sum(), 1 / 8))
    old = _old_vertices(edges, inner, count)
    middle = sparse.csr_matrix(
        (np.concatenate(weights), (np.concatenate(rows) - count, np.concatenate(columns))), shape=(len(edges), count)
    )
    side = (count + inverse).reshape(3, -1).T  # side[:, k] is the middle of the edge opposite corner k
    a, b, c = triangles.T
    x, y, z = side.T
    finer = np.vstack([np.c_[a, z, y], np.c_[z, b, x], np.c_[y, x, c], np.c_[x, y, z]])
    return finer, sparse.vstack([old, middle]).tocsr()


def _old_vertices(edges: np.ndarray, inner: np.ndarray, count: int) -> sparse.csr_matrix:
    """(count, count) smoothing of the old vertices: Loop's mask inside, the cubic B-spline on boundaries."""
    on_boundary = np.zeros(count, bool)
    on_boundary[edges[~inner]] = True
    use = np.where(on_boundary[edges].any(axis=1, keepdims=True) & ~inner[:, None], True, ~on_boundary[edges])
    pairs = np.vstack([edges[use[:, 0]], edges[use[:, 1]][:, ::-1]])  # (vertex, neighbour that shapes it)
    degree = np.maximum(np.bincount(pairs[:, 0], minlength=count), 1)
    beta = (5 / 8 - (3 / 8 + np.cos(2 * np.pi / degree) / 4) ** 2) / degree
    beta[on_boundary] = 1 / 8
    centre = np.where(on_boundary, 3 / 4, 1 - degree * beta)
    matrix = sparse.csr_matrix((beta[pairs[:, 0]], (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return (matrix + sparse.diags(centre)).tocsr()


def refine(triangles: np.ndarray, count: int, times: int) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Subdivide ``times`` times; the matrix takes control points to the finest vertices."""
    total = sparse.identity(count, format="csr")
    for _ in range(times):
        triangles, matrix = loop(triangles, matrix_rows := total.shape[0])
        assert matrix.shape[1] == matrix_rows
        total = matrix @ total
    return triangles, total


def laplacian(triangles: np.ndarray, count: int) -> sparse.csr_matrix:
    """(count, count) uniform graph Laplacian, rows normalised."""
    i = np.concatenate([triangles[:, 0], triangles[:, 1], triangles[:, 2]])
    j = np.concatenate([triangles[:, 1], triangles[:, 2], triangles[:, 0]])
    near = sparse.csr_matrix((np.ones(len(i)), (i, j)), shape=(count, count))
    near = ((near + near.T) > 0).astype(float)
    return (sparse.identity(count) - sparse.diags(1 / np.asarray(near.sum(axis=1)).ravel()) @ near).tocsr()
