# SPDX-License-Identifier: GPL-3.0-or-later
"""From millimetres on the skin to texels of a map: the metric of the UV, levels, and lookups on the surface's grid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..surface import tangent_axes
from ..types import Float, Light, Surface

SHORTEST = 1e-3
"""Least length in mm of a unit of u or v: what lies below has no area and carries no texture."""


def metric(surface: Surface) -> Float:
    """(G, G, 3) float32: a, c, d with (mm along t, mm along b) = [[a, c], [0, d]] (du, dv)."""
    a = np.maximum(np.linalg.norm(surface.du, axis=-1), SHORTEST)
    c = np.einsum("...i,...i->...", surface.du, surface.dv) / a
    d = np.maximum(np.linalg.norm(np.cross(surface.du, surface.dv), axis=-1) / a, SHORTEST)
    return np.ascontiguousarray(np.stack([a, c, d], axis=-1), np.float32)


def reduction(texel_mm: float, mm: float) -> int:
    """How far a map can shrink for a scale: a power of two k up to 256 with k * texel_mm <= 1.2 * mm, or 1."""
    k = 1
    while k < 256 and 2 * k * texel_mm <= 1.2 * mm:
        k *= 2
    return k


def halvings(sigma: float) -> int:
    """By which power of two a map may shrink before a Gaussian of ``sigma`` texels, keeping 4 texels or more of it."""
    k = 1
    while sigma / (2 * k) >= 4:
        k *= 2
    return k


def bilinear(image: Float, rows: npt.NDArray[np.float64], columns: npt.NDArray[np.float64]) -> Float:
    """``image`` (h, w, C) at positions (P,), clamped to the border; (P, C) float32. For few positions."""
    height, width = image.shape[:2]
    r, c = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    r0, c0 = r.astype(np.intp), c.astype(np.intp)
    r1, c1 = np.minimum(r0 + 1, height - 1), np.minimum(c0 + 1, width - 1)
    fr, fc = (r - r0)[:, None], (c - c0)[:, None]
    top = image[r0, c0] * (1 - fc) + image[r0, c1] * fc
    bottom = image[r1, c0] * (1 - fc) + image[r1, c1] * fc
    return np.asarray((top * (1 - fr) + bottom * fr), np.float32)


def on_grid(grid: Float, centres: Float, size: int) -> Float:
    """``grid`` (G, G, C) at texture positions (P, 2) row, column of a map of ``size``; (P, C) float32."""
    at = (np.asarray(centres, np.float64) + 0.5) * (grid.shape[0] / size) - 0.5
    return bilinear(grid, at[:, 0], at[:, 1])


def texel_steps(grid: Float, centres: Float, frames: Float, size: int) -> Float:
    """(P, 2, 2) float32: columns are the (row, column) steps in texels of 1 mm along the patch's x and y.

    grid: `metric`. centres: (P, 2) row, column in a texture of ``size``. frames: (P, 2, 2), columns are the patch's
    axes in (t, b).
    """
    a, c, d = on_grid(grid, centres, size).T[:, :, None]
    v = frames[:, 1] / d
    u = (frames[:, 0] - c * v) / a
    return np.ascontiguousarray(np.stack([-v * size, u * size], axis=1), np.float32)


def local_light(light: Light, surface: Surface) -> Float:
    """(G, G, 4) float32: the light along t, b and n, and the ambient share."""
    axes = [axis @ np.asarray(light.direction, np.float32) for axis in tangent_axes(surface)]
    return np.asarray(np.stack([*axes, np.full_like(axes[0], light.ambient)], axis=-1), np.float32)


def ease_light(local: Float) -> Float:
    """(P, 4) light and ambient: below a height of 0.1 the light is held there and the ambient share grows to 1 at -0.1.

    So skin that turns from the light is seen as lit by the surroundings, and never from behind.
    """
    held = np.maximum(local[:, 2], 0.1)
    factor = np.sqrt(np.maximum(1 - held**2, 0)) / np.maximum(np.hypot(local[:, 0], local[:, 1]), 1e-6)
    ambient = local[:, 3] + (1 - local[:, 3]) * np.clip((0.1 - local[:, 2]) / 0.2, 0, 1)
    return np.asarray(np.stack([local[:, 0] * factor, local[:, 1] * factor, held, ambient], axis=-1), np.float32)
