# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the light comes from, read off the shading of the coarse face.

The model is one distant light and one from all around:
luminance = albedo * (ambient + (1 - ambient) * max(0, n . l)). Albedo is
one number for the whole skin; brows, moles, make-up, highlights and cast shadows are outliers of a fit in log luminance
that does not care about outliers. The search over directions is complete, so there is no start to depend on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import wrinkle_native as native

from .surface import tangent_axes
from .types import Float, Light, Surface, Texture

Array = npt.NDArray[np.float32]

POINTS = 3000
"""How many places of the skin are looked at."""
COARSE_POINTS = 400
AMBIENTS = np.array([0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95], np.float32)
SPREAD = 0.12
"""Log luminance residual that counts half: beyond lies what shading by this light does not explain."""
FACE_RADIUS_MM = np.array([85.0, 140.0], np.float32)
"""Mean radii of a face across and along, the shape assumed where no mesh is given."""
ABOVE = np.array([0.0, 0.45, np.sqrt(1 - 0.45**2)], np.float32)
"""Where light comes from most often; returned, with no confidence, where the shading tells nothing."""


@dataclass(frozen=True, eq=False)
class Skin:
    """Places on the skin. normals: (P, 3), luminance: (P,) natural logarithm, weights: (P,)."""

    normals: Array
    luminance: Array
    weights: Array


def estimate_light(texture: Texture, surface: Surface, mask: Float | None = None) -> Light:
    """The main light that explains the texture's shading.

    texture: (S, S). surface: the geometry under it. mask: (S, S) float32, 1 on skin; None for all. The direction is
    in the surface's frame. ``source`` is "estimated" where the surface is curved, "shading" where it is flat and the
    curvature of an average
    face is assumed; ``confidence`` is the share of the luminance's variation that the light explains.
    """
    normals = tangent_axes(surface)[2]
    spread = np.linalg.norm(normals[surface.covered].std(axis=0)) if surface.covered.any() else 0.0
    flat = bool(spread < 0.05)
    skin = _skin(texture, surface, mask, _face_normals(surface) if flat else normals)
    source = "shading" if flat else "estimated"
    if len(skin.luminance) < 50:
        return Light(_default(surface), 0.5, source, 0.0)
    direction, ambient, explained = _search(skin)
    confidence = float(np.clip(explained, 0, 1)) * (0.5 if flat else 1.0)
    prior = _default(surface)
    blend = min(1.0, 4 * confidence)
    direction = direction * blend + prior * (1 - blend)
    return Light((direction / np.linalg.norm(direction)).astype(np.float32), ambient, source, confidence)


def _default(surface: Surface) -> Array:
    """Light from above and in front, in the mean tangent frame's terms where the surface is flat, else in the
    model's."""
    return ABOVE.copy()


def _face_normals(surface: Surface) -> Array:
    """Normals of an average face laid over a flat surface, bulging in its middle."""
    grid = surface.du.shape[0]
    at = ((np.arange(grid) + 0.5) / grid - 0.5).astype(np.float32)
    width = float(np.median(np.linalg.norm(surface.du, axis=-1))), float(np.median(np.linalg.norm(surface.dv, axis=-1)))
    across = np.clip(at * width[0] / FACE_RADIUS_MM[0], -1.2, 1.2)
    along = np.clip(-at * width[1] / FACE_RADIUS_MM[1], -1.2, 1.2)
    x, y = np.meshgrid(np.sin(across), np.sin(along))
    bulge = np.stack([x, y, np.sqrt(np.maximum(1 - x**2 - y**2, 0.05))], axis=-1)
    bulge /= np.linalg.norm(bulge, axis=-1, keepdims=True)
    t, b, n = tangent_axes(surface)
    return np.asarray(bulge[..., :1] * t + bulge[..., 1:2] * b + bulge[..., 2:] * n, np.float32)


def _skin(texture: Texture, surface: Surface, mask: Float | None, normals: Array) -> Skin:
    """Up to POINTS places spread evenly over the skin, those of odd colour left out."""
    size, grid = texture.size, normals.shape[0]
    k = 1 << max(0, int(np.log2(max(size / 256, 1))))
    skin = None if mask is None else np.ascontiguousarray(mask, np.float32)
    level = native.texture_level(np.ascontiguousarray(texture.rgb), np.ascontiguousarray(texture.alpha), skin, k)
    rows, columns = np.nonzero(level[..., 3] > 0.5)
    step = max(1, round(np.sqrt(len(rows) / POINTS)))
    chosen = (rows % step == 0) & (columns % step == 0)
    rows, columns = rows[chosen], columns[chosen]
    cell = tuple(np.minimum((at + 0.5) * (k * grid / size), grid - 1).astype(int) for at in (rows, columns))
    colour, weight = level[rows, columns, :3], level[rows, columns, 3]
    covered = surface.covered[cell] & (colour.min(axis=1) > 1e-4)
    colour, weight, cell = colour[covered], weight[covered], tuple(at[covered] for at in cell)
    logs = np.log(colour + 0.01 * (colour.mean() if len(colour) else 1.0))
    hue = logs[:, 0] - logs[:, 1]
    middle = np.median(hue) if len(hue) else 0.0
    scatter = 2 * np.median(np.abs(hue - middle)) + 0.02 if len(hue) else 1.0
    weight = weight / (1 + ((hue - middle) / (2 * scatter)) ** 2)
    brightness = np.log(0.5 * (colour[:, 0] + colour[:, 1]) + 1e-6)
    return Skin(normals[cell].astype(np.float32), brightness.astype(np.float32), weight.astype(np.float32))


def _directions(count: int) -> Array:
    """(count, 3) unit vectors spread evenly over the sphere (Fibonacci lattice)."""
    index = np.arange(count) + 0.5
    z, angle = 1 - 2 * index / count, np.pi * (1 + 5**0.5) * index
    radius = np.sqrt(1 - z**2)
    return np.asarray(np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=-1), np.float32)


def _around(direction: Array, radius: float, count: int) -> Array:
    """Unit vectors within about ``radius`` (radians) of a direction, itself first."""
    index = np.arange(count)
    distance, angle = radius * np.sqrt(index / count), np.pi * (1 + 5**0.5) * index
    side = np.cross(direction, [1.0, 0, 0] if abs(direction[0]) < 0.8 else [0, 1.0, 0])
    side /= np.linalg.norm(side)
    other = np.cross(direction, side)
    moved = direction + np.tan(distance)[:, None] * (np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * other)
    return np.asarray(moved / np.linalg.norm(moved, axis=-1, keepdims=True), np.float32)


def _costs(skin: Skin, directions: Array, ambients: Array) -> Array:
    """(D, A) mean robust cost of each direction and ambient share, albedo fitted to each."""
    lambert = np.maximum(directions @ skin.normals.T, 0)
    weights = skin.weights / skin.weights.sum()
    costs = np.empty((len(directions), len(ambients)), np.float32)
    for column, ambient in enumerate(ambients):
        rest = skin.luminance - np.log(ambient + (1 - ambient) * lambert)
        rest -= (rest @ weights)[:, None]
        for _ in range(2):
            trust = weights / (1 + (rest / SPREAD) ** 2)
            rest -= ((rest * trust).sum(1) / trust.sum(1))[:, None]
        costs[:, column] = (np.log1p((rest / SPREAD) ** 2) * weights).sum(1)
    return costs


def _search(skin: Skin) -> tuple[Array, float, float]:
    """Direction, ambient share and explained share of the robust cost."""
    step = max(1, len(skin.luminance) // COARSE_POINTS)
    few = Skin(skin.normals[::step], skin.luminance[::step], skin.weights[::step])
    front = few.normals.mean(axis=0)
    directions = _directions(200)
    directions = directions[directions @ front > -0.3]
    costs = _costs(few, directions, AMBIENTS[::2])
    best = directions[costs.min(axis=1).argmin()]
    for radius, count in ((0.25, 24), (0.1, 16)):
        around = _around(best, radius, count)
        costs = _costs(few, around, AMBIENTS)
        best = around[costs.min(axis=1).argmin()]
    final = _costs(skin, best[None], AMBIENTS)[0]
    unlit = float(_costs(skin, best[None], np.ones(1, np.float32))[0, 0])
    return best, float(AMBIENTS[final.argmin()]), (unlit - float(final.min())) / (unlit + 1e-3)
