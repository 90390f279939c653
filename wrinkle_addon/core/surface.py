# SPDX-License-Identifier: GPL-3.0-or-later
"""The geometry under a texture: how long a step in UV is on the face, and which way the skin looks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .types import Float, Int, Surface

TINY = 1e-12


def uv_jacobians(vertices: Float, triangles: Int, uv: Float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Derivative of the position by u and v on each triangle.

    vertices: (V, 3) mm, uv: (V, 2). Returns (T, 3, 2) float64, mm per unit of u and of v, zero where the UV has no
    area, and (T,) float64 twice the signed UV area (positive where counter-clockwise triangles stay so in UV).
    """
    corners = vertices[triangles].astype(np.float64)
    places = uv[triangles].astype(np.float64)
    sides = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], axis=-1)
    (a, b), (c, d) = np.moveaxis(places[:, 1:] - places[:, :1], 0, -1)
    area = a * d - b * c
    usable = np.abs(area) > TINY
    inverse = np.stack([np.stack([d, -b], -1), np.stack([-c, a], -1)], -2) / np.where(usable, area, 1.0)[:, None, None]
    # side_k = du * delta_u_k + dv * delta_v_k
    return np.where(usable[:, None, None], np.einsum("tik,tjk->tij", sides, inverse), 0.0), area


def sum_to_vertices(values: npt.NDArray[np.float64], triangles: Int, count: int) -> npt.NDArray[np.float64]:
    """Adds per-triangle values (T, C) up at their vertices: (count, C)."""
    corners = triangles.ravel()
    columns = [np.bincount(corners, np.repeat(column, 3), count) for column in values.T]
    return np.stack(columns, axis=1)


def surface_of(vertices: Float, triangles: Int, uv: Float, grid: int = 256) -> Surface:
    """The surface of a mesh under its texture.

    vertices: (V, 3) in mm; triangles: (T, 3), counter-clockwise seen from outside; uv: (V, 2). The result has
    grid x grid texels; outside the islands it goes on with the nearest values.
    """
    from wrinkle_native import interpolate_uv, rasterize_uv

    jacobian, area = uv_jacobians(vertices, triangles, uv)
    weight = np.abs(area)[:, None]
    summed = sum_to_vertices(np.hstack([jacobian.reshape(-1, 6) * weight, weight]), triangles, len(vertices))
    smooth = summed[:, :6] / np.maximum(summed[:, 6:], TINY)
    places = np.ascontiguousarray(uv, np.float32)
    corners = np.ascontiguousarray(triangles, np.int32)
    covered = rasterize_uv(places, corners, grid)[0] >= 0
    drawn = np.hstack([smooth, vertices]).astype(np.float32)
    extended = interpolate_uv(drawn, places, corners, grid, dilate=grid)
    du_dv = extended[..., :6].reshape(grid, grid, 3, 2)
    return Surface(
        du=np.ascontiguousarray(du_dv[..., 0]),
        dv=np.ascontiguousarray(du_dv[..., 1]),
        covered=covered,
        mirrored=bool(area.sum() < 0),
        points=np.ascontiguousarray(extended[..., 6:]),
    )


def flat_surface(size: int, texel_mm: float, grid: int = 16) -> Surface:
    """A plane facing +Z under a whole texture of ``size`` texels of ``texel_mm`` each; u runs along +X, v along +Y."""
    edge = size * texel_mm
    plane = np.zeros((2, grid, grid, 3), np.float32)
    plane[0, ..., 0] = plane[1, ..., 1] = edge
    return Surface(du=plane[0], dv=plane[1], covered=np.ones((grid, grid), bool))


def tangent_axes(surface: Surface) -> tuple[Float, Float, Float]:
    """Tangent t along +u, bitangent b towards +v and outward normal n, each (G, G, 3) float32, orthonormal.

    Without mirroring b = n x t; where the UV is mirrored b = t x n. Texels without geometry get the axes of
    the UV plane.
    """
    normal = np.cross(surface.du, surface.dv)
    if surface.mirrored:
        normal = -normal
    length = np.linalg.norm(normal, axis=-1, keepdims=True)
    usable = length > TINY
    n = np.where(usable, normal / np.maximum(length, TINY), np.array([0, 0, 1], np.float32))
    t = np.where(usable, surface.du, np.array([1, 0, 0], np.float32))
    t = t / np.linalg.norm(t, axis=-1, keepdims=True)
    b = np.cross(t, n) if surface.mirrored else np.cross(n, t)
    return t.astype(np.float32), b.astype(np.float32), n.astype(np.float32)
