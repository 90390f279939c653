# SPDX-License-Identifier: GPL-3.0-or-later
"""UV coordinates of models that have none, and how much a UV stretches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Float, Int

MARGIN = 0.02
"""Free border around the face in UV, so that dilation never wraps."""


def singular_values(
    vertices: npt.NDArray[np.floating], triangles: Int, uv: npt.NDArray[np.floating]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Per triangle: larger and smaller singular value of the map UV -> surface (mm per unit), signed UV area, area mm^2."""
    p = vertices[triangles].astype(np.float64)
    q = uv[triangles].astype(np.float64)
    e1, e2 = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    f1, f2 = q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]
    signed = 0.5 * (f1[:, 0] * f2[:, 1] - f1[:, 1] * f2[:, 0])
    twice = np.where(np.abs(signed) < 1e-15, 1e-15, 2.0 * signed)[:, None]
    du = (e1 * f2[:, 1:2] - e2 * f1[:, 1:2]) / twice
    dv = (e2 * f1[:, 0:1] - e1 * f2[:, 0:1]) / twice
    a, b, c = (du * du).sum(1), (du * dv).sum(1), (dv * dv).sum(1)
    root = np.sqrt((a - c) ** 2 + 4.0 * b * b)
    area = 0.5 * np.linalg.norm(np.cross(e1, e2), axis=1)
    return np.sqrt(0.5 * (a + c + root)), np.sqrt(np.maximum(0.5 * (a + c - root), 0.0)), signed, area


def stretch(vertices: npt.NDArray[np.floating], triangles: Int, uv: npt.NDArray[np.floating]) -> float:
    """L2 stretch (Sander, Snyder, Gortler and Hoppe, "Texture mapping progressive meshes", 2001), 1 = isometric.

    Root of the area-weighted mean of (s1^2 + s2^2) / 2, scaled so that surface and UV have equal total area.
    """
    large, small, signed, area = singular_values(vertices, triangles, uv)
    good = (area > 1e-9) & (np.abs(signed) > 1e-14)
    squared = 0.5 * (large[good] ** 2 + small[good] ** 2)
    return float(np.sqrt((area[good] * squared).sum() / area[good].sum() * np.abs(signed[good]).sum() / area[good].sum()))


def folds(triangles: Int, uv: npt.NDArray[np.floating]) -> int:
    """How many triangles lie the wrong way round in UV."""
    q = uv[triangles].astype(np.float64)
    f1, f2 = q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]
    return int((f1[:, 0] * f2[:, 1] - f1[:, 1] * f2[:, 0] < 0.0).sum())


def cylindrical(vertices: npt.NDArray[np.floating]) -> Float:
    """(V, 2) UV of a vertical cylinder around the head: u by angle times radius, v by height, upright and to one scale."""
    points = vertices.astype(np.float64)
    axis_z = points[:, 2].min() - 0.1 * np.ptp(points[:, 2])
    middle = 0.5 * (points[:, 0].min() + points[:, 0].max())
    angle = np.arctan2(points[:, 0] - middle, points[:, 2] - axis_z)
    radius = float(np.median(np.hypot(points[:, 0] - middle, points[:, 2] - axis_z)))
    return fit_square(np.column_stack((angle * radius, points[:, 1])))


def fit_square(flat: npt.NDArray[np.floating]) -> Float:
    """``flat`` (V, 2) moved and scaled, one scale for both axes, into the unit square with a margin."""
    low, high = flat.min(axis=0), flat.max(axis=0)
    scale = (1.0 - 2.0 * MARGIN) / max(float((high - low).max()), 1e-9)
    return np.ascontiguousarray((flat - 0.5 * (low + high)) * scale + 0.5, np.float32)
