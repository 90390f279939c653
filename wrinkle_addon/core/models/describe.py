# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to say about a face model, for the ``model`` command."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..types import FaceModel
from .uv import folds, singular_values, stretch


def describe(model: FaceModel) -> dict[str, Any]:
    """JSON-able facts: kind, sizes, expressions, landmarks, extent in mm, UV stretch (L2, 1 is isometric), memory."""
    large, small, signed, area = singular_values(model.mean, model.triangles, model.uv)
    sound = (area > 1e-3) & (np.abs(signed) > 1e-12)
    texel = np.sqrt(large[sound] * small[sound]) / 2048
    arrays = (model.mean, model.shape_basis, model.expression_basis, model.arkit.deltas, model.triangles, model.uv)
    return {
        "kind": model.kind,
        "name": model.name,
        "licence": model.licence,
        "vertices": len(model.mean),
        "triangles": len(model.triangles),
        "extent_mm": [round(float(x), 1) for x in np.ptp(model.mean, axis=0)],
        "shape_components": len(model.shape_basis),
        "expression_components": len(model.expression_basis),
        "expressions": list(model.expression_names),
        "arkit_expressions": [n for n, d in zip(model.arkit.names, model.arkit.deltas, strict=True) if d.any()],
        "landmarks": int((model.landmarks >= 0).sum()),
        "contour_vertices": len(model.right_contour) + len(model.left_contour),
        "dense_points": 0 if model.dense is None else int((model.dense >= 0).sum()),
        "uv_stretch": round(stretch(model.mean, model.triangles, model.uv), 4),
        "uv_folds": folds(model.triangles, model.uv),
        "texel_mm_at_2048": [round(float(x), 4) for x in np.percentile(texel, (5, 50, 95))],
        "memory_mb": round(sum(a.nbytes for a in arrays) / 2**20, 1),
        "content": model.content,
    }
