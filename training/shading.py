# SPDX-License-Identifier: GPL-3.0-or-later
"""Light on a tile of skin: one main light, a sky, occlusion and shadows from the true horizon, subsurface blur, gloss.

Directions are in the tile's tangent frame: x right, y up (towards row 0), z out of the skin.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .albedo import Skin
from .geometry import Float, Relief, blur, noise

SKIN_F0 = 0.028
"""Reflectance of skin at normal incidence (index of refraction 1.4)."""


@dataclass(frozen=True, eq=False)
class Lighting:
    """direction: unit (3,) to the main light. ambient: share of the sky, 0..1. main_tint, sky_tint: linear RGB.
    view: unit (3,) to the camera. softness: tangent of the main light's angular radius. scatter: scale of the
    subsurface blur (1 = skin). gloss: weight of the specular lobe, roughness its GGX alpha. bend: (2, 2) base curvature
    in 1/mm. lumps: spread of slope and correlation length in mm of the irregular shape under the skin, which the face
    mesh knows and the relief must not repeat. edge: whether a cast shadow crosses the tile."""

    direction: Float
    ambient: float
    main_tint: Float
    sky_tint: Float
    view: Float
    softness: float
    scatter: float
    gloss: float
    roughness: float
    bend: Float
    edge: bool
    lumps: tuple[float, float]


SCATTER_MM = np.array((0.8, 0.4, 0.25), np.float32)
"""Gaussian sigma of subsurface blur in skin for red, green and blue."""


def _unit(elevation: float, azimuth: float) -> Float:
    c = np.cos(elevation)
    return np.array((c * np.cos(azimuth), c * np.sin(azimuth), np.sin(elevation)), np.float32)


SHAPELY = frozenset(("nasolabial", "mouth", "under_eye", "chin", "smooth"))
"""Where lips, nose, eye sockets and chin give the mesh itself steep shapes; forehead, temples and cheeks are even."""
SHADOW_EDGES = 0.15
"""Share of tiles that the shadow of a nose, a brow or hair crosses; twice that on smooth ones, where it must be told
from a wrinkle."""


def make_lighting(rng: np.random.Generator, region: str = "smooth") -> Lighting:
    """Draw a light: elevation 15-88 degrees above the skin, ambient share 0.1-0.9."""
    elevation = np.radians(float(np.clip(rng.normal(46, 17), 14, 85)))
    tint = np.exp(rng.normal(0, 0.06, 3))
    curvature = rng.normal(0, 0.006, (2, 2)) + np.eye(2) * rng.uniform(-0.004, 0.014)
    steepest = 0.25 if region in SHAPELY else 0.08
    return Lighting(
        direction=_unit(elevation, rng.uniform(0, 2 * np.pi)),
        ambient=float(np.clip(rng.beta(2.2, 3.2), 0.05, 0.9)),
        main_tint=np.asarray(tint, np.float32),
        sky_tint=np.asarray(tint * np.exp(rng.normal(0, 0.08, 3)), np.float32),
        view=_unit(np.radians(float(rng.uniform(35, 90))), rng.uniform(0, 2 * np.pi)),
        softness=float(rng.uniform(0.01, 0.5)),
        scatter=0.0 if rng.random() < 0.2 else float(rng.uniform(0.2, 1.2)),
        gloss=0.0 if rng.random() < 0.2 else float(rng.gamma(1.6, 0.35)),
        roughness=float(rng.uniform(0.2, 0.6)),
        bend=np.asarray((curvature + curvature.T) / 2, np.float32),
        edge=bool(rng.random() < SHADOW_EDGES * (2 if region == "smooth" else 1)),
        lumps=(float(rng.uniform(0.0, steepest)) if rng.random() < 0.5 else 0.0, float(rng.uniform(5.0, 12.0))),
    )


def slopes(height: Float, mm: float) -> tuple[Float, Float]:
    """dh/dx and dh/dy (y up), central differences."""
    dy, dx = np.gradient(height, np.float32(mm))
    return dx, -dy


_AZIMUTHS = ((1, 0), (2, 1), (1, 1), (1, 2), (0, 1), (-1, 2), (-1, 1), (-2, 1))


def _rise(padded: Float, height: Float, pad: int, dx: int, dy: int) -> Float:
    """Height above each sample at an offset of ``dx`` right and ``dy`` down, minus the sample's own."""
    size = height.shape[0]
    return padded[pad + dy : pad + dy + size, pad + dx : pad + dx + size] - height


def horizons(height: Float, mm: float, reach_mm: float = 5.0) -> list[tuple[Float, Float]]:
    """Tangent of the horizon in 16 directions: a unit (2,) azimuth (x right, y up) and (S, S) tangents >= 0 each."""
    pad = int(reach_mm / mm) + 2
    padded = np.pad(height, pad, mode="edge")
    found: list[tuple[Float, Float]] = []
    for sign in (1, -1):
        for ax, ay in _AZIMUTHS:
            step = float(np.hypot(ax, ay))
            best = np.zeros_like(height)
            k = 1
            while k * step * mm <= reach_mm:
                dx, dy = sign * ax * k, -sign * ay * k
                np.maximum(best, _rise(padded, height, pad, dx, dy) / (k * step * mm), out=best)
                k = max(k + 1, int(k * 1.6))
            found.append((np.array((sign * ax, sign * ay), np.float32) / step, best))
    return found


def sky_light(horizon: list[tuple[Float, Float]], normal: tuple[Float, Float, Float], up: Float) -> tuple[Float, Float]:
    """Irradiance from the sky above the horizon, 1 on open flat skin, and the share of the sky that is open.

    Per azimuth with the horizon at elevation h, integrated in closed form:
    int_h^90 (nz sin t + nh cos t) cos t dt = nz cos^2(h) / 2 + nh (90 - h - sin h cos h) / 2.
    ``up`` (2,) brightens the sky on one side (|up| < 1).
    """
    nx, ny, nz = normal
    total, open_share, weights = np.zeros_like(nz), np.zeros_like(nz), 0.0
    for azimuth, tangent in horizon:
        cos2 = 1 / (1 + tangent * tangent)
        angle = tangent / (1 + np.float32(0.28) * tangent * tangent)  # arctan, within half a degree
        lean = nx * azimuth[0] + ny * azimuth[1]
        weight = np.float32(1.0 + float(azimuth @ up))
        total += weight * np.maximum(nz * cos2 + lean * (np.float32(np.pi / 2) - angle - tangent * cos2), 0)
        open_share += weight * cos2
        weights += weight
    return total / weights, open_share / weights


def shadow(horizon: list[tuple[Float, Float]], light: Lighting) -> Float:
    """Visible share of the main light from the horizon in its direction, soft by its angular radius."""
    flat = float(np.hypot(light.direction[0], light.direction[1]))
    if flat < 1e-3:
        return np.ones_like(horizon[0][1])
    toward = light.direction[:2] / flat
    near = sorted(horizon, key=lambda item: -float(item[0] @ toward))[:2]
    share = [max(float(item[0] @ toward) - 0.85, 0.0) + 1e-3 for item in near]
    tangent = (near[0][1] * share[0] + near[1][1] * share[1]) / sum(share)
    elevation = np.arctan2(light.direction[2], flat)
    gap = (elevation - np.arctan(tangent)) / (np.arctan(light.softness) + 0.04)
    return np.asarray(np.clip(gap * 0.5 + 0.5, 0, 1), np.float32)


def _specular(nx: Float, ny: Float, nz: Float, light: Lighting) -> Float:
    """GGX lobe of the main light with Schlick's Fresnel term; ``n`` is the unit normal."""
    half = light.direction + light.view
    half = half / np.linalg.norm(half)
    cos = np.clip(nx * half[0] + ny * half[1] + nz * half[2], 0, 1)
    a2 = light.roughness**4 + 1e-4
    lobe = a2 / (np.pi * (cos * cos * (a2 - 1) + 1) ** 2)
    fresnel = SKIN_F0 + (1 - SKIN_F0) * (1 - float(half @ light.direction)) ** 5
    lit = np.clip(nx * light.direction[0] + ny * light.direction[1] + nz * light.direction[2], 0, 1)
    # Visibility term of a rough surface, constant over the tile's small range of angles.
    return np.asarray(lobe * fresnel * np.sqrt(lit) / 4 * np.pi, np.float32)


def shade(rng: np.random.Generator, relief: Relief, skin: Skin, light: Lighting, mm: float) -> Float:
    """Light that leaves the tile towards the camera, (S, S, 3) float32, linear; a flat white sample gives about 1."""
    size = relief.height.shape[0]
    dx, dy = slopes(relief.height, mm)
    axis = (np.arange(size, dtype=np.float32) - size / 2) * mm
    x, y = axis[None, :], -axis[:, None]
    dx = dx - (light.bend[0, 0] * x + light.bend[0, 1] * y)
    dy = dy - (light.bend[1, 0] * x + light.bend[1, 1] * y)
    if light.lumps[0] > 0:
        lump_x, lump_y = _lump_slopes(rng, size, mm, *light.lumps)
        dx, dy = dx + lump_x, dy + lump_y
    nz = 1 / np.sqrt(1 + dx * dx + dy * dy)
    nx, ny = -dx * nz, -dy * nz
    horizon = horizons(relief.height, mm)
    up = rng.uniform(-1, 1, 2).astype(np.float32) * (0.7 if rng.random() < 0.6 else 0.0)
    sky, free = sky_light(horizon, (nx, ny, nz), up)
    cos = np.clip(nx * light.direction[0] + ny * light.direction[1] + nz * light.direction[2], 0, None)
    seen = shadow(horizon, light)
    main = cos * seen
    if light.edge:
        main = main * _shadow_edge(rng, size, mm)
    direct, ambient = (1 - light.ambient) * main, light.ambient * sky
    irradiance = direct[..., None] * light.main_tint + ambient[..., None] * light.sky_tint
    # Light that bounces in a groove: closed form for a concave diffuse surface.
    bounce = 1 / (1 - 0.8 * skin.albedo * np.clip(1 - free, 0, 1)[..., None])
    root = np.sqrt(skin.albedo)
    diffuse = irradiance * bounce * root
    if light.scatter > 0:
        for c in range(3):
            sigma = float(SCATTER_MM[c]) * light.scatter / mm
            near, far = blur(diffuse[..., c], 0.5 * sigma), blur(diffuse[..., c], 1.4 * sigma)
            diffuse[..., c] = 0.55 * near + 0.45 * far
    radiance = diffuse * root
    if light.gloss > 0:
        lobe = _specular(nx, ny, nz, light) * seen * ((1 - light.ambient) * light.gloss) * skin.gloss
        sheen = light.ambient * SKIN_F0 * light.gloss * sky
        radiance = radiance + lobe[..., None] * light.main_tint + sheen[..., None] * light.sky_tint
    cover = skin.hair[..., None]
    lit = (1 - light.ambient) * max(float(light.direction[2]), 0.2) + light.ambient
    return np.asarray(radiance * (1 - cover) + cover * skin.hair_shade * lit, np.float32)


def _lump_slopes(rng: np.random.Generator, size: int, mm: float, spread: float, length: float) -> tuple[Float, Float]:
    """Slopes (S, S) of a random shape that is smooth over ``length`` mm, of standard deviation ``spread``."""
    # Filtered once more after enlarging: the grid of the enlarged noise must not show in its slopes.
    dx, dy = slopes(cv2.GaussianBlur(noise(rng, size, 0.7 * length / mm), (0, 0), 0.7 * length / mm), mm)
    scale = spread / (float(np.sqrt((dx * dx + dy * dy).mean() / 2)) + 1e-6)
    return dx * scale, dy * scale


def _shadow_edge(rng: np.random.Generator, size: int, mm: float) -> Float:
    """Visibility of the main light where something else throws a shadow on the tile, (S, S) in 0..1."""
    axis = (np.arange(size, dtype=np.float32) - size / 2) * mm
    angle = rng.uniform(0, 2 * np.pi)
    d = axis[None, :] * np.cos(angle) + axis[:, None] * np.sin(angle) + rng.uniform(-25, 25)
    d = d + noise(rng, size, 6 / mm) * rng.uniform(0, 3)
    return np.asarray(1 / (1 + np.exp(-np.clip(d / rng.uniform(0.1, 4), -40, 40))), np.float32)
