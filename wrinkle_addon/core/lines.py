# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of the skin: which way the wrinkles of a normal map run, and how surely."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .types import Float

WIDTH_MM = 4.0
"""Standard deviation of the neighbourhood that a direction is taken over: a line and its shoulders."""
SURE_SLOPE = 0.02
"""Mean slope at which a line is half sure; skin without lines has no direction."""
FINEST = 1024
"""Larger maps are averaged down to this: the direction of a line needs no more."""
TRUST = 0.85
"""The share by which lines of a sure direction turn down compression along them. Blendshapes are not exact."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Direction of the lines at each texel, rows as in a texture.

    across: (M, M, 2) float32, unit vector at right angles to the line in the skin's tangent frame (t along +u, b
    towards +v). sure: (M, M) float32, 0 where there is no line or lines of all directions, 1 where all run one way.
    """

    across: Float
    sure: Float


def find_lines(normal: npt.NDArray[np.uint16], texel_mm: float, size: int = 256, steepness: float = 1.0) -> Lines:
    """The lines of a normal map, (S, S, 3) uint16 in OpenGL tangent space with texels of ``texel_mm``, its slopes
    ``steepness`` times the true ones.

    The structure tensor of the slope (Bigun and Granlund, 1987) over a few millimetres gives direction and coherence.
    """
    edge_mm = texel_mm * normal.shape[0]
    if normal.shape[0] > FINEST:
        normal = np.asarray(cv2.resize(normal, (FINEST, FINEST), interpolation=cv2.INTER_AREA), np.uint16)
    x, y, z = cv2.split(normal.astype(np.float32) / 32767.5 - 1)
    upright = np.maximum(z, 0.01) * max(steepness, 1e-3)
    along_t, along_b = x / upright, y / upright
    products = np.asarray(np.dstack([along_t * along_t, along_b * along_b, along_t * along_b]), np.float32)
    small = cv2.resize(products, (size, size), interpolation=cv2.INTER_AREA)
    tt, bb, tb = cv2.split(cv2.GaussianBlur(small, (0, 0), WIDTH_MM * size / max(edge_mm, 1e-6)))
    total = tt + bb
    coherence = np.hypot(tt - bb, 2 * tb) / np.maximum(total, 1e-12)
    strength = total / (total + SURE_SLOPE**2)
    angle = np.arctan2(2 * tb, tt - bb) / 2
    across = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return Lines(across.astype(np.float32), np.asarray(coherence * strength, np.float32))
