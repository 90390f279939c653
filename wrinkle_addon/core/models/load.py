# SPDX-License-Identifier: GPL-3.0-or-later
"""One door to every face model: told apart by content, checked, completed and cached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import WrinkleError
from ..progress import Progress, part, report, silent
from ..regions import vertex_regions
from ..types import Blendshapes, FaceModel
from . import cache as store
from .hdf5 import SIGNATURE, read_hdf5
from .landmark_tables import apply_table
from .raw import RawModel
from .uv import cylindrical

_ARRAYS = ("mean", "shape_basis", "expression_basis", "triangles", "uv", "landmarks", "right_contour", "left_contour")


def load_model(
    source: str | Path = "builtin", uv: Path | None = None, cache: Path | None = None, progress: Progress = silent
) -> FaceModel:
    """The face model ``source``: "builtin", a model file or a folder.

    uv: a file with the user's own UV (.mat, .npy, .obj). cache: the folder of the fast form, else the user's cache folder
    or ``WRINKLE_CACHE``. Raises WrinkleError, naming the file, when it is missing, damaged or no face model.
    """
    report(progress, 0.0, "Loading the face model")
    model = _builtin() if str(source) == "builtin" else _from_disk(Path(source), cache, progress)
    report(progress, 1.0, "Loading the face model")
    return model


def _builtin() -> FaceModel:
    from .builtin import load_builtin

    return load_builtin()


def _from_disk(path: Path, cache: Path | None, progress: Progress) -> FaceModel:
    if not path.exists():
        raise WrinkleError(f"There is no face model at {path}.", 'Give a model file, a folder, or "builtin".')
    folder = store.default_folder() if cache is None else cache
    content = store.file_digest(path, folder)
    key = store.digest_of(content)
    entry = store.read_entry(folder, key)
    if entry is not None:
        return _from_entry(key, path.name, *entry)
    raw = _read(path, part(progress, 0.0, 0.6))
    model = _complete(raw, key)
    store.write_entry(folder, key, *_to_entry(model))
    stored = store.read_entry(folder, key)
    return model if stored is None else _from_entry(key, path.name, *stored)


def _read(path: Path, progress: Progress) -> RawModel:
    try:
        with path.open("rb") as stream:
            start = stream.read(16)
    except OSError as problem:
        raise WrinkleError(f"{path} cannot be read ({problem.strerror}).", "Check the file's permissions.") from problem
    if start.startswith(SIGNATURE):
        return read_hdf5(path, progress)
    raise WrinkleError(
        f"{path.name} is not a face model this add-on knows.",
        "Use a Basel Face Model .h5, an eos .bin, an ICT-FaceKit folder or the built-in face.",
    )


def _complete(raw: RawModel, key: str) -> FaceModel:
    if raw.landmarks is None and not apply_table(raw):
        raise WrinkleError(f"{raw.name} has a topology whose landmarks are unknown.", "Use a model listed in the README.")
    assert raw.landmarks is not None
    uv = cylindrical(raw.mean) if raw.uv is None else raw.uv
    empty = Blendshapes((), np.zeros((0, len(raw.mean), 3), np.float32))
    return FaceModel(
        kind=raw.kind,
        name=raw.name,
        content=key,
        mean=raw.mean,
        shape_basis=raw.shape_basis,
        expression_names=raw.expression_names,
        expression_basis=raw.expression_basis,
        expression_bounds=raw.expression_bounds,
        arkit=raw.named if raw.named is not None else empty,
        triangles=raw.triangles,
        uv=uv,
        landmarks=raw.landmarks,
        right_contour=raw.right_contour,
        left_contour=raw.left_contour,
        dense=raw.dense,
        regions=vertex_regions(raw.mean, uv, raw.triangles, raw.landmarks),
        licence=raw.licence,
    )


def _to_entry(model: FaceModel) -> tuple[dict[str, Any], store.Arrays]:
    values = {
        "kind": model.kind,
        "expression_names": model.expression_names,
        "expression_bounds": model.expression_bounds,
        "arkit_names": model.arkit.names,
        "regions": list(model.regions),
        "licence": model.licence,
    }
    arrays: store.Arrays = {name: getattr(model, name) for name in _ARRAYS}
    arrays["arkit"] = model.arkit.deltas
    if model.dense is not None:
        arrays["dense"] = model.dense
    if model.regions:
        arrays["regions"] = np.stack([model.regions[name] for name in values["regions"]])
    return values, arrays


def _from_entry(key: str, name: str, values: dict[str, Any], arrays: store.Arrays) -> FaceModel:
    return FaceModel(
        kind=values["kind"],
        name=name,
        content=key,
        expression_names=tuple(values["expression_names"]),
        expression_bounds=(float(values["expression_bounds"][0]), float(values["expression_bounds"][1])),
        arkit=Blendshapes(tuple(values["arkit_names"]), arrays["arkit"]),
        dense=arrays.get("dense"),
        regions={region: arrays["regions"][k] for k, region in enumerate(values["regions"])},
        licence=values["licence"],
        **{field: arrays[field] for field in _ARRAYS},
    )
