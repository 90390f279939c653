# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model's file does not say is found out: landmarks, UV, named expressions, regions."""

from __future__ import annotations

import numpy as np

from ..errors import WrinkleError
from ..progress import Progress, part, silent
from ..regions import vertex_regions
from ..types import FaceModel, Int
from . import builtin
from .brows import settled_brows
from .correspond import Correspondence, correspond
from .geometry import Nearest
from .known_uv import known_uv
from .landmark_tables import apply_table
from .locate import locate
from .raw import RawModel
from .transfer import transfer
from .uv import computed_uv

_DENSE_MM = 3.0  # a point of the face mesh further from the model's surface than this has no counterpart


def complete(raw: RawModel, key: str, progress: Progress = silent) -> FaceModel:
    """The finished model, its ``content`` being ``key``; raises WrinkleError when no face can be found in the
    geometry."""
    if raw.landmarks is None and not apply_table(raw):
        locate(raw, raw.named_points, part(progress, 0.0, 0.15))
    if raw.landmarks is None:
        raise WrinkleError(f"{raw.name} has no landmarks.", "Use a model that the README lists.")
    raw.landmarks = settled_brows(raw.mean, raw.triangles, raw.landmarks)
    match = correspond(raw.mean, raw.triangles, raw.landmarks, part(progress, 0.15, 0.3))
    uv = raw.uv if raw.uv is not None else known_uv(len(raw.mean), raw.triangles)
    if uv is None:
        uv = computed_uv(raw.mean, raw.triangles, raw.landmarks, part(progress, 0.3, 0.6))
    arkit = transfer(match, raw.triangles, raw.named, part(progress, 0.6, 1.0))
    return FaceModel(
        kind=raw.kind,
        name=raw.name,
        content=key,
        mean=raw.mean,
        shape_basis=raw.shape_basis,
        expression_names=raw.expression_names,
        expression_basis=raw.expression_basis,
        expression_bounds=raw.expression_bounds,
        arkit=arkit,
        triangles=raw.triangles,
        uv=uv,
        landmarks=raw.landmarks,
        right_contour=raw.right_contour,
        left_contour=raw.left_contour,
        dense=raw.dense if raw.dense is not None else dense_points(match, raw),
        regions=vertex_regions(raw.mean, uv, raw.triangles, raw.landmarks),
        licence=raw.licence,
    )


def dense_points(match: Correspondence, raw: RawModel) -> Int | None:
    """(468,) vertex nearest to each point of the face mesh network, carried over from the built-in face; -1 where too
    far."""
    dense = builtin.load_builtin().dense
    if dense is None:
        return None
    found, distance = Nearest(raw.mean).query(match.laid[np.maximum(dense, 0)])
    near = (dense >= 0) & (distance[:, 0] < _DENSE_MM * match.scale)
    return np.where(near, found[:, 0], -1).astype(np.int32)
