# SPDX-License-Identifier: GPL-3.0-or-later
"""The weights of vertex groups as arrays. Blender hands them out one by one, which is too slow for a slider that moves,
so those read last are kept for a moment."""

from __future__ import annotations

import time
from dataclasses import dataclass

import bpy
import numpy as np

from ..core.types import Float, Int

_KEPT_SECONDS = 1.0
"""Long enough from one step of a slider to the next, too short to paint weights in between."""


@dataclass(frozen=True, eq=False)
class Weights:
    """vertex, group: (N,) int32 indices; weight: (N,) float32, 0..1."""

    vertex: Int
    group: Int
    weight: Float


@dataclass(frozen=True)
class _Kept:
    mesh: tuple[int, int]
    until: float
    weights: Weights


_kept: _Kept | None = None


def group_weights(mesh: bpy.types.Mesh) -> Weights:
    """Every weight of every vertex of ``mesh``."""
    global _kept
    now, this = time.monotonic(), (mesh.session_uid, len(mesh.vertices))
    old = _kept.weights if _kept is not None and _kept.mesh == this and now <= _kept.until else None
    _kept = _Kept(this, now + _KEPT_SECONDS, old or _read(mesh))
    return _kept.weights


def _read(mesh: bpy.types.Mesh) -> Weights:
    vertices, groups, weights = [], [], []
    for index, vertex in enumerate(mesh.vertices):
        for entry in vertex.groups:
            vertices.append(index)
            groups.append(entry.group)
            weights.append(entry.weight)
    return Weights(np.array(vertices, np.int32), np.array(groups, np.int32), np.array(weights, np.float32))
