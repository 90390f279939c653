# SPDX-License-Identifier: GPL-3.0-or-later
"""Values on the vertices of a mesh as images in its UV: the answer of regions, and their masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import wrinkle_native

from ..types import Byte, Float, Int
from .description import ResponseMap

RESPONSE_SIZE = 1024
MASK_SIZE = 512
_DILATE = 8


@dataclass(frozen=True, eq=False)
class Corners:
    """A mesh by the corners of its triangles, so that seams of the UV do no harm.

    uv: (3 T, 2) float32; vertices: (3 T,) int32, the vertex of each corner.
    """

    uv: Float
    vertices: Int

    def drawn(self, values: Float, size: int) -> Float:
        """(size, size, C): values (V, C) of the vertices in UV, 0 away from the islands."""
        triangles = np.arange(len(self.vertices), dtype=np.int32).reshape(-1, 3)
        spread = np.ascontiguousarray(values[self.vertices], np.float32)
        drawn = wrinkle_native.interpolate_uv(spread, self.uv, triangles, size, 0.0, _DILATE)
        return np.asarray(drawn, np.float32)


def response_image(corners: Corners, changes: Float, factors: ResponseMap) -> npt.NDArray[np.uint16]:
    """(S, S, 3) uint16: strength, onset and power by ``factors``.

    changes: (V, 3), strength - 1, onset and power - 1, as the mesh carries them; off the islands nothing changes.
    """
    values = corners.drawn(changes, RESPONSE_SIZE) + np.array([1, 0, 1], np.float32)
    scaled = values / np.array([factors.strength, factors.onset, factors.power], np.float32)
    return np.asarray(np.rint(np.clip(scaled, 0, 1) * 65535), np.uint16)


def mask_image(corners: Corners, weights: Float) -> Byte:
    """(S, S) uint8 of weights (V,) in 0..1."""
    drawn = corners.drawn(weights[:, None], MASK_SIZE)[..., 0]
    return np.asarray(np.rint(np.clip(drawn, 0, 1) * 255), np.uint8)
