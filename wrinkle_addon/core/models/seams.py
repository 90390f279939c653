# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes whose UV has seams: a vertex that has two UV positions becomes two vertices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import Float, Int


@dataclass(frozen=True, eq=False)
class Split:
    """vertex: (V,) the old vertex of each new one; the old ones come first, in their order. triangles: (T, 3).
    uv: (V, 2)."""

    vertex: npt.NDArray[np.intp]
    triangles: Int
    uv: Float


def split_seams(count: int, triangles: Int, uv_triangles: Int, uv: Float) -> Split:
    """Give each of ``count`` vertices one UV position.

    triangles, uv_triangles: (T, 3) indices of the same corners into the vertices and into ``uv`` (N, 2). Old indices
    stay valid: copies come after them, so landmarks need no change. Positions that differ by less than 1e-6 count as
    one.
    """
    _, same = np.unique(np.round(uv / 1e-6).astype(np.int64), axis=0, return_inverse=True)
    first = np.full(len(uv), -1, np.intp)
    first[same[::-1]] = np.arange(len(uv))[::-1]
    corner_vertex = triangles.ravel().astype(np.int64)
    corner_uv = first[same[uv_triangles.ravel()]]
    pairs, corner = np.unique(corner_vertex * (len(uv) + 1) + corner_uv, return_inverse=True)
    pair_vertex, pair_uv = pairs // (len(uv) + 1), pairs % (len(uv) + 1)
    is_first = np.ones(len(pairs), bool)
    is_first[1:] = pair_vertex[1:] != pair_vertex[:-1]
    new = np.where(is_first, pair_vertex, count + np.cumsum(~is_first) - 1)
    vertex = np.concatenate((np.arange(count), pair_vertex[~is_first])).astype(np.intp)
    out = np.zeros((len(vertex), 2), np.float32)
    out[new] = uv[pair_uv]
    return Split(vertex, new[corner].reshape(-1, 3).astype(np.int32), out)
