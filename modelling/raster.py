# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw per-vertex values into UV."""

from __future__ import annotations

import numpy as np
from wrinkle_native import interpolate_uv, rasterize_uv


def draw(uv: np.ndarray, triangles: np.ndarray, values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate (V, n) values into a (size, size, n) float32 map; the second result is its cover, bool."""
    places, corners = np.ascontiguousarray(uv, np.float32), np.ascontiguousarray(triangles, np.int32)
    drawn = interpolate_uv(np.ascontiguousarray(values, np.float32), places, corners, size)
    return drawn, rasterize_uv(places, corners, size)[0] >= 0
