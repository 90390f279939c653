# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in pieces, side by side on as many threads as the native part uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import wrinkle_native

from .types import Float

_T = TypeVar("_T")
_I = TypeVar("_I")
_SLAB_TEXELS = 1 << 16


def in_parallel(task: Callable[[_I], _T], items: Iterable[_I]) -> list[_T]:
    """``task`` of every item, in their order. NumPy, zlib and OpenCV let go of the interpreter while they work."""
    threads = min(8, wrinkle_native.threads())
    if threads < 2:
        return [task(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(task, items))


def per_texel(function: Callable[..., Float], *maps: Float) -> Float:
    """``function`` of (n, m) maps, texel by texel, as (n, m) float32.

    A few rows at a time: what it makes on the way stays in the processor's cache instead of going through memory.
    """
    out = np.empty(maps[0].shape, np.float32)
    rows = max(1, _SLAB_TEXELS // out.shape[1])

    def slab(start: int) -> None:
        part = slice(start, start + rows)
        out[part] = function(*(values[part] for values in maps))

    in_parallel(slab, range(0, len(out), rows))
    return out
