# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of Wavefront OBJ meshes: positions, UV, faces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import WrinkleError
from ..types import Float, Int
from .raw import MAX_VERTICES

_MAX_BYTES = 512 << 20
_AGAIN = "Export the mesh again as a Wavefront OBJ."


@dataclass(frozen=True, eq=False)
class Obj:
    """vertices: (V, 3) in the file's unit. uv: (N, 2). triangles, uv_triangles: (T, 3), polygons cut into fans;
    uv_triangles is empty when some corner has no UV."""

    vertices: Float
    uv: Float
    triangles: Int
    uv_triangles: Int


def read_obj(path: Path, faces: bool = True) -> Obj:
    """The mesh in ``path``; with ``faces`` false only the positions. Raises WrinkleError when it is damaged or none."""
    lines = _lines(path)
    vertices = _numbers(path, [line for line in lines if line.startswith((b"v ", b"v\t"))], 3)
    if len(vertices) == 0:
        raise WrinkleError(f"{path.name} holds no vertices.", _AGAIN)
    none = np.zeros((0, 3), np.int32)
    if not faces:
        return Obj(vertices, np.zeros((0, 2), np.float32), none, none)
    uv = _numbers(path, [line for line in lines if line.startswith((b"vt ", b"vt\t"))], 2)
    corners = _faces(path, [line for line in lines if line.startswith((b"f ", b"f\t"))], len(vertices), len(uv))
    triangles, uv_triangles = corners[:, :, 0], corners[:, :, 1]
    if uv_triangles.size and uv_triangles.min() < 0:
        uv_triangles = none
    return Obj(vertices, uv, np.ascontiguousarray(triangles), np.ascontiguousarray(uv_triangles))


def _lines(path: Path) -> list[bytes]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise WrinkleError(f"{path.name} is too large for a face mesh.", _AGAIN)
        data = path.read_bytes()
    except OSError as problem:
        raise WrinkleError(f"{path.name} cannot be read ({problem.strerror}).", "Check the path.") from problem
    if b"\0" in data[:4096]:
        raise WrinkleError(f"{path.name} is not a text file, so no OBJ.", _AGAIN)
    return data.splitlines()


def _numbers(path: Path, lines: list[bytes], columns: int) -> npt.NDArray[np.float32]:
    if len(lines) > 2 * MAX_VERTICES:
        raise WrinkleError(f"{path.name} has {len(lines):,} points, too many for a face mesh.", _AGAIN)
    try:
        table = np.array([line.split()[1 : columns + 1] for line in lines], np.float64).reshape(-1, columns)
        with np.errstate(over="ignore"):
            values = np.asarray(table, np.float32)
    except ValueError as problem:
        raise WrinkleError(f"{path.name} has a line of positions that cannot be read.", _AGAIN) from problem
    if not np.isfinite(values).all():
        raise WrinkleError(f"{path.name} holds positions that are not numbers.", _AGAIN)
    return values


def _faces(path: Path, lines: list[bytes], vertices: int, uvs: int) -> npt.NDArray[np.int32]:
    """(T, 3, 2) vertex and UV index of each corner, from 0; UV -1 where there is none."""
    out: list[tuple[tuple[int, int], ...]] = []
    try:
        for line in lines:
            corners = [_corner(word, vertices, uvs) for word in line.split()[1:]]
            out.extend((corners[0], corners[k], corners[k + 1]) for k in range(1, len(corners) - 1))
        table = np.asarray(out, np.int64)
    except (ValueError, OverflowError) as problem:
        raise WrinkleError(f"{path.name} has a face that cannot be read: {line[:60]!r}.", _AGAIN) from problem
    if not out:
        raise WrinkleError(f"{path.name} holds no faces.", _AGAIN)
    if table[..., 0].min() < 0 or table[..., 0].max() >= vertices or table[..., 1].max() >= uvs:
        raise WrinkleError(f"{path.name} has faces that name vertices it does not have.", _AGAIN)
    return table.astype(np.int32)


def _corner(word: bytes, vertices: int, uvs: int) -> tuple[int, int]:
    parts = word.split(b"/")
    vertex = int(parts[0])
    uv = int(parts[1]) if len(parts) > 1 and parts[1] else 0
    # OBJ counts from 1; negative numbers count back from the end
    return vertex - 1 if vertex > 0 else vertices + vertex, uv - 1 if uv >= 0 else uvs + uv
