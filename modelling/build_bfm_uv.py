# SPDX-License-Identifier: GPL-3.0-or-later
"""Make wrinkle_addon/assets/bfm2017_uv.npz: the UV of the Basel Face Model 2017's 53,149 vertices.

    python -m modelling.build_bfm_uv MODEL.h5

The method is the add-on's own (core/models/unwrap.py) with a direct solver and more steps. The file holds no geometry
of the model: two numbers per vertex that say where it lies in the texture.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from wrinkle_addon.core.files import write_npz
from wrinkle_addon.core.models import unwrap as unrolling
from wrinkle_addon.core.models.hdf5 import read_hdf5
from wrinkle_addon.core.models.landmark_tables import apply_table
from wrinkle_addon.core.models.uv import arranged, folds, stretch

TARGET = Path(__file__).parents[1] / "wrinkle_addon" / "assets" / "bfm2017_uv.npz"
STEPS = 150


class DirectSystem(unrolling.Sparse):
    """The same matrix, solved by factorisation."""

    def __init__(self, rows: np.ndarray, columns: np.ndarray, size: int) -> None:
        self._shape = (2 * size, 2 * size)
        self._rows = np.broadcast_to(2 * rows[:, None, None] + np.arange(2)[:, None], (len(rows), 2, 2)).ravel()
        self._columns = np.broadcast_to(2 * columns[:, None, None] + np.arange(2), (len(rows), 2, 2)).ravel()

    def fill(self, blocks: np.ndarray, damping: float) -> None:
        entries = sparse.csc_matrix((blocks.ravel(), (self._rows, self._columns)), self._shape)
        self._factors = splu(
            (entries + damping * sparse.identity(self._shape[0])).tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.01,
            options={"SymmetricMode": True},
        )

    def solve(self, right: np.ndarray, start: np.ndarray, rounds: int, tolerance: float) -> np.ndarray:
        return self._factors.solve(right.ravel()).reshape(-1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--flat", type=Path, help="flat positions to go on from (.npy)")
    options = parser.parse_args()
    raw = read_hdf5(options.model)
    apply_table(raw)
    used = np.unique(raw.triangles)
    index = np.zeros(len(raw.mean), np.int32)
    index[used] = np.arange(len(used))
    start = np.load(options.flat, allow_pickle=False) if options.flat else None
    flat = unrolling.unwrap(raw.mean[used], index[raw.triangles], STEPS, start=start, system=DirectSystem)
    uv = arranged(flat, used, raw.mean, raw.triangles, raw.landmarks)
    meta = {"vertices": len(uv), "made_by": "modelling/build_bfm_uv.py", "licence": "GPL-3.0-or-later"}
    write_npz(TARGET, uv=uv, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8))
    print(f"stretch {stretch(raw.mean, raw.triangles, uv):.4f}, folds {folds(raw.triangles, uv)}")  # noqa: T201


if __name__ == "__main__":
    main()
