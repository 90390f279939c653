# SPDX-License-Identifier: GPL-3.0-or-later
"""The built-in face, read from the file that modelling/build_face.py makes."""

from __future__ import annotations

import hashlib
import itertools
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import WrinkleError
from ..npy import UNREADABLE
from ..types import Blendshapes, FaceModel, Float
from . import arkit

FILE = Path(__file__).parents[2] / "assets" / "builtin_face.npz"
FORMAT = 1
HINT = "Install the add-on again, or make the file anew with `python -m modelling.build_face`."

Arrays = dict[str, npt.NDArray[Any]]


@cache
def load_builtin(file: Path = FILE) -> FaceModel:
    """Read the built-in face.

    Raises WrinkleError when the file is missing, is no such file, or does not match its own checksum.
    """
    arrays = _read(file)
    try:
        meta = json.loads(arrays["meta"].tobytes())
    except (KeyError, ValueError, RecursionError) as problem:
        raise WrinkleError(f"{file.name} has no readable description.", HINT) from problem
    if meta.get("format") != FORMAT or tuple(meta["expressions"]) != arkit.NAMES:
        raise WrinkleError(f"{file.name} is of a format that this version does not read.", HINT)
    if _checksum(arrays) != meta["sha256"]:
        raise WrinkleError(f"{file.name} is damaged: its checksum does not match.", HINT)
    count = len(arrays["mean"])
    motion = _unpack(arrays, "motion", count, meta["step_mm"])
    names = tuple(str(name) for name in meta["expressions"])
    weights = arrays["regions"].astype(np.float32) / 255
    return FaceModel(
        kind="builtin",
        name=str(meta["name"]),
        content=str(meta["sha256"]),
        mean=arrays["mean"],
        shape_basis=_unpack(arrays, "shape", count, meta["step_mm"]),
        expression_names=names,
        expression_basis=motion,
        expression_bounds=(0.0, 1.0),
        arkit=Blendshapes(names, motion),
        triangles=arrays["triangles"].astype(np.int32),
        uv=arrays["uv"],
        landmarks=arrays["landmarks"].astype(np.int32),
        right_contour=arrays["right_contour"].astype(np.int32),
        left_contour=arrays["left_contour"].astype(np.int32),
        dense=arrays["dense"].astype(np.int32),
        regions=dict(zip(meta["regions"], weights, strict=True)),
        licence=str(meta["licence"]),
    )


def mirror_index(file: Path = FILE) -> npt.NDArray[np.int32]:
    """(V,) the vertex on the other side of the built-in face's symmetric mesh."""
    return np.asarray(_read(file)["mirror"], np.int32)


def parts(file: Path = FILE) -> npt.NDArray[np.uint8]:
    """(V,) what each vertex belongs to: 0 skin, 1 lid margin, 2 inside of the mouth, 3 eyeball."""
    return np.asarray(_read(file)["parts"], np.uint8)


def _read(file: Path) -> Arrays:
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise WrinkleError(f"The built-in face {file.name} is missing.", HINT) from None
    except UNREADABLE as problem:
        raise WrinkleError(f"{file.name} is not a whole face file.", HINT) from problem


def _checksum(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for name in sorted(set(arrays) - {"meta"}):
        digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def _unpack(arrays: Arrays, prefix: str, count: int, step: float) -> Float:
    """Dense (E, count, 3) float32 mm from the sparse form."""
    start = arrays[f"{prefix}_start"]
    out = np.zeros((len(start) - 1, count, 3), np.float32)
    for index, (a, b) in enumerate(itertools.pairwise(start)):
        out[index, arrays[f"{prefix}_vertex"][a:b]] = arrays[f"{prefix}_value"][a:b] * np.float32(step)
    return out
