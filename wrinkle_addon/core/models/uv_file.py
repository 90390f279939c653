# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's own UV for a model: MATLAB ``.mat``, NumPy ``.npy`` or Wavefront ``.obj``, one (u, v) per vertex."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import WrinkleError
from ..npy import UNREADABLE, any_header
from ..types import Float
from .obj import read_obj
from .raw import MAX_VERTICES

_MOST = MAX_VERTICES * 2 * 8 + (1 << 16)
_HELP = "Give one (u, v) per vertex of the model, as .mat, .npy or .obj."
# MATLAB 5 data types: Level 5 MAT-File Format, MathWorks, table 1-1.
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX, _COMPRESSED = 14, 15


def read_uv(path: Path, vertices: int) -> Float:
    """(V, 2) float32 in 0..1; raises WrinkleError when the file has none for ``vertices`` vertices."""
    try:
        with path.open("rb") as stream:
            start = stream.read(128)
    except OSError as problem:
        raise WrinkleError(f"The UV file {path} cannot be read ({problem.strerror}).", _HELP) from problem
    if start.startswith(b"\x93NUMPY"):
        tables = [_npy(path, vertices)]
    elif start.startswith(b"MATLAB 5.0") and len(start) == 128:
        tables = _mat5(path)
    elif b"\x89HDF" in start[:8] or start.startswith(b"MATLAB 7.3"):
        tables = _mat73(path)
    else:
        tables = [_obj(path, vertices)]
    for table in tables:
        if table.shape == (2, vertices) and vertices != 2:
            table = table.T
        if table.shape == (vertices, 2):
            return _checked(path, table)
    shapes = ", ".join(" x ".join(map(str, table.shape)) for table in tables) or "nothing"
    raise WrinkleError(f"{path.name} holds {shapes}; the model needs {vertices} x 2.", _HELP)


def _checked(path: Path, table: npt.NDArray[Any]) -> Float:
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.ascontiguousarray(table, np.float32)
    if not np.isfinite(values).all() or values.min() < -0.01 or values.max() > 1.01:
        raise WrinkleError(f"{path.name} has UV outside 0 to 1.", _HELP)
    return np.clip(values, 0.0, 1.0)


def _npy(path: Path, vertices: int) -> npt.NDArray[Any]:
    try:
        with any_header():
            table = np.load(path, mmap_mode="r", allow_pickle=False)
    except UNREADABLE as problem:
        raise WrinkleError(f"{path.name} is not a whole .npy file of numbers.", _HELP) from problem
    if table.dtype.kind not in "fiu" or table.size != 2 * vertices:
        raise WrinkleError(f"{path.name} holds {table.shape} {table.dtype}; the model needs {vertices} x 2.", _HELP)
    return np.asarray(table)


def _obj(path: Path, vertices: int) -> npt.NDArray[Any]:
    """By the faces when there are some, else the texture coordinates in the vertices' order."""
    mesh = read_obj(path)
    if len(mesh.vertices) == vertices and len(mesh.uv_triangles):
        table = np.zeros((vertices, 2), np.float32)
        table[mesh.triangles.ravel()] = mesh.uv[mesh.uv_triangles.ravel()]
        return table
    return mesh.uv


def _mat73(path: Path) -> list[npt.NDArray[Any]]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            sets = [file[name] for name in file if isinstance(file.get(name, getlink=True), h5py.HardLink)]
            good = [d for d in sets if isinstance(d, h5py.Dataset) and d.ndim == 2 and d.dtype.kind in "fiu"]
            return [
                np.asarray(d[()]) for d in good if d.size <= 2 * MAX_VERTICES and not d.external and not d.is_virtual
            ]
    except (RuntimeError, *UNREADABLE) as problem:
        raise WrinkleError(f"{path.name} is not a whole MATLAB 7.3 file.", _HELP) from problem


def _mat5(path: Path) -> list[npt.NDArray[Any]]:
    """The real, full matrices of a MATLAB 5 file (Level 5 MAT-File Format, MathWorks)."""
    if path.stat().st_size > 2 * _MOST:
        raise WrinkleError(f"{path.name} is too large for a UV.", _HELP)
    data = path.read_bytes()
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise WrinkleError(f"{path.name} is not a MATLAB 5 file.", _HELP)
    out = []
    try:
        for kind, body in _elements(data[128:], order):
            if kind == _COMPRESSED:
                unpacker = zlib.decompressobj()
                plain = unpacker.decompress(body, _MOST)
                if unpacker.unconsumed_tail:
                    continue  # larger than any UV
                kind, body = next(_elements(plain, order))
            matrix = _matrix(body, order) if kind == _MATRIX else None
            if matrix is not None:
                out.append(matrix)
    except (struct.error, zlib.error, ValueError, StopIteration) as problem:
        raise WrinkleError(f"{path.name} is damaged.", _HELP) from problem
    return out


def _elements(data: bytes, order: str) -> Any:
    """(type, bytes) of the data elements one after the other; short ones keep type and size in one word."""
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(order + "II", data, at)
        if kind >> 16:
            kind, size = kind & 0xFFFF, kind >> 16
            yield kind, data[at + 4 : at + 4 + size]
            at += 8
            continue
        if at + 8 + size > len(data):
            raise ValueError("an element is longer than the file")
        yield kind, data[at + 8 : at + 8 + size]
        at += 8 + size + (0 if kind == _COMPRESSED else -size % 8)


def _matrix(body: bytes, order: str) -> npt.NDArray[Any] | None:
    """A numeric matrix, or None for what is no full, real matrix of numbers."""
    parts = list(_elements(body, order))
    if len(parts) < 4 or parts[0][0] != 6 or parts[1][0] != 5 or parts[3][0] not in _TYPES:
        return None
    array_class = struct.unpack_from(order + "I", parts[0][1])[0] & 0xFF
    if not 6 <= array_class <= 15:
        return None
    shape = np.frombuffer(parts[1][1], order + "i4")
    values = np.frombuffer(parts[3][1], order + _TYPES[parts[3][0]])
    if (shape < 0).any() or int(np.prod(shape.astype(np.int64))) != len(values):
        return None
    return values.reshape(tuple(shape), order="F")
