# SPDX-License-Identifier: GPL-3.0-or-later
"""Strain and motion maps in plain NumPy and OpenCV: what the native code is compared with and timed against."""

from __future__ import annotations

import cv2
import numpy as np
import wrinkle_native

from wrinkle_addon.core.lines import TRUST
from wrinkle_addon.core.models.arkit import side
from wrinkle_addon.core.motion import FULL_STRAIN, QUIET
from wrinkle_addon.core.strain import SMOOTH_MM, STILL_MM
from wrinkle_addon.core.surface import TINY, sum_to_vertices, surface_of, uv_jacobians


def strain_maps(neutral, deltas, triangles, uv, size):
    """(E, M, M, 3) float32, as in the core."""
    skin = Skin(neutral, triangles, uv)
    covered = (wrinkle_native.rasterize_uv(uv, triangles, size)[0] >= 0).astype(np.float32)
    sigma = SMOOTH_MM / surface_of(neutral, triangles, uv, 64).texel_mm(size)
    share = covered / np.maximum(cv2.GaussianBlur(covered, (0, 0), sigma), 1e-6)
    maps = []
    for delta in deltas:
        drawn = wrinkle_native.interpolate_uv(skin.strain(delta), uv, triangles, size)
        maps.append(cv2.GaussianBlur(drawn, (0, 0), sigma) * share[..., None])
    return np.stack(maps).astype(np.float32)


class Skin:
    """What the strain of any blendshape needs of the neutral mesh, per triangle."""

    def __init__(self, neutral, triangles, uv):
        jacobian, area = uv_jacobians(neutral, triangles, uv)
        corners = neutral[triangles].astype(np.float64)
        self.first, self.second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        normal = np.cross(self.first, self.second)
        double_area = np.linalg.norm(normal, axis=1)
        along = jacobian[..., 0]
        length = np.linalg.norm(along, axis=1)
        usable = (double_area > TINY) & (length > TINY) & (np.abs(area) > TINY)
        t = along / np.maximum(length, TINY)[:, None]
        b = np.cross(normal / np.maximum(double_area, TINY)[:, None], t) * np.sign(area)[:, None]
        # Edges in the tangent frame, [[p, r], [q, s]] with a column per edge.
        p, q = ((self.first * axis).sum(1) for axis in (t, b))
        r, s = ((self.second * axis).sum(1) for axis in (t, b))
        self.inverse = np.stack([s, -r, -q, p]) / np.where(usable, p * s - q * r, 1.0)
        self.area = np.where(usable, double_area / 2, 0.0)
        self.triangles = triangles
        self.count = len(neutral)

    def strain(self, delta):
        """(V, 3) float32: E_tt, E_bb, E_tb at the vertices, area-weighted."""
        moves = (np.abs(delta) > STILL_MM).any(1)[self.triangles].any(1)
        delta = np.where(moves[:, None, None], delta[self.triangles], 0)
        d1, d2 = (delta[:, k].astype(np.float64) - delta[:, 0] for k in (1, 2))
        m11 = ((2 * self.first + d1) * d1).sum(1)
        m22 = ((2 * self.second + d2) * d2).sum(1)
        m12 = (self.first * d2 + self.second * d1 + d1 * d2).sum(1)
        a, b, c, d = self.inverse
        strain = [
            a * a * m11 + 2 * a * c * m12 + c * c * m22,
            b * b * m11 + 2 * b * d * m12 + d * d * m22,
            a * b * m11 + (a * d + b * c) * m12 + c * d * m22,
        ]
        weighted = np.clip(np.stack(strain, axis=1) / 2, -0.5, 1.0) * self.area[:, None]
        area = np.maximum(sum_to_vertices(self.area[:, None], self.triangles, self.count), TINY)
        return (sum_to_vertices(weighted, self.triangles, self.count) / area).astype(np.float32)


def motion_map(name, strain, skin, left, lines):
    """(M, M) uint8 of one blendshape."""
    tt, bb, tb = np.moveaxis(strain, -1, 0)
    compression = np.maximum(np.hypot((tt - bb) / 2, tb) - (tt + bb) / 2, 0)
    bare = compression * skin
    active = bare[bare > QUIET * bare.max(initial=0)]
    full = max(float(np.percentile(active, 95)) if active.size else 0.0, FULL_STRAIN)
    activation = np.clip((bare / full - QUIET) / (1 - QUIET), 0, 1)
    if side(name) is not None:
        activation = activation * (left if side(name) == "L" else 1 - left)
    if lines is not None:
        t, b = np.moveaxis(lines.across, -1, 0)
        over = np.maximum(-(t * t * tt + b * b * bb + 2 * t * b * tb), 0)
        activation = activation * (1 - TRUST * lines.sure * (1 - np.minimum(over / np.maximum(compression, 1e-6), 1)))
    return np.rint(activation * 255).astype(np.uint8)
