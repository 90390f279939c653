# SPDX-License-Identifier: GPL-3.0-or-later
"""What others do: take a texture's darkness, or its difference of Gaussians, for height ("dark is deep").

Each gives a relief without a scale; its scale is then fitted to the truth, which favours them.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]


def _blur(image: Float, sigma: float) -> Float:
    return cv2.GaussianBlur(image, (0, 0), max(sigma, 0.2), borderType=cv2.BORDER_REFLECT_101)


def log_luminance(rgb: npt.NDArray[np.uint8], where: npt.NDArray[np.bool_]) -> Float:
    """(S, S) log of linear luminance; outside ``where`` the mean."""
    light = (rgb.astype(np.float32) / 255) ** 2.2 @ np.array((0.2126, 0.7152, 0.0722), np.float32)
    log = np.log(light + 0.01 * float(light[where].mean()) + 1e-4)
    return np.where(where, log, log[where].mean()).astype(np.float32)


def luminance_height(log: Float, texel_mm: float) -> Float:
    """Brightness above its surroundings."""
    return log - _blur(log, 5 / texel_mm)


def dog_height(log: Float, texel_mm: float) -> Float:
    """One difference of Gaussians, tuned to wrinkles of about 1 mm."""
    return _blur(log, 0.5 / texel_mm) - _blur(log, 1.5 / texel_mm)


def multi_dog_height(log: Float, texel_mm: float) -> Float:
    """Differences of Gaussians over four octaves, each weighted by its width."""
    total = np.zeros_like(log)
    for sigma in (0.3, 0.6, 1.2, 2.4):
        total += sigma * (_blur(log, sigma / texel_mm) - _blur(log, 2 * sigma / texel_mm))
    return total


PEERS = {
    "luminance as height": luminance_height,
    "DoG as height": dog_height,
    "multi-scale DoG as height": multi_dog_height,
}
