# SPDX-License-Identifier: GPL-3.0-or-later
"""UV computed once for topologies that have none (assets/bfm2017_uv.npz)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..types import Float, Int
from .uv import folds

_ASSET = Path(__file__).resolve().parents[2] / "assets" / "bfm2017_uv.npz"
_FEW = 1e-3  # share of triangles that may be folded: another triangulation of the same vertices differs in slivers


def known_uv(vertices: int, triangles: Int) -> Float | None:
    """(V, 2) UV of a known topology, or None when this is not one."""
    with np.load(_ASSET, allow_pickle=False) as archive:
        uv = np.asarray(archive["uv"], np.float32)
    return uv if len(uv) == vertices and folds(triangles, uv) <= _FEW * len(triangles) else None
