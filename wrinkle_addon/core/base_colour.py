# SPDX-License-Identifier: GPL-3.0-or-later
"""The skin's colour without the shading of its wrinkles, for display.

A photo shows wrinkles as light and dark lines. The material shades the same wrinkles by its normals, and only while an
expression folds the skin: left in the colour they would be seen twice, and never go away.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .types import Byte, Float

FINEST_MM = 0.25
"""Gaussian sigma of what is too fine for a wrinkle: pores and the grain of the skin stay."""
WIDEST_MM = 3.0
"""Gaussian sigma of the surroundings that wrinkled skin takes its brightness from."""
AROUND_MM = 10.0
RELIEF_MM = 1.0
"""Radius over which the slope of the relief is averaged."""
STEEP = 0.05
"""Mean slope from which on all shading in the band is taken out."""
ALIKE = 0.35
"""Difference in log colour from the wider surroundings at which a texel (a brow's, a lip's) counts as no skin."""
_OFFSET = 8.0
"""Added before the logarithm, so that the noise of dark texels stays bounded."""


def without_wrinkles(colour: Byte, displacement: Float, texel_mm: float) -> Byte:
    """Take the band of wrinkles out of ``colour`` where the relief says that there are some.

    colour: (S, S, 3) uint8 sRGB without holes. displacement: (S, S) float32 mm. texel_mm: edge of a texel. Returns
    (S, S, 3) uint8. Only brightness between FINEST_MM and WIDEST_MM changes, and nothing where the relief is flat.
    """
    size = colour.shape[0]
    k = 1 << max(0, int(np.log2(max(FINEST_MM / texel_mm, 1))))
    small = _resized(colour, -(-size // k))
    texel = texel_mm * size / small.shape[0]
    steep = _steepness(_resized(displacement, small.shape[0]), texel)
    if not steep.any():
        return colour
    logs = np.log(small + np.float32(_OFFSET))
    grey = logs.mean(axis=-1)
    alike = np.exp(-np.square((grey - _blurred(grey, AROUND_MM / texel)) / np.float32(ALIKE)))
    level = _blurred(logs * alike[..., None], WIDEST_MM / texel) / _blurred(alike, WIDEST_MM / texel)[..., None]
    gain = np.exp((level - _blurred(logs, FINEST_MM / texel)) * steep[..., None])
    gain = cv2.resize(gain, (size, size), interpolation=cv2.INTER_LINEAR)
    shaded = (colour + np.float32(_OFFSET)) * gain - np.float32(_OFFSET - 0.5)
    return np.clip(shaded, 0, 255).astype(np.uint8)


def _steepness(displacement: Float, texel: float) -> Float:
    """(s, s) float32 in 0..1: how much of the shading is to go."""
    across, along = (cv2.Sobel(displacement, cv2.CV_32F, *axis, scale=0.125 / texel) for axis in ((1, 0), (0, 1)))
    slope = np.sqrt(np.maximum(_blurred(across * across + along * along, RELIEF_MM / texel), 0))
    share = np.clip(slope / np.float32(STEEP), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _blurred(image: Float, sigma: float) -> Float:
    """A Gaussian, wide ones on a reduced image."""
    k = 1 << max(0, int(np.log2(max(sigma / 4, 1))))
    if k == 1:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)
    size = image.shape[0]
    blurred = cv2.GaussianBlur(_resized(image, -(-size // k)), (0, 0), sigma / k)
    return np.asarray(cv2.resize(blurred, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)


def _resized(image: npt.NDArray[Any], size: int) -> Float:
    same = image.shape[0] == size
    return np.asarray(image if same else cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA), np.float32)
