# SPDX-License-Identifier: GPL-3.0-or-later
"""How much each texel looks like the bottom of a wrinkle, 0..255, whatever the exposure and the texture's size.

Difference of Gaussians is the base: how much darker than its surroundings a texel is in log luminance. The full mode
asks
in addition that it is darker than *both* sides (a shadow's edge is not), that this goes on along a line (a mole or a
pore does not), and that there are not lines everywhere (hair, stubble and brows do that).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import wrinkle_native as native

from ..light import estimate_light
from ..parallel import per_texel
from ..progress import Progress, report, silent
from ..types import Byte, Float, Light, Surface, Texture
from .channels import Level, check_inputs, stage_levels
from .settings import WrinkleSettings

HALF = 0.10
"""Contrast in natural logarithms that gives a confidence of 127."""
DOG_MM = (0.5, 1.0)
"""The two Gaussians of the plain mode."""
DOG_MEAN_MM = 1.5
"""Edge of its mean filter."""
DENSITY_MM = 4.0
DENSITY = 0.05
"""Mean line contrast over DENSITY_MM at which the confidence is halved: wrinkles are sparse, hair is not."""


@dataclass(frozen=True)
class Line:
    """Lines looked for: Gaussian width ``sigma``, compared with the skin ``flank`` aside, over 6 ``stride``; all in
    mm."""

    sigma: float
    flank: float
    stride: float


SPREAD_MM = 0.5
"""A line's confidence is spread by this: a wrinkle is wider than its bottom, and drawn lines have a width."""
PEAK = 1.5
"""Makes up for what the spreading takes from the middle of a line."""
SEEN = 0.4
"""Share of the visible contrast in the final confidence; the rest must be borne out by the predicted relief."""
PER_MM = 1.5
"""Log contrast that a mm of predicted depth is worth."""
RELIEF_MM = 0.45
"""Level on which lines are looked for in the relief."""


FINE_LINES = (Line(0.35, 0.9, 0.7), Line(0.6, 1.4, 1.0))
COARSE_LINES = (Line(1.0, 2.2, 1.6), Line(1.7, 3.6, 2.4))
RELIEF_LINES = (Line(0.6, 1.2, 1.0), Line(1.4, 2.8, 2.0))


def lines(maps: Float, level: Level, wanted: tuple[Line, ...]) -> Float:
    """(n, n) float32: the strongest line contrast among ``wanted``."""
    looked_for = [[line.flank, line.stride, line.sigma / level.texel_mm] for line in wanted]
    return native.line_strength(maps, level.metric, level.units, np.array(looked_for, np.float32))[..., 0]


def sparse(strength: Float, texel_mm: float) -> Float:
    """``strength`` where lines are few, faded where they fill the skin."""
    k = max(1, int(DENSITY_MM / 4 / texel_mm))
    small = cv2.resize(strength, (-(-strength.shape[1] // k), -(-strength.shape[0] // k)), interpolation=cv2.INTER_AREA)
    density = cv2.GaussianBlur(small, (0, 0), DENSITY_MM / (texel_mm * k))
    wide = cv2.resize(density, (strength.shape[1], strength.shape[0]), interpolation=cv2.INTER_LINEAR)
    around = np.asarray(wide, np.float32)
    return per_texel(lambda line, density: line / (1 + np.square(density * (1 / DENSITY))), strength, around)


def plain(maps: Float, level: Level) -> Float:
    """Difference of Gaussians of the log luminance, the dark side, through a mean filter."""
    luminance = np.ascontiguousarray(maps[..., :1])
    narrow, wide = (native.gaussian(luminance, mm / level.texel_mm)[..., 0] for mm in DOG_MM)
    edge = 2 * round(DOG_MEAN_MM / 2 / level.texel_mm) + 1
    return cv2.blur(np.maximum(wide - narrow, 0), (edge, edge), borderType=cv2.BORDER_CONSTANT) * maps[..., 3]


def confidence_on_level(fine: Level, fine_maps: Float, coarse_maps: Float, coarse: Level, mode: str) -> Float:
    """(n, n) float32 confidence 0..255 on the fine level."""
    if mode == "dog":
        contrast = plain(fine_maps, fine)
    else:
        strength = lines(fine_maps, fine, FINE_LINES)
        wide = lines(coarse_maps, coarse, COARSE_LINES)
        size, ratio = strength.shape[0], coarse.k // fine.k
        enlarged = native.enlarge_cubic(wide[..., None], ratio, size) if ratio > 1 else wide
        contrast = sparse(per_texel(np.maximum, strength, enlarged), fine.texel_mm)
        contrast = spread(per_texel(np.multiply, contrast, fine_maps[..., 3]), fine.texel_mm)
        return per_texel(lambda wide: coded(PEAK * wide), contrast)
    return per_texel(coded, contrast)


def coded(contrast: Float) -> Float:
    """Contrast in natural logarithms as 0..255; it never ends, so that strong lines stay in their order."""
    contrast = np.maximum(contrast, 0)
    return np.asarray(255 * contrast / (contrast + HALF), np.float32)


def spread(contrast: Float, texel_mm: float) -> Float:
    """``contrast`` blurred over SPREAD_MM; PEAK times this is about as strong along thin lines as before."""
    return native.gaussian(np.ascontiguousarray(contrast[..., None]), SPREAD_MM / texel_mm)[..., 0]


def borne_out(confidence: Float, relief: Float, mask: Float, fine: Level) -> Float:
    """(n, n) float32 confidence 0..255 in what is both seen and predicted to be deep.

    confidence: `confidence_on_level` of the full mode. relief: (n, n) float32 mm, the regressor's answer, not yet gated
    by confidence. The regressor knows the light and has learnt what hair, pigment and shadows look like.
    """
    k = 2 if 2 * fine.texel_mm <= 1.2 * RELIEF_MM else 1
    small = [halved(values, k) for values in (relief * PER_MM, mask)]
    maps = np.dstack([small[0], *[np.zeros_like(small[0])] * 2, small[1]])
    level = Level(maps, fine.k * k, fine.texel_mm * k, fine.units / k, fine.metric)
    deep = lines(maps, level, RELIEF_LINES)
    deep = native.enlarge_cubic(deep[..., None], k, len(mask)) if k > 1 else deep
    deep = spread(np.maximum(deep, 0), fine.texel_mm)

    def both(confidence: Float, deep: Float, mask: Float) -> Float:
        seen = HALF * confidence / (255 - confidence)
        return coded((SEEN * seen + PEAK * deep) * mask)

    return per_texel(both, confidence, deep, mask)


def halved(values: Float, k: int) -> Float:
    """Means over k x k texels; 0 beyond the border."""
    if k == 1:
        return np.ascontiguousarray(values, np.float32)
    padded = np.pad(values, (0, -len(values) % k))
    small = cv2.resize(padded, (len(padded) // k, len(padded) // k), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def confidence_map(
    texture: Texture,
    surface: Surface,
    skin: Float | None = None,
    settings: WrinkleSettings | None = None,
    light: Light | None = None,
    progress: Progress = silent,
) -> Byte:
    """(S, S) uint8 confidence that a texel lies at the bottom of a wrinkle.

    skin: (S, S) float32 in 0..1, or None for all skin. light: None to estimate it from the texture. Raises WrinkleError
    when the inputs do not fit each other.
    """
    settings = settings or WrinkleSettings()
    check_inputs(texture, surface, skin)
    light = light or estimate_light(texture, surface, skin)
    fine, fine_maps, coarse, coarse_maps, _ = stage_levels(texture, surface, skin, light, progress)
    report(progress, 0.3, "Looking for wrinkles")
    confidence = confidence_on_level(fine, fine_maps, coarse_maps, coarse, settings.mode)
    return native.enlarge_bytes(confidence[..., None], fine.k, texture.size)
