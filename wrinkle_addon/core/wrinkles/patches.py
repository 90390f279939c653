# SPDX-License-Identifier: GPL-3.0-or-later
"""Where patches lie, how they are turned, and what the regressor sees in them."""

from __future__ import annotations

import numpy as np
import wrinkle_native as native

from ..types import Float, Light, Surface, Texture
from .channels import Level, scale_maps
from .geometry import bilinear, ease_light, halvings, local_light, metric, on_grid, texel_steps
from .settings import Scale


def choose_patches(confidence: Float, texel_mm: float, k: int, scale: Scale, overlap: int, least: float) -> Float:
    """Centres of the patches worth a look, from the most to the least confident.

    confidence: (n, n) float32 0..255 on a level of ``texel_mm`` that is k times smaller than the texture. One
    candidate lies in
    each cell of size / overlap; cells whose best confidence stays under ``least`` get none. Returns (P, 2) float32
    texture rows, columns.
    """
    stride = max(1, round(scale.size * scale.mm / overlap / texel_mm))
    cells = -(-confidence.shape[0] // stride)
    padded = np.zeros((cells * stride, cells * stride), np.float32)
    padded[: confidence.shape[0], : confidence.shape[1]] = confidence
    best = padded.reshape(cells, stride, cells, stride).max(axis=(1, 3))
    order = np.argsort(-best, axis=None, kind="stable")
    order = order[best.ravel()[order] >= max(least, 1e-3)]
    cell = np.stack(np.unravel_index(order, best.shape), axis=-1)
    return (((cell + 0.5) * stride) * k - 0.5).astype(np.float32)


def wrinkle_directions(maps: Float, level: Level, centres: Float, scale: Scale) -> Float:
    """(P,) float32 angle from t towards b of the direction in which the luminance changes least around each centre."""
    sigma = scale.size * scale.mm / 6 / level.texel_mm
    r = halvings(sigma)
    tensor = native.gaussian(native.structure_tensor(maps, level.metric, level.units, r), sigma / r)
    at = (np.asarray(centres, np.float64) + 0.5) / (level.k * r) - 0.5
    tt, tb, bb = bilinear(tensor, at[:, 0], at[:, 1]).T
    return np.asarray((0.5 * np.arctan2(2 * tb, tt - bb) + np.pi / 2), np.float32)


def frames_of(angles: Float, light: Float) -> Float:
    """(P, 2, 2) float32: columns are the patch's x and y axes in (t, b): x along ``angles``, both flipped towards
    the light.

    light: (P, 2+), its part along t and b. Mirroring is allowed because displacement is a scalar.
    """
    x = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    y = np.stack([-x[:, 1], x[:, 0]], axis=-1)
    for axis in (x, y):
        axis[np.einsum("pi,pi->p", axis, light[:, :2]) < 0] *= -1
    return np.asarray(np.stack([x, y], axis=-1), np.float32)


def light_planes(frames: Float, local: Float) -> Float:
    """(P, 4) float32 light x, y, z in the patch frame and ambient share. local: (P, 4) along t, b, n and ambient."""
    eased = ease_light(local)
    planar = np.einsum("pij,pi->pj", frames, eased[:, :2])
    return np.ascontiguousarray(np.concatenate([planar, eased[:, 2:]], axis=-1), np.float32)


def on_level(centres: Float, steps: Float, k: int, mm: float) -> tuple[Float, Float]:
    """Centres (P, 2) and steps per sample (P, 2, 2) in texels of a level, from texture texels and steps per mm."""
    at = (np.asarray(centres, np.float64) + 0.5) / k - 0.5
    return np.ascontiguousarray(at, np.float32), np.ascontiguousarray(steps * (mm / k), np.float32)


def patch_frames(
    texture: Texture, surface: Surface, skin: Float | None, light: Light, centres: Float, scale: Scale
) -> Float:
    """(P, 2, 2) float32 frames of patches at ``centres`` (P, 2 texture rows, columns); see `frames_of`."""
    maps, k = scale_maps(texture, surface, skin, scale)
    texel = surface.texel_mm(texture.size)
    level = Level(maps, k, texel * k, texture.size / k, metric(surface))
    local = on_grid(local_light(light, surface), centres, texture.size)
    return frames_of(wrinkle_directions(maps, level, centres, scale), local)


def patch_inputs(
    texture: Texture, surface: Surface, skin: Float | None, light: Light, centres: Float, frames: Float, scale: Scale
) -> Float:
    """What the regressor sees: (P, 8, N, N) float32.

    Channels: high-passed log luminance, log R - log G, log B - log G, mask; then constant planes light x, y, z in
    the patch frame and the ambient share. Sample (i, j) lies at x = (j - (N - 1) / 2) mm, y = ((N - 1) / 2 - i) mm.
    """
    maps, k = scale_maps(texture, surface, skin, scale)
    steps = texel_steps(metric(surface), centres, frames, texture.size)
    at, per_sample = on_level(centres, steps, k, scale.mm)
    samples = native.sample_patches(maps, at, per_sample, scale.size)
    planes = light_planes(frames, on_grid(local_light(light, surface), centres, texture.size))
    shape = (len(planes), 4, scale.size, scale.size)
    return np.concatenate([samples, np.broadcast_to(planes[:, :, None, None], shape)], axis=1)
