# SPDX-License-Identifier: GPL-3.0-or-later
"""Strain of the skin: how much, and in which direction, each blendshape stretches or compresses it.

E = (F^T F - I) / 2 with F the deformation gradient within the surface (Green's strain). A rigid motion has none,
however far it goes, so skin that only rides along stays quiet.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import wrinkle_native

from . import progress as progress_of
from .progress import Progress, silent
from .surface import TINY, sum_to_vertices, surface_of, uv_jacobians
from .types import Blendshapes, Float, Int

SMOOTH_MM = 3.0
"""Standard deviation of the smoothing along the skin."""
STILL_MM = 1e-3
AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class Strains:
    """Strain of each blendshape at weight 1 as maps, rows as in a texture.

    values: (E, M, M, 3) float32, components E_tt, E_bb, E_tb with t along +u on the skin and b at right angles to it
    towards +v; zero outside the UV. names: E strings.
    """

    names: tuple[str, ...]
    values: Float


def strain_maps(
    neutral: Float,
    blendshapes: Blendshapes,
    triangles: Int,
    uv: Float,
    size: int = 256,
    progress: Progress = silent,
) -> Strains:
    """Each blendshape's strain, smoothed along the skin.

    neutral: (V, 3) mm, deltas of the blendshapes likewise; triangles (T, 3); uv (V, 2).
    """
    triangles = np.ascontiguousarray(triangles, np.int32)
    uv = np.ascontiguousarray(uv, np.float32)
    skin = _Skin(neutral, triangles, uv)
    covered = (wrinkle_native.rasterize_uv(uv, triangles, size)[0] >= 0).astype(np.float32)
    sigma = SMOOTH_MM / max(surface_of(neutral, triangles, uv, 64).texel_mm(size), 1e-6) if covered.any() else 1.0
    share = covered / np.maximum(cv2.GaussianBlur(covered, (0, 0), sigma), 1e-6)
    shares = cv2.merge([share, share, share])
    count = len(blendshapes.names)
    maps = np.zeros((count, size, size, 3), np.float32)
    for start in range(0, count, AT_ONCE):
        progress_of.report(progress, start / count, f"Motion map {start + 1}/{count}")
        group = range(start, min(start + AT_ONCE, count))
        values = np.hstack([skin.strain(blendshapes.deltas[index]) for index in group])
        drawn = wrinkle_native.interpolate_uv(np.ascontiguousarray(values), uv, triangles, size)
        for place, index in enumerate(group):
            own = np.ascontiguousarray(drawn[..., 3 * place : 3 * place + 3])
            cv2.multiply(cv2.GaussianBlur(own, (0, 0), sigma), shares, maps[index])
    return Strains(blendshapes.names, maps)


class _Skin:
    """What the strain of any blendshape needs of the neutral mesh, per triangle."""

    def __init__(self, neutral: Float, triangles: Int, uv: Float) -> None:
        jacobian, area = uv_jacobians(neutral, triangles, uv)
        corners = neutral[triangles].astype(np.float64)
        self.first, self.second = (np.ascontiguousarray(corners[:, k] - corners[:, 0]) for k in (1, 2))
        normal = np.cross(self.first, self.second)
        double_area = np.linalg.norm(normal, axis=1)
        along = jacobian[..., 0]
        length = np.linalg.norm(along, axis=1)
        self.usable = (double_area > TINY) & (length > TINY) & (np.abs(area) > TINY)
        safe = np.where(self.usable, 1.0, 0.0)[:, None]
        t = along * safe / np.maximum(length, TINY)[:, None]
        b = np.cross(normal * safe / np.maximum(double_area, TINY)[:, None], t) * np.sign(area)[:, None]
        # Edges in the tangent frame, [[p, r], [q, s]] with a column per edge; the inverse brings edge products there.
        p, q = (np.einsum("ti,ti->t", self.first, axis) for axis in (t, b))
        r, s = (np.einsum("ti,ti->t", self.second, axis) for axis in (t, b))
        determinant = np.where(self.usable, p * s - q * r, 1.0)
        self.inverse = np.stack([s, -r, -q, p]) / determinant
        self.area = np.where(self.usable, double_area / 2, 0.0)
        self.triangles = triangles
        self.columns = np.ascontiguousarray(triangles.T)
        self.count = len(neutral)
        self.vertex_area = np.maximum(sum_to_vertices(self.area[:, None], triangles, self.count)[:, 0], TINY)

    def strain(self, delta: Float) -> Float:
        """(V, 3) float32: E_tt, E_bb, E_tb at the vertices, area-weighted, for displacements (V, 3) in mm."""
        moves = np.abs(delta) > STILL_MM
        moving = moves[:, 0] | moves[:, 1] | moves[:, 2]  # a reduction over so short an axis costs ten times as much
        chosen = np.flatnonzero(self.usable & (np.logical_or.reduce([moving[column] for column in self.columns])))
        corners = self.triangles[chosen]
        origin = delta[corners[:, 0]].astype(np.float64)
        d1, d2 = (delta[corners[:, k]] - origin for k in (1, 2))
        e1, e2 = self.first[chosen], self.second[chosen]

        def dot(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            return np.asarray(np.einsum("ti,ti->t", x, y))

        # Change of the products of the edges: (e + d)(e + d) - e e.
        m11, m22 = dot(2 * e1 + d1, d1), dot(2 * e2 + d2, d2)
        m12 = dot(e1, d2) + dot(e2, d1) + dot(d1, d2)
        # E = B^T M B / 2 with B = [[a, b], [c, d]], the inverse of the edges in the tangent frame.
        a, b, c, d = self.inverse[:, chosen]
        strain = np.stack(
            [
                a * a * m11 + 2 * a * c * m12 + c * c * m22,
                b * b * m11 + 2 * b * d * m12 + d * d * m22,
                a * b * m11 + (a * d + b * c) * m12 + c * d * m22,
            ],
            axis=1,
        )
        # Slivers may stretch without bound; what compression can be is bounded by -1/2.
        weighted = np.clip(strain / 2, -0.5, 1.0) * self.area[chosen, None]
        return np.asarray(sum_to_vertices(weighted, corners, self.count) / self.vertex_area[:, None], np.float32)
