# SPDX-License-Identifier: GPL-3.0-or-later
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

_Float = npt.NDArray[np.float32]
_Int = npt.NDArray[np.int32]
_Byte = npt.NDArray[np.uint8]
_Progress = Callable[[float, str], bool | None] | None

class Cancelled(Exception):
    """The progress callback returned False."""

def threads() -> int:
    """How many threads take part in each function, the calling one included."""

def set_threads(count: int) -> None:
    """Set that number, 0..256; 0 means one per processor."""

def has_avx2() -> bool:
    """Whether the kernels for AVX2, FMA and F16C can be used here."""

# Drawing into UV space. uv: (V, 2) within -4..4, u right, v up; triangles: (T, 3); row 0 of a map is v = 1. A texel belongs to the
# triangle that holds its centre; later triangles cover earlier ones where the UV overlaps.

def rasterize_uv(uv: _Float, triangles: _Int, size: int) -> tuple[_Int, _Float]:
    """Triangle (size, size) int32, -1 where none, and the weights (size, size, 2) of its first two corners."""

def interpolate_uv(
    values: _Float, uv: _Float, triangles: _Int, size: int, fill: float = 0.0, dilate: int = 0
) -> _Float:
    """Per-vertex values (V, C) drawn as a map (size, size, C); ``fill`` outside, islands extended by ``dilate`` texels."""
