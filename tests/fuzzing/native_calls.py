# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of the native functions with arguments of the right names and any content."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import wrinkle_native as native

_DTYPES = (np.float32, np.float64, np.uint8, np.int32, np.int64, np.bool_, np.complex64)
_SIZES = (0, 1, 2, 3, 4, 5, 8, 17, 33)
_NUMBERS = (0, 1, 2, 4, 7, 16, -1, 0.25, 1.5, 1e9, -1e9, float("nan"), float("inf"), 2**31, 2**63, 10**30)
_SPECIAL = (np.nan, np.inf, -np.inf, 1e30, -1e30)

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "rasterize_uv": ("uv", "triangles", "size"),
    "interpolate_uv": ("per_vertex", "uv", "triangles", "size", "number", "size"),
    "texture_level": ("rgb", "alpha", "plane", "size"),
    "coarser_level": ("level", "size"),
    "highpassed": ("level", "number"),
    "gaussian": ("level", "number"),
    "relit": ("level", "plane", "plane"),
    "line_strength": ("level", "metric", "number", "lines"),
    "strain_maps": ("points", "deltas", "triangles", "uv", "ids", "shares", "number", "number"),
    "motion_maps": ("strains", "plane", "plane", "sides", "across", "sure", "sides", "number", "number", "number"),
    "structure_tensor": ("level", "metric", "number", "size"),
    "soft_gate": ("single", "metric", "number", "number", "number"),
    "enlarge_cubic": ("single", "size", "size"),
    "enlarge_bytes": ("single", "size", "size"),
    "normal_map": ("plane", "metric", "number"),
    "sample_patches": ("level", "at", "steps", "size"),
    "merge_patches": ("values", "at", "steps", "size", "size", "number"),
    "vertex_visibility": ("uv", "column", "triangles", "size", "size", "number"),
    "extract_texture": ("rgb", "uv", "column", "triangles", "uv", "size", "number", "number", "size"),
}
"""What each argument should be; see the module's stub file."""

_SHAPES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "uv": (np.float32, (12, 2)),
    "triangles": (np.int32, (10, 3)),
    "per_vertex": (np.float32, (12, 3)),
    "column": (np.float32, (12,)),
    "rgb": (np.uint8, (16, 16, 3)),
    "alpha": (np.uint8, (16, 16)),
    "plane": (np.float32, (16, 16)),
    "level": (np.float32, (16, 16, 4)),
    "single": (np.float32, (16, 16, 1)),
    "metric": (np.float32, (8, 8, 3)),
    "at": (np.float32, (5, 2)),
    "steps": (np.float32, (5, 2, 2)),
    "values": (np.float32, (5, 8, 8)),
    "lines": (np.float32, (2, 3)),
    "points": (np.float32, (12, 3)),
    "deltas": (np.float32, (3, 12, 3)),
    "ids": (np.int32, (16, 16)),
    "shares": (np.float32, (16, 16, 2)),
    "strains": (np.float32, (3, 16, 16, 3)),
    "sides": (np.int32, (3,)),
    "across": (np.float32, (2, 16, 16, 2)),
    "sure": (np.float32, (2, 16, 16)),
}

_INDICES = {"triangles": (0, 12), "ids": (-1, 10), "sides": (-1, 3)}


def call(rng: random.Random) -> None:
    """Call one function; it may return or raise an error of Python's, nothing else."""
    if rng.random() < 0.15:
        _net(rng)
        return
    name = rng.choice(list(FUNCTIONS))
    arguments = [_argument(rng, kind) for kind in FUNCTIONS[name]]
    try:
        getattr(native, name)(*arguments)
    except (TypeError, ValueError, MemoryError, OverflowError):
        return


def _argument(rng: random.Random, kind: str) -> Any:
    if kind == "size":
        return rng.choice((8, 16, 16, 32, *_NUMBERS)) if rng.random() < 0.9 else None
    if kind == "number":
        return rng.choice((0.5, 1.0, 3.0, *_NUMBERS))
    dtype, shape = _SHAPES[kind]
    if rng.random() < 0.15:
        dtype = rng.choice(_DTYPES)
    if rng.random() < 0.15:
        shape = tuple(rng.choice(_SIZES) for _ in range(rng.choice((len(shape), len(shape), 1, 4))))
    elif rng.random() < 0.1:
        shape = tuple(rng.choice((size, size + 1)) for size in shape)
    return _strided(rng, _filled(rng, dtype, shape, kind))


def _filled(rng: random.Random, dtype: Any, shape: tuple[int, ...], kind: str) -> np.ndarray:
    source = np.random.default_rng(rng.randrange(1 << 30))
    if np.issubdtype(dtype, np.integer):
        low, high = _INDICES.get(kind, (0, 255))
        array = source.integers(low, high, shape).astype(dtype)
        if kind in _INDICES and array.size and rng.random() < 0.2:
            array.flat[rng.randrange(array.size)] = np.int64(rng.choice((-1, 12, 2**31 - 1, -(2**31)))).astype(dtype)
        return array
    array = source.normal(0, rng.choice((0.3, 1, 20)), shape).astype(dtype)
    if array.size and np.issubdtype(dtype, np.floating) and rng.random() < 0.25:
        array.flat[rng.randrange(array.size)] = rng.choice(_SPECIAL)
    return array


def _strided(rng: random.Random, array: np.ndarray) -> Any:
    """The array itself as a rule, else a view that is not contiguous, read-only or no array at all."""
    way = rng.random()
    if way < 0.88:
        return array
    if way < 0.91 and array.ndim:
        return np.repeat(array, 2, axis=0)[::2]
    if way < 0.94:
        return array.T
    if way < 0.97:
        array.flags.writeable = False
        return array
    return rng.choice((None, "text", array.tolist(), 3))


def _net(rng: random.Random) -> None:
    """A network of random layers, run on random patches."""
    channels, size = rng.choice((1, 2, 3, 8)), rng.choice((0, 1, 4, 8, 16, 64, -1, 2**31))
    program: list[tuple[Any, ...]] = []
    inside = channels
    for _ in range(rng.randrange(6)):
        kind = rng.choice(
            ("conv3x3", "conv1x1", "relu", "avgpool2", "upsample2", "unshuffle2", "shuffle2", "save", "?")
        )
        if kind.startswith("conv"):
            k, outside = int(kind[4]), rng.choice((1, 2, 4, 9))
            wrong = rng.random() < 0.15
            weights = _filled(rng, np.float32, (outside, inside + wrong, k, k), "level")
            program.append((kind, weights, np.zeros(outside, np.float32)))
            inside = outside
        elif kind == "save":
            program += [("save", "a"), ("concat", rng.choice(("a", "b")))]
            inside *= 2
        else:
            program.append((kind,))
            inside *= {"unshuffle2": 4}.get(kind, 1)
    try:
        net = native.Net(size, channels, program)
        net.run(
            _argument(rng, "level") if rng.random() < 0.3 else _filled(rng, np.float32, (2, channels, size, size), "")
        )
        at = _argument(rng, "at")
        net.predict(_argument(rng, "level"), at, _argument(rng, "steps"), _filled(rng, np.float32, (5, 4), ""))
    except (TypeError, ValueError, MemoryError, OverflowError):
        return
