# SPDX-License-Identifier: GPL-3.0-or-later
"""The wrinkle stage: from a texture on a surface to confidence and displacement."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import wrinkle_native as native

from ..light import estimate_light
from ..progress import Progress, part, report, silent
from ..types import Float, Int, Light, Surface, Texture, WrinkleMaps
from .channels import Level, check_inputs, coarser, highpassed, stage_levels
from .confidence import borne_out, confidence_on_level
from .expected import certain, over
from .geometry import local_light, on_grid, texel_steps
from .patches import choose_patches, frames_of, light_planes, on_level, wrinkle_directions
from .regressor import Regressor, ScaleNet
from .settings import COARSE, FINE, WrinkleSettings

FADE = 0.35
"""Sum of the patch windows under which the relief fades: the rim of a lone patch is a guess."""
REACH_MM = 2.5
"""How far from a confident texel relief may lie: a wrinkle is wider than its bottom."""
FIRST_SHARE = 0.15
"""Share of dog_thres that suffices for a patch to be looked at; what is kept of it the final confidence decides."""
GATE_MM = 1.0
"""Radius over which the slope is averaged before it is compared with the gate."""


def wrinkle_maps(
    texture: Texture,
    surface: Surface,
    skin: Float | None,
    light: Light | None,
    regressor: Regressor,
    settings: WrinkleSettings | None = None,
    progress: Progress = silent,
) -> WrinkleMaps:
    """Confidence and displacement of a texture's wrinkles.

    texture: (S, S) with alpha. surface: the geometry under it. skin: (S, S) float32 in 0..1, or None for all skin.
    light: None to estimate it from the texture. Raises WrinkleError when the inputs do not fit each other, Cancelled.
    """
    settings = settings or WrinkleSettings()
    check_inputs(texture, surface, skin)
    if light is None:
        report(progress, 0.0, "Estimating the light")
        light = estimate_light(texture, surface, skin)
    fine, fine_maps, coarse, coarse_maps, detail = stage_levels(
        texture, surface, skin, light, part(progress, 0.05, 0.15)
    )
    report(progress, 0.15, "Looking for wrinkles")
    confidence = confidence_on_level(fine, fine_maps, coarse_maps, coarse, settings.mode)
    least = settings.dog_thres * (FIRST_SHARE if settings.mode == "full" else 1.0)
    report(progress, 0.3, "Predicting relief")
    lights = local_light(light, surface)
    relief = np.zeros(confidence.shape, np.float32)
    centres = []
    for index, net in enumerate(regressor.nets):
        step = part(progress, 0.3 + 0.5 * index / len(regressor.nets), 0.3 + 0.5 * (index + 1) / len(regressor.nets))
        level = coarser(fine, net.scale.mm)
        maps = {FINE.highpass_mm: fine_maps, COARSE.highpass_mm: coarse_maps}.get(net.scale.highpass_mm)
        if maps is None or maps.shape[:2] != level.colours.shape[:2]:
            maps = highpassed(level, net.scale.highpass_mm)
        where = choose_patches(confidence, fine.texel_mm, fine.k, net.scale, settings.overlap, least)
        centres.append(where)
        if len(where):
            relief += enlarged(
                relief_of(net, maps, level, where, lights, texture.size, step), level.k // fine.k, relief
            )
    report(progress, 0.8, "Writing the relief")
    relief *= over(certain(detail, light, surface), len(relief))
    if settings.mode == "full":
        confidence = borne_out(confidence, relief, fine_maps[..., 3], fine)
    relief *= trust(confidence, fine.texel_mm, settings.dog_thres) * fine_maps[..., 3] * settings.strength
    displacement = native.enlarge_cubic(
        relief[..., None], fine.k, texture.size, partial(report, part(progress, 0.8, 0.95))
    )
    bytes_ = native.enlarge_bytes(confidence[..., None], fine.k, texture.size)
    return WrinkleMaps(bytes_, displacement, light, _rounded(centres))


def relief_of(
    net: ScaleNet, maps: Float, level: Level, centres: Float, lights: Float, size: int, progress: Progress
) -> Float:
    """(n, n, 1) float32 mm on ``level``: the network's patches merged and gated. lights: see `local_light`."""
    local = on_grid(lights, centres, size)
    frames = frames_of(wrinkle_directions(maps, level, centres, net.scale), local)
    at, steps = on_level(centres, texel_steps(level.metric, centres, frames, size), level.k, net.scale.mm)
    values = net.net.predict(maps, at, steps, light_planes(frames, local), partial(report, progress))
    merged = native.merge_patches(values, at, steps, maps.shape[0], maps.shape[1], FADE)
    return native.soft_gate(merged, level.metric, level.units, net.gate, GATE_MM / level.texel_mm)


def enlarged(values: Float, k: int, like: Float) -> Float:
    """A coarser level's (n, n, 1) values on the fine level."""
    return native.enlarge_cubic(values, k, like.shape[0]) if k > 1 else values[..., 0]


def trust(confidence: Float, texel_mm: float, least: float) -> Float:
    """(n, n) float32 in 0..1: 1 around texels of at least ``least``, 0 around those of half of that."""
    if least <= 0:
        return np.ones_like(confidence)
    k = max(1, int(REACH_MM / 4 / texel_mm))
    cells = -(-confidence.shape[0] // k)
    best = np.zeros((cells * k, cells * k), np.float32)
    best[: confidence.shape[0], : confidence.shape[1]] = confidence
    best = best.reshape(cells, k, cells, k).max(axis=(1, 3))
    radius = max(1, round(REACH_MM / (texel_mm * k)))
    wide = cv2.dilate(best, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8))
    soft = cv2.GaussianBlur(wide, (0, 0), 0.4 * REACH_MM / (texel_mm * k))
    soft = cv2.resize(soft, (cells * k, cells * k), interpolation=cv2.INTER_LINEAR)
    soft = soft[: confidence.shape[0], : confidence.shape[1]]
    share = np.clip((soft - 0.5 * least) / (0.5 * least), 0, 1)
    return share * share * (3 - 2 * share)


def _rounded(centres: list[Float]) -> Int:
    """Patch centres of all scales as (P, 2) int32."""
    return np.rint(np.concatenate(centres)).astype(np.int32) if centres else np.zeros((0, 2), np.int32)
