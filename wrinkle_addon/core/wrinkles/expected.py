# SPDX-License-Identifier: GPL-3.0-or-later
"""What the light does to the coarse face alone: shading and shadows that no wrinkle is needed to explain.

The regressor adds only what the mesh lacks. So as much of the mesh's own shading as is seen in the texture is taken out
of it, and little is believed where that was much or where a shadow of nose, brow or lips ends. A fitted mesh lies a few
millimetres beside the photo: its shading is looked for that far around.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..surface import TINY
from ..types import Float, Light, Surface
from .geometry import halvings

DETAIL_MM = 8.0
"""Shading wider than this is gone after the high-pass of the levels and need not be explained."""
WINDOW_MM = 6.0
"""Over which the share of the shading that is seen, and its place, are found."""
STEP_MM, REACH = 1.25, 2
"""Places that are tried: up to REACH steps to every side."""
FAINT = 0.02
"""Log brightness under which shading tells nothing of its own place and share: those of the mesh are believed."""
FAR = 0.15
"""How much better (in FAINT squared) a place must be per step squared."""
BLEND = 0.15
"""Places that explain about as much are mixed."""
DOUBT = 0.12
"""Log brightness of explained detail at which half of the relief is believed: it is never explained quite."""
DOUBT_MM = 2.0
CELL_MM = 2.0
"""Cells of the depth map seen from the light."""
CLOSE, MOST_CELLS = 1.5, 2048
"""Least cell in cells of the surface's grid, so that points fall into most of them; most cells along one side."""
NEARER_MM = 1.5
"""By how much something must lie nearer to the light to throw a shadow: noses do, wrinkles and lids hardly."""
SOFT_MM = 1.0
EDGE_MM = 3.0
"""Spread of the place where a shadow's edge may fall."""
EVEN = 1e-3
"""Differences in log brightness of a surface that has no shape."""


def shape_shading(light: Light, surface: Surface) -> Float:
    """(G, G) float32 in 0..1: brightness of the coarse shape, 1 where it faces the light, shadows left out."""
    return np.asarray(light.ambient + (1 - light.ambient) * np.maximum(_facing(light, surface), 0), np.float32)


def _facing(light: Light, surface: Surface) -> Float:
    """(G, G) float32 cosine between outward normal and light."""
    u, v = surface.du, surface.dv
    normal = np.stack(
        [u[..., (i + 1) % 3] * v[..., (i + 2) % 3] - u[..., (i + 2) % 3] * v[..., (i + 1) % 3] for i in range(3)]
    )
    towards = np.asarray(light.direction, np.float32) * (-1 if surface.mirrored else 1)
    length = np.sqrt(np.square(normal).sum(axis=0))
    return np.asarray(np.tensordot(towards, normal, 1) / np.maximum(length, TINY), np.float32)


def explained(luminance: Float, mask: Float, light: Light, surface: Surface) -> Float:
    """(G, G) float32: detail of the log luminance that the shading of the coarse shape explains.

    luminance, mask: (n, n) float32 log luminance of a level of the texture, and 1 where it counts.
    """
    shading = np.log(np.maximum(shape_shading(light, surface), 1e-3))
    if np.ptp(shading[surface.covered]) < EVEN:
        return np.zeros_like(shading)
    mm, cells = grid_mm(surface), shading.shape[0]
    inside = surface.covered.astype(np.float32)
    seen = _reduced(mask, cells)
    weight = np.asarray(seen * inside, np.float32)
    look = _detail(_reduced(luminance * mask, cells) / np.maximum(seen, 1e-3), weight, mm) * weight
    shape = _detail(shading, inside, mm) * inside
    norm = np.maximum(_window(weight, mm), 1e-3)
    gains, shares, places = [], [], []
    for rows, columns in _places(max(1, round(STEP_MM / mm)) if mm < 2 * STEP_MM else 0):
        moved = np.roll(shape, (rows, columns), (0, 1))
        product = _window(look * moved, mm) / norm
        power = _window(np.square(moved) * weight, mm) / norm
        share = np.clip((product + FAINT**2) / (power + FAINT**2), 0, 1)
        away = (rows**2 + columns**2) * (mm / STEP_MM) ** 2
        gains.append(share * (2 * product - share * power) - FAR * FAINT**2 * away)
        shares.append(share)
        places.append(moved)
    best = np.maximum.reduce(gains)
    worths = [np.exp((gain - best) / (BLEND * (np.abs(best) + FAINT**2))) for gain in gains]
    whole = np.sum(worths, axis=0)
    found = np.zeros_like(shape)
    for worth, share, moved in zip(worths, shares, places, strict=True):
        found += over(worth * share / whole, cells) * moved
    return np.asarray(found, np.float32)


def _window(image: Float, mm: float) -> Float:
    """(g, g) Gaussian mean over WINDOW_MM of a (G, G) map, reduced as far as that allows."""
    k = halvings(4 * WINDOW_MM / mm)
    small = cv2.resize(image, None, fx=1 / k, fy=1 / k, interpolation=cv2.INTER_AREA) if k > 1 else image
    return _blur(np.asarray(small, np.float32), WINDOW_MM / mm / k)


def _places(step: int) -> list[tuple[int, int]]:
    """Offsets in cells, (0, 0) alone for a step of 0."""
    around = range(-REACH, REACH + 1) if step else range(1)
    return [(r * step, c * step) for r in around for c in around if r * r + c * c <= REACH * REACH]


def _blur(image: Float, sigma: float) -> Float:
    """Gaussian of ``sigma`` cells, held to an eighth of the map."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), min(max(sigma, 0.1), image.shape[0] / 8)), np.float32)


def _detail(image: Float, weight: Float, mm: float) -> Float:
    around = np.maximum(_blur(weight, DETAIL_MM / mm), 1e-3)
    return np.asarray(image - _blur(image * weight, DETAIL_MM / mm) / around, np.float32)


def _reduced(image: Float, cells: int) -> Float:
    way = cv2.INTER_AREA if image.shape[0] > cells else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (cells, cells), interpolation=way), np.float32)


def sunlit(light: Light, surface: Surface) -> Float:
    """(G, G) float32: 1 where the main light reaches the surface past the rest of it, 0 in its cast shadow.

    A depth map seen from the light, of the grid's own points. All 1 for a surface without points.
    """
    if surface.points is None:
        return np.ones(surface.covered.shape, np.float32)
    towards = np.asarray(light.direction, np.float32)
    across = np.cross(towards, [1, 0, 0] if abs(towards[0]) < 0.8 else [0, 1, 0])
    across = across / np.linalg.norm(across)
    plane = np.stack([across, np.cross(towards, across)], axis=-1).astype(np.float32)
    points = surface.points[surface.covered]
    depth, place = points @ towards, points @ plane
    cell_mm = max(CELL_MM, CLOSE * grid_mm(surface), float(np.ptp(place, axis=0).max()) / MOST_CELLS)
    cell = ((place - place.min(axis=0)) / cell_mm).astype(np.intp)
    nearest = np.full(cell.max(axis=0) + 1, -np.inf, np.float32)
    np.maximum.at(nearest, tuple(cell.T), depth)
    facing = np.maximum(_facing(light, surface)[surface.covered], 0.05)
    slant = np.sqrt(np.maximum(1 - facing**2, 0)) / facing  # of the surface within its cell
    behind = nearest[tuple(cell.T)] - depth - NEARER_MM - cell_mm * slant
    lit = np.ones(surface.covered.shape, np.float32)
    lit[surface.covered] = 1 - np.clip(behind / SOFT_MM, 0, 1)
    return np.asarray(cv2.medianBlur(lit, 3), np.float32)  # cells that no point of what hides them fell into


def certain(detail: Float, light: Light, surface: Surface) -> Float:
    """(G, G) float32 in 0..1: low where much was explained or a strong edge of a cast shadow is likely.

    detail: see `explained`.
    """
    mm = grid_mm(surface)
    doubt = _blur(np.square(detail), DOUBT_MM / mm)
    sure: Float = np.asarray(DOUBT**2 / (DOUBT**2 + doubt), np.float32)
    lit = sunlit(light, surface)
    if lit.min() < 1:
        share = _blur(lit, EDGE_MM / mm)
        shading = shape_shading(light, surface)
        lost = (shading - light.ambient) / shading
        sure = np.asarray(sure * (1 - np.clip(5 * share * (1 - share) * lost, 0, 1)), np.float32)
    return sure


def grid_mm(surface: Surface) -> float:
    """Median edge of a cell of the surface's grid, in mm."""
    return surface.texel_mm(surface.covered.shape[0])


def over(values: Float, size: int) -> Float:
    """(G, G) values of the surface's grid on a level of ``size`` texels."""
    return np.asarray(cv2.resize(values, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)
