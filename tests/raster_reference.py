# SPDX-License-Identifier: GPL-3.0-or-later
"""Slow, plain NumPy versions of what the native rasteriser and texture extraction do, for comparison at small sizes."""

from __future__ import annotations

import numpy as np

STEPS = 256
DEPTH_SIDE = 384


def grid_points(uv: np.ndarray, size: int) -> np.ndarray:
    uv = uv.astype(np.float64)
    return np.stack([uv[:, 0] * size - 0.5, (1 - uv[:, 1]) * size - 0.5], 1)


def inside(corners: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """(rows, columns) bool: which centres the triangle (3, 2) holds, in whole 1/256 steps with the top-left rule."""
    p = np.rint(corners * STEPS).astype(np.int64)
    area = (p[1, 0] - p[0, 0]) * (p[2, 1] - p[0, 1]) - (p[1, 1] - p[0, 1]) * (p[2, 0] - p[0, 0])
    result = np.full((rows, columns), area != 0)
    y, x = np.mgrid[:rows, :columns].astype(np.int64) * STEPS
    for i in range(3):
        a, b = (p[i], p[(i + 1) % 3]) if area > 0 else (p[(i + 1) % 3], p[i])
        dx, dy = b - a
        edge = dx * (y - a[1]) - dy * (x - a[0])
        result &= (edge >= 0) if dy < 0 or (dy == 0 and dx > 0) else (edge > 0)
    return result


def affine(corners: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(3,) base, d/dx, d/dy of the affine function with these values at the snapped corners."""
    p = np.rint(corners * STEPS) / STEPS
    return np.linalg.solve(np.column_stack([np.ones(3), p]), values.astype(np.float64))


def triangle_ids(uv: np.ndarray, triangles: np.ndarray, size: int) -> np.ndarray:
    points = grid_points(uv, size)
    ids = np.full((size, size), -1)
    for index, triangle in enumerate(triangles):
        ids[inside(points[triangle], size, size)] = index
    return ids


class DepthReference:
    """The depth buffer of a mesh and what it hides."""

    def __init__(self, points: np.ndarray, depth: np.ndarray, triangles: np.ndarray) -> None:
        self.low = points.min(0)
        self.scale = (DEPTH_SIDE - 1) / np.ptp(points, 0).max()
        columns, rows = (np.ptp(points, 0) * self.scale).astype(int) + 1
        self.nearest = np.full((rows, columns), -np.inf, np.float32)
        y, x = np.mgrid[:rows, :columns]
        for triangle in triangles:
            corners = self.place(points[triangle])
            base, dx, dy = affine(corners, depth[triangle])
            mask = inside(corners, rows, columns)
            values = (base + dx * x + dy * y).astype(np.float32)
            self.nearest[mask] = np.maximum(self.nearest, values)[mask]

    def place(self, points: np.ndarray) -> np.ndarray:
        return (points - self.low) * self.scale

    def visible(self, point: np.ndarray, plane: np.ndarray, bias: float) -> float:
        tolerance = bias + 0.5 * min(float(np.hypot(plane[1], plane[2])), 8 * bias)
        x, y = np.floor(point).astype(int)
        rows, columns = self.nearest.shape
        total = 0.0
        for j, wy in enumerate(b_spline(point[1] - y)):
            for i, wx in enumerate(b_spline(point[0] - x)):
                row, column = y + j - 1, x + i - 1
                out = row < 0 or column < 0 or row >= rows or column >= columns
                if out or self.nearest[row, column] <= plane[0] + plane[1] * column + plane[2] * row + tolerance:
                    total += wx * wy
        return float(np.clip(2 * total - 1, 0, 1))


def b_spline(t: float) -> tuple[float, float, float, float]:
    s = 1 - t
    return s**3 / 6, (4 - 6 * t**2 + 3 * t**3) / 6, (4 - 6 * s**2 + 3 * s**3) / 6, t**3 / 6


def catmull_rom(photo: np.ndarray, x: float, y: float) -> np.ndarray:
    height, width = photo.shape[:2]
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = int(x), int(y)

    def weights(t: float) -> np.ndarray:
        return np.array(
            [
                (-t + 2 * t**2 - t**3) / 2,
                (2 - 5 * t**2 + 3 * t**3) / 2,
                (t + 4 * t**2 - 3 * t**3) / 2,
                (-(t**2) + t**3) / 2,
            ]
        )

    rows = np.clip(np.arange(top - 1, top + 3), 0, height - 1)
    columns = np.clip(np.arange(left - 1, left + 3), 0, width - 1)
    window = photo[np.ix_(rows, columns)].astype(np.float64)
    return np.einsum("r,c,rck->k", weights(y - top), weights(x - left), window)


def facing(points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, px_per_mm: float) -> np.ndarray:
    """(V,) cosine between the vertex normal and the view."""
    camera = np.column_stack([points[:, 0] / px_per_mm, -points[:, 1] / px_per_mm, depth])
    corners = camera[triangles]
    normals = np.zeros_like(camera)
    np.add.at(normals, triangles, np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, None])
    return normals[:, 2] / np.linalg.norm(normals, axis=1)


def extract(photo, points, depth, triangles, uv, size, px_per_mm, bias=1.0):
    """Colours (S, S, 3) and alpha (S, S) in 0..255, and where a texel is no larger than a pixel: colours hold there."""
    points, depth = points.astype(np.float64), depth.astype(np.float64)
    buffer = DepthReference(points, depth, triangles)
    cosine = facing(points, depth, triangles, px_per_mm)
    places = grid_points(uv, size)
    rgb, alpha, magnified = np.zeros((size, size, 3)), np.zeros((size, size)), np.zeros((size, size), bool)
    height, width = photo.shape[:2]
    ids = triangle_ids(uv, triangles, size)
    for index in np.unique(ids[ids >= 0]):
        corner = triangles[index]
        functions = np.array([affine(places[corner], v[corner]) for v in (points[:, 0], points[:, 1], cosine)])
        plane = affine(buffer.place(points[corner]), depth[corner])
        for row, column in np.argwhere(ids == index):
            x, y, cos = functions @ [1, column, row]
            magnified[row, column] = np.linalg.norm(functions[:2, 1:], 2) <= 1
            t = np.clip((cos - 0.1) / 0.5, 0, 1)
            rim = min(x, width - 1 - x, y, height - 1 - y)
            seen = buffer.visible(buffer.place(np.array([x, y])), plane, bias)
            alpha[row, column] = 255 * t * t * (3 - 2 * t) * np.clip((rim + 0.5) / 2, 0, 1) * seen
            rgb[row, column] = np.clip(catmull_rom(photo, x, y), 0, 255)
    return rgb, alpha, magnified
