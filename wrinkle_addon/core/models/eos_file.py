# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of eos model files (``.bin``: SFM, 4DFM, LYHM, a converted BFM) and of eos blendshape files.

The layout is cereal's binary archive of ``eos::morphablemodel::MorphableModel`` 1.5.0, versions 1 to 4, little-endian:
version (u32), shape and colour PCA model, from version 2 an optional expression model, from 3 optional landmark
definitions, texture coordinates, from 4 their triangles. It is read here and not by eos because eos takes memory by
what the file claims before it looks at the file's length.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import WrinkleError
from ..progress import Progress, report, silent
from ..types import Float, Int
from .raw import MAX_BYTES, MAX_COMPONENTS, MAX_TRIANGLES, RawModel, check_finite, check_size, check_triangles, outward
from .seams import split_seams

_AGAIN = "Download the eos model file again, or convert it again with eos 1.5."
_LICENCE = "See the licence that came with the eos model"


@dataclass(frozen=True, eq=False)
class _Pca:
    mean: Float
    basis: Float
    triangles: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Blendshapes:
    names: tuple[str, ...]
    deltas: Float


class _Reader:
    """Reads values off a byte string and refuses what the file is too short for."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data, self.at, self.name = data, 0, name

    def fail(self, why: str) -> WrinkleError:
        return WrinkleError(f"{self.name} is not a whole eos model file ({why}).", _AGAIN)

    def take(self, size: int) -> memoryview:
        if size < 0 or self.at + size > len(self.data):
            raise self.fail(f"it ends where {size:,} more bytes should follow")
        self.at += size
        return memoryview(self.data)[self.at - size : self.at]

    def number(self, kind: str) -> int:
        return int(struct.unpack("<" + kind, self.take(struct.calcsize(kind)))[0])

    def length(self, most: int, what: str) -> int:
        count = self.number("Q")
        if count > most:
            raise self.fail(f"it claims {count:,} {what}")
        return count

    def matrix(self) -> Float:
        rows, columns = self.number("i"), self.number("i")
        if rows < 0 or columns < 0 or rows * columns * 4 > MAX_BYTES:
            raise self.fail(f"it claims a matrix of {rows:,} x {columns:,}")
        flat = np.frombuffer(self.take(rows * columns * 4), "<f4")
        return np.asarray(flat.reshape(columns, rows).T, np.float32)

    def text(self) -> str:
        return bytes(self.take(self.length(256, "letters in a name"))).decode("utf-8", "replace")

    def indices(self) -> npt.NDArray[np.int64]:
        count = self.length(MAX_TRIANGLES, "triangles")
        return np.frombuffer(self.take(count * 12), "<i4").reshape(count, 3).astype(np.int64)

    def absent(self) -> bool:
        flag = self.number("B")
        if flag > 1:
            raise self.fail("a mark in it is neither yes nor no")
        return flag == 1


def is_eos_model(start: bytes) -> bool:
    """Whether a file that begins with these 12 bytes may be an eos model."""
    if len(start) < 12:
        return False
    version, rows, columns = struct.unpack("<Iii", start[:12])
    return bool(1 <= version <= 4 and rows > 0 and rows % 3 == 0 and columns == 1)


def is_eos_blendshapes(start: bytes) -> bool:
    """Whether a file that begins with these 16 bytes may hold eos blendshapes: a count, then a name's length."""
    if len(start) < 16:
        return False
    count, letters = struct.unpack("<QQ", start[:16])
    return bool(0 < count <= MAX_COMPONENTS and 0 < letters <= 256)


def read_eos(path: Path, progress: Progress = silent) -> RawModel:
    """The model in ``path``, with the expressions of a blendshape file beside it when the model has none of its own.

    Raises WrinkleError naming the file when it is truncated, claims more than it holds, or is inconsistent.
    """
    report(progress, 0.0, "Reading the face model")
    reader = _Reader(path.read_bytes(), path.name)
    version = reader.number("I")
    if not 1 <= version <= 4:
        raise reader.fail(f"its version is {version}")
    shape = _pca(reader)
    count = len(shape.mean) // 3
    check_size(path.name, "its shape", count, len(shape.basis))
    _pca(reader)
    expressions = None if version < 2 or reader.absent() else _expressions(reader)
    landmarks = None if version < 3 or reader.absent() else _landmarks(reader, count)
    uv = _uv(reader)
    uv_triangles = reader.indices() if version >= 4 else np.zeros((0, 3), np.int64)
    if reader.at != len(reader.data):
        raise reader.fail("more follows after its end")
    report(progress, 0.5, "Checking the face model")
    return _assemble(path, shape, expressions, landmarks, uv, uv_triangles)


def _assemble(
    path: Path,
    shape: _Pca,
    expressions: _Pca | _Blendshapes | None,
    landmarks: Int | None,
    uv: Float,
    uv_triangles: npt.NDArray[np.int64],
) -> RawModel:
    mean = shape.mean.reshape(-1, 3)
    check_finite(path.name, "the mean shape", mean)
    check_finite(path.name, "the shape components", shape.basis)
    triangles = check_triangles(path.name, shape.triangles, len(mean))
    own = expressions if expressions is not None else _beside(path, len(mean))
    names, deltas, bounds = _expression_space(path, own, len(mean))
    basis = shape.basis.reshape(-1, len(mean), 3)
    check_finite(path.name, "the texture coordinates", uv)
    # eos has v = 0 at the top of the texture
    flat = np.column_stack((uv[:, 0], 1.0 - uv[:, 1])).astype(np.float32)
    if len(uv_triangles):
        if len(uv_triangles) != len(triangles) or uv_triangles.min() < 0 or uv_triangles.max() >= len(uv):
            raise WrinkleError(f"{path.name} has texture triangles that fit neither mesh nor texture.", _AGAIN)
        split = split_seams(len(mean), triangles, uv_triangles.astype(np.int32), flat)
        mean, basis, deltas = mean[split.vertex], basis[:, split.vertex], deltas[:, split.vertex]
        triangles, flat = split.triangles, split.uv
    usable = flat if len(flat) == len(mean) else None
    return RawModel(
        "eos",
        path.name,
        mean,
        basis,
        names,
        deltas,
        bounds,
        outward(mean, triangles),
        usable,
        landmarks,
        licence=_LICENCE,
    )


def read_eos_blendshapes(path: Path) -> tuple[tuple[str, ...], Float]:
    """Names and (E, V, 3) mm of an eos blendshape file; raises WrinkleError as :func:`read_eos` does."""
    found = _blendshapes(_Reader(path.read_bytes(), path.name))
    check_finite(path.name, "the blendshapes", found.deltas)
    return found.names, found.deltas


def _pca(reader: _Reader) -> _Pca:
    mean, basis, variance = reader.matrix(), reader.matrix(), reader.matrix()
    triangles = reader.indices()
    sound = mean.shape[1:] in ((1,), (0,)) and mean.size % 3 == 0 and basis.shape == (mean.size, variance.size)
    if not sound or variance.size > MAX_COMPONENTS:
        raise reader.fail(f"its mean {mean.shape}, basis {basis.shape} and variances {variance.shape} do not agree")
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.ascontiguousarray(basis.T) * np.sqrt(np.maximum(variance.reshape(-1, 1), 0.0))
    return _Pca(mean.ravel(), scaled, triangles)


def _expressions(reader: _Reader) -> _Pca | _Blendshapes:
    which = reader.number("i")
    if which not in (0, 1):
        raise reader.fail("its kind of expressions is unknown")
    return _pca(reader) if which == 0 else _blendshapes(reader)


def _blendshapes(reader: _Reader) -> _Blendshapes:
    names: list[str] = []
    deltas: list[Float] = []
    for _ in range(reader.length(MAX_COMPONENTS, "blendshapes")):
        names.append(reader.text())
        delta = reader.matrix().ravel()
        if delta.size % 3 or (deltas and delta.size != deltas[0].size):
            raise reader.fail("its blendshapes differ in length")
        deltas.append(delta)
    if not deltas:
        return _Blendshapes((), np.zeros((0, 0, 3), np.float32))
    return _Blendshapes(tuple(names), np.stack(deltas).reshape(len(deltas), -1, 3))


def _expression_space(
    path: Path, own: _Pca | _Blendshapes | None, count: int
) -> tuple[tuple[str, ...], Float, tuple[float, float]]:
    if own is None:
        return (), np.zeros((0, count, 3), np.float32), (0.0, 1.0)
    names = own.names if isinstance(own, _Blendshapes) else tuple(f"expression_{k:03d}" for k in range(len(own.basis)))
    deltas = own.deltas if isinstance(own, _Blendshapes) else own.basis.reshape(len(own.basis), -1, 3)
    if deltas.shape[1] != count:
        raise WrinkleError(
            f"The expressions of {path.name} are for {deltas.shape[1]:,} vertices, not {count:,}.", _AGAIN
        )
    check_finite(path.name, "the expressions", deltas)
    bounds = (0.0, 1.0) if isinstance(own, _Blendshapes) else (-3.0, 3.0)
    return names, deltas, bounds


def _beside(path: Path, count: int) -> _Blendshapes | None:
    """The blendshapes in the same folder that have the model's number of vertices."""
    for other in sorted(path.parent.glob("*.bin")):
        if other == path:
            continue
        with other.open("rb") as stream:
            start = stream.read(16)
        if not is_eos_blendshapes(start):
            continue
        try:
            names, deltas = read_eos_blendshapes(other)
        except WrinkleError:
            continue  # foreign or damaged: the model is usable without
        if deltas.shape[1] == count:
            return _Blendshapes(names, deltas)
    return None


def _landmarks(reader: _Reader, count: int) -> Int | None:
    """(68,) vertices when the definitions are numbered as iBUG's points are."""
    out, known = np.full(68, -1, np.int32), 0
    for _ in range(reader.length(100_000, "landmarks")):
        name, vertex = reader.text(), reader.number("i")
        if name.isdecimal() and 1 <= int(name) <= 68 and 0 <= vertex < count:
            out[int(name) - 1] = vertex
            known += 1
    return out if known >= 20 else None


def _uv(reader: _Reader) -> Float:
    count = reader.length(MAX_TRIANGLES, "texture coordinates")
    return np.frombuffer(reader.take(count * 16), "<f8").reshape(count, 2).astype(np.float32)
