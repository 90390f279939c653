# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and writes the shipped regressor file: an ``.npz`` without pickle that says where it comes from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[np.generic]]


def digest(arrays: Arrays) -> str:
    """SHA-256 over name, dtype, shape and bytes of every array in sorted order, the metadata left out."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        if name != "meta":
            value = np.ascontiguousarray(arrays[name])
            for piece in (name.encode(), value.dtype.str.encode(), repr(value.shape).encode(), value.tobytes()):
                found.update(piece)
    return found.hexdigest()


def write_regressor(path: Path, arrays: Arrays, scales: list[dict[str, Any]], provenance: dict[str, Any]) -> None:
    """Write weights as float16 with their programs; ``scales`` holds mm, size, highpass_mm, program, prefix."""
    stored = {name: np.asarray(value, np.float16) for name, value in arrays.items()}
    meta = {
        "format": 1,
        "scales": scales,
        "provenance": provenance,
        "licence": "GPL-3.0-or-later",
        "sha256": digest(stored),
    }
    stored["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **stored)
    part.replace(path)


def read_regressor(path: Path) -> tuple[dict[str, Any], dict[str, npt.NDArray[np.float32]]]:
    """Metadata and float32 arrays of a regressor file."""
    with np.load(path, allow_pickle=False) as data:
        meta = json.loads(bytes(data["meta"]).decode())
        return meta, {name: data[name].astype(np.float32) for name in data.files if name != "meta"}
