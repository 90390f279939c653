# SPDX-License-Identifier: GPL-3.0-or-later
"""What confidence and regressor read: high-passed log colours of the texture, on levels that fit a scale in mm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import wrinkle_native as native

from ..errors import WrinkleError
from ..progress import Progress, report, silent
from ..types import Float, Surface, Texture
from .geometry import metric, reduction
from .settings import Scale


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


def scale_maps(texture: Texture, surface: Surface, skin: Float | None, scale: Scale) -> tuple[Float, int]:
    """The maps of one scale (see `highpassed`) and by how much they are smaller than the texture."""
    level = level_of(texture, surface, skin, scale.mm)
    return highpassed(level, scale.highpass_mm), level.k
