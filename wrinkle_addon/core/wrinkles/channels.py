# SPDX-License-Identifier: GPL-3.0-or-later
"""What confidence and regressor read: high-passed log colours of the texture, on levels that fit a scale in mm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import wrinkle_native as native

from ..errors import WrinkleError
from ..progress import Progress, report, silent
from ..types import Float, Light, Surface, Texture
from .expected import explained, over
from .geometry import metric, reduction
from .settings import COARSE, FINE, Scale

ODD_MM = 1.5
"""What differs from skin over less than this may still be a wrinkle."""
DARK, BRIGHT, COLOURED = -0.8, 0.8, 0.45
"""Differences from the skin around, in natural logarithms of luminance and of red to green, that skin does not show."""


LUMINANCE = (0.2126, 0.7152, 0.0722)
FLOOR = 0.03
"""Share of the mean luminance added before the logarithm; both as in the native `highpassed`."""


@dataclass(frozen=True, eq=False)
class Level:
    """A texture reduced by ``k``. colours: (n, n, 4) float32, weighted mean linear r, g, b and mean weight of k x k
    texels.

    texel_mm: edge of one of its texels. units: its texels per unit of u (texture size / k). metric: see `metric`.
    """

    colours: Float
    k: int
    texel_mm: float
    units: float
    metric: Float


def check_inputs(texture: Texture, surface: Surface, skin: Float | None) -> None:
    """Raise WrinkleError unless texture, surface and mask fit each other."""
    size = texture.size
    if texture.rgb.ndim != 3 or texture.rgb.shape != (size, size, 3) or size < 16:
        raise WrinkleError(
            f"The texture is {texture.rgb.shape}.", "It must be square, at least 16 x 16, with three colours."
        )
    if texture.alpha.shape != (size, size):
        raise WrinkleError(
            f"The texture's alpha is {texture.alpha.shape}, its colours are {size} x {size}.", "Use one size."
        )
    if skin is not None and skin.shape != (size, size):
        raise WrinkleError(f"The skin mask is {skin.shape}, the texture {size} x {size}.", "Use one size.")
    if not surface.covered.any() or not (np.isfinite(surface.du).all() and np.isfinite(surface.dv).all()):
        raise WrinkleError("The surface under the texture has no extent.", "Check the mesh and its UV.")
    texel = surface.texel_mm(size)
    if not 1e-4 < texel < 10:
        raise WrinkleError(f"A texel of the texture is {texel:.3g} mm.", "Check the unit of the mesh; it must be mm.")


def level_of(texture: Texture, surface: Surface, skin: Float | None, mm: float, progress: Progress = silent) -> Level:
    """The texture's level for structures of ``mm``. skin: (S, S) float32 in 0..1, or None for all skin."""
    texel = surface.texel_mm(texture.size)
    k = reduction(texel, mm)
    mask = None if skin is None else np.ascontiguousarray(skin, np.float32)
    colours = native.texture_level(
        np.ascontiguousarray(texture.rgb), np.ascontiguousarray(texture.alpha), mask, k, partial(report, progress)
    )
    return Level(colours, k, texel * k, texture.size / k, metric(surface))


def coarser(level: Level, mm: float) -> Level:
    """The same texture's level for larger structures."""
    k = reduction(level.texel_mm, mm)
    if k == 1:
        return level
    colours = native.coarser_level(level.colours, k)
    return Level(colours, level.k * k, level.texel_mm * k, level.units / k, level.metric)


def highpassed(level: Level, highpass_mm: float) -> Float:
    """(n, n, 4) float32: log luminance, log R - log G, log B - log G, each minus its masked Gaussian mean over
    ``highpass_mm`` and times the soft mask; and the mask (0 at weights up to 0.2, 1 from 0.4 on)."""
    return native.highpassed(level.colours, highpass_mm / level.texel_mm)


def skin_like(coarse_maps: Float, texel_mm: float) -> Float | None:
    """(n, n) float32 in 0..1, 0 on what no skin looks like (brows, eyes, lips, hair); None when all is skin.

    coarse_maps: `highpassed` of the coarse level, whose high-pass is wider than any of these.
    """
    luminance, red = (cv2.GaussianBlur(coarse_maps[..., c], (0, 0), ODD_MM / 2 / texel_mm) for c in (0, 1))
    odd = (luminance < DARK) | (luminance > BRIGHT) | (np.abs(red) > COLOURED)
    if not odd.any():
        return None
    radius = max(1, round(ODD_MM / texel_mm))
    wide = cv2.dilate(odd.astype(np.float32), np.ones((2 * radius + 1, 2 * radius + 1), np.uint8))
    return np.asarray(1 - cv2.GaussianBlur(wide, (0, 0), ODD_MM / 2 / texel_mm), np.float32)


def relight(levels: Sequence[Level], gain: Float | None = None, keep: Float | None = None) -> None:
    """Multiply colours by ``gain`` and weights by ``keep``, square maps of any size; in place."""
    for level in levels:
        size = level.colours.shape[0]
        wide = keep
        if keep is not None:
            wide = np.asarray(cv2.resize(keep, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)
        native.relit(level.colours, None if gain is None else over(gain, size), wide)


def log_luminance(level: Level) -> tuple[Float, Float]:
    """(n, n) float32 log luminance and soft mask, as `highpassed` has them before its high-pass."""
    mask = np.clip((level.colours[..., 3] - 0.2) * 5, 0, 1)
    luminance = cv2.transform(level.colours, np.array([[*LUMINANCE, 0.0]], np.float32))
    mean = float((luminance * level.colours[..., 3]).sum() / max(float(level.colours[..., 3].sum()), 1e-6))
    return np.log(luminance + np.float32(FLOOR * max(mean, 1e-4))), mask


def stage_levels(
    texture: Texture, surface: Surface, skin: Float | None, light: Light, progress: Progress = silent
) -> tuple[Level, Float, Level, Float, Float]:
    """The fine level and its maps, the coarse level and its maps, all without what the coarse shape's shading explains
    and without what does not look like skin; and what was explained (see `explained`)."""
    fine = level_of(texture, surface, skin, FINE.mm, progress)
    coarse = coarser(fine, COARSE.mm)
    levels = (fine,) if coarse is fine else (fine, coarse)
    detail = explained(*log_luminance(coarse), light, surface)
    relight(levels, gain=np.exp(-detail))
    maps = highpassed(coarse, COARSE.highpass_mm)
    keep = skin_like(maps, coarse.texel_mm)
    if keep is not None:
        relight(levels, keep=keep)
        maps = highpassed(coarse, COARSE.highpass_mm)
    return fine, highpassed(fine, FINE.highpass_mm), coarse, maps, detail


def scale_maps(texture: Texture, surface: Surface, skin: Float | None, scale: Scale) -> tuple[Float, int]:
    """The maps of one scale (see `highpassed`) and by how much they are smaller than the texture."""
    level = level_of(texture, surface, skin, scale.mm)
    return highpassed(level, scale.highpass_mm), level.k
