# SPDX-License-Identifier: GPL-3.0-or-later
"""The wrinkle stage: from a texture on a surface to confidence and displacement.

It has two parts. What the regressor sees takes nearly all of the time; how much of that is believed, which `dog_thres`
decides, takes a few hundredths of a second and can follow a slider.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import wrinkle_native as native

from ..light import estimate_light
from ..parallel import per_texel
from ..progress import Progress, part, report, silent
from ..types import Float, Int, Light, Surface, Texture, WrinkleMaps
from .channels import Level, check_inputs, coarser, highpassed, stage_levels
from .confidence import borne_out, confidence_on_level
from .expected import certain, over
from .geometry import local_light, on_grid, reduction, texel_steps
from .patches import choose_patches, frames_of, light_planes, on_level, wrinkle_directions
from .regressor import Regressor, ScaleNet
from .settings import COARSE, FINE, WrinkleSettings

FADE = 0.35
"""Sum of the patch windows under which the relief fades: the rim of a lone patch is a guess."""
REACH_MM = 2.5
"""How far from a confident texel relief may lie: a wrinkle is wider than its bottom."""
GATE_MM = 1.0
"""Radius over which the slope is averaged before it is compared with the gate."""


@dataclass(frozen=True, eq=False)
class Relief:
    """What was seen in a texture of ``size`` texels, before `dog_thres` decides what is kept of it.

    All maps are (n, n) float32 on a level of ``texel_mm``, ``k`` times smaller than the texture. confidence: 0..255.
    height: mm. mask: 0..1, where there is skin. patches: as in `WrinkleMaps`.
    """

    confidence: Float
    height: Float
    mask: Float
    texel_mm: float
    k: int
    size: int
    light: Light
    patches: Int


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
    relief = find_relief(texture, surface, skin, light, regressor, settings, part(progress, 0.0, 0.8))
    return believed(relief, settings, part(progress, 0.8, 1.0))


def find_relief(
    texture: Texture,
    surface: Surface,
    skin: Float | None,
    light: Light | None,
    regressor: Regressor,
    settings: WrinkleSettings,
    progress: Progress = silent,
) -> Relief:
    """What the regressor sees; see `wrinkle_maps`. Of ``settings`` only mode, overlap and `least` count."""
    check_inputs(texture, surface, skin)
    if light is None:
        report(progress, 0.0, "Estimating the light")
        light = estimate_light(texture, surface, skin)
    fine, fine_maps, coarse, coarse_maps, detail = stage_levels(
        texture, surface, skin, light, part(progress, 0.05, 0.2)
    )
    report(progress, 0.2, "Looking for wrinkles")
    confidence = confidence_on_level(fine, fine_maps, coarse_maps, coarse, settings.mode)
    report(progress, 0.4, "Predicting relief")
    lights = local_light(light, surface)
    levels = {FINE.highpass_mm: (fine, fine_maps), COARSE.highpass_mm: (coarse, coarse_maps)}
    relief = np.zeros(confidence.shape, np.float32)
    centres = []
    for index, net in enumerate(regressor.nets):
        step = part(progress, 0.4 + 0.6 * index / len(regressor.nets), 0.4 + 0.6 * (index + 1) / len(regressor.nets))
        level, maps = levels.get(net.scale.highpass_mm, levels[FINE.highpass_mm])
        if level.k != fine.k * reduction(fine.texel_mm, net.scale.mm) or net.scale.highpass_mm not in levels:
            level = coarser(fine, net.scale.mm)
            maps = highpassed(level, net.scale.highpass_mm)
        where = choose_patches(confidence, fine.texel_mm, fine.k, net.scale, settings.overlap, settings.least)
        centres.append(where)
        if len(where):
            relief += enlarged(
                relief_of(net, maps, level, where, lights, texture.size, step), level.k // fine.k, relief
            )
    relief = per_texel(np.multiply, relief, over(certain(detail, light, surface), len(relief)))
    mask = np.ascontiguousarray(fine_maps[..., 3])
    if settings.mode == "full":
        confidence = borne_out(confidence, relief, mask, fine)
    return Relief(confidence, relief, mask, fine.texel_mm, fine.k, texture.size, light, _rounded(centres))


def believed(relief: Relief, settings: WrinkleSettings, progress: Progress = silent) -> WrinkleMaps:
    """The maps of a relief: what `dog_thres` leaves of it, times the strength, in the texture's size."""
    report(progress, 0.0, "Writing the relief")
    height = _kept(relief, settings)
    displacement = native.enlarge_cubic(
        height[..., None], relief.k, relief.size, partial(report, part(progress, 0.0, 0.8))
    )
    confidence = native.enlarge_bytes(relief.confidence[..., None], relief.k, relief.size)
    return WrinkleMaps(confidence, displacement, relief.light, relief.patches)


def glimpse(relief: Relief, settings: WrinkleSettings, size: int) -> WrinkleMaps:
    """The same maps averaged down to ``size`` texels, which is at most the texture's size."""
    level = min(size, len(relief.height))
    height, confidence = (
        cv2.resize(values, (level, level), interpolation=cv2.INTER_AREA)
        for values in (_kept(relief, settings), relief.confidence)
    )
    if level < size:
        height = cv2.resize(height, (size, size), interpolation=cv2.INTER_CUBIC)
        confidence = cv2.resize(confidence, (size, size), interpolation=cv2.INTER_LINEAR)
    bytes_ = np.asarray(np.rint(np.clip(confidence, 0, 255)), np.uint8)
    return WrinkleMaps(bytes_, np.asarray(height, np.float32), relief.light, relief.patches)


def _kept(relief: Relief, settings: WrinkleSettings) -> Float:
    """(n, n) float32 mm: the heights that are believed."""
    strength = np.float32(settings.strength)
    share = trust(relief.confidence, relief.texel_mm, settings.dog_thres)
    return per_texel(lambda height, share, mask: height * share * (mask * strength), relief.height, share, relief.mask)


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
    inside = np.asarray(soft[: confidence.shape[0], : confidence.shape[1]], np.float32)
    return per_texel(partial(_step, least=least), inside)


def _step(values: Float, least: float) -> Float:
    """0 below half of ``least``, 1 from there on, smooth between."""
    share = np.clip((values - 0.5 * least) / (0.5 * least), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _rounded(centres: list[Float]) -> Int:
    """Patch centres of all scales as (P, 2) int32."""
    return np.rint(np.concatenate(centres)).astype(np.int32) if centres else np.zeros((0, 2), np.int32)
