# SPDX-License-Identifier: GPL-3.0-or-later
"""A face model as a cache entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..types import Blendshapes, FaceModel
from . import cache

_ARRAYS = ("mean", "shape_basis", "expression_basis", "triangles", "uv", "landmarks", "right_contour", "left_contour")


def write(folder: Path, model: FaceModel) -> bool:
    """Store ``model`` under its content; False when the folder cannot be written."""
    values = {
        "kind": model.kind,
        "name": model.name,
        "expression_names": model.expression_names,
        "expression_bounds": model.expression_bounds,
        "arkit_names": model.arkit.names,
        "regions": list(model.regions),
        "licence": model.licence,
    }
    arrays: cache.Arrays = {name: getattr(model, name) for name in _ARRAYS}
    arrays["arkit"] = model.arkit.deltas
    if model.dense is not None:
        arrays["dense"] = model.dense
    arrays["regions"] = np.stack([model.regions[name] for name in model.regions])
    return cache.write_entry(folder, model.content, values, arrays)


def read(folder: Path, key: str) -> FaceModel | None:
    """The model stored under ``key``, its arrays memory-mapped and read-only; None when there is none."""
    found = cache.read_entry(folder, key)
    if found is None:
        return None
    values, arrays = found
    fields: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
    return FaceModel(
        kind=values["kind"],
        name=values["name"],
        content=key,
        expression_names=tuple(values["expression_names"]),
        expression_bounds=(float(values["expression_bounds"][0]), float(values["expression_bounds"][1])),
        arkit=Blendshapes(tuple(values["arkit_names"]), arrays["arkit"]),
        dense=arrays.get("dense"),
        regions={region: arrays["regions"][k] for k, region in enumerate(values["regions"])},
        licence=values["licence"],
        **fields,
    )
