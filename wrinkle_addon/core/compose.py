# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrinkle maps of several photos as one, by masks or by what each photo shows best.

Everything is blended as displacement: heights add up and cross-fade exactly, normals do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .blending import blend
from .errors import WrinkleError
from .texture import photo_weights
from .types import Byte, Float, Texture

SOFT = 1 / 128
"""Standard deviation by which automatic choices are smoothed, as a share of the map's size: less than a skin region."""
EDGE_TEXELS = 2.0
"""Standard deviation by which masks are softened for the finest band."""


def attach(displacements: Sequence[Float], masks: Sequence[Float]) -> Float:
    """The displacement map that follows each given one where its mask says so.

    displacements: (S, S) float32 mm each; masks: (S, S) each, 0..1 (or uint8), soft or hard, one per map. Where masks
    overlap they share in proportion; where their sum is below 1 the wrinkles fade by that much, and where no mask
    reaches the skin is smooth. Each band is cross-faded at its own width, so that hard masks show no seam.
    Raises WrinkleError when there is none, or number or sizes differ.
    """
    _check(displacements, masks, "mask")
    weights = [_weight(mask) for mask in masks]
    reach = np.minimum(sum(weights, np.zeros_like(weights[0])), 1)
    # The finest band knows no width of its own.
    softened = [np.asarray(cv2.GaussianBlur(weight, (0, 0), EDGE_TEXELS), np.float32) for weight in weights]
    return np.asarray(blend(displacements, softened) * reach, np.float32)


def combine(
    displacements: Sequence[Float], textures: Sequence[Texture], confidences: Sequence[Byte] | None = None
) -> Float:
    """One displacement map out of several photos of one person, each texel from those that show it best.

    displacements: (S, S) float32 mm; textures: what each was measured on; confidences: (S, S) uint8 wrinkle confidence.
    Visibility and facing (alpha) come first, then sharpness and confidence, all smoothed so that neighbours agree.
    Texels that no photo shows are smooth. Raises WrinkleError like :func:`attach`.
    """
    _check(displacements, [texture.alpha for texture in textures], "texture")
    if len(displacements) == 1:
        return displacements[0]
    weights = photo_weights(textures)
    if confidences is not None:
        _check(displacements, confidences, "confidence map")
        weights = [
            weight * (0.25 + _smooth(confidence.astype(np.float32) / 255))
            for weight, confidence in zip(weights, confidences, strict=True)
        ]
    # Squared once more: one photo's wrinkles, not the mean of two that lie a little apart.
    shares = [np.asarray(weight**2, np.float32) for weight in weights]
    reach = np.max(np.stack([texture.alpha for texture in textures]), axis=0) / np.float32(255)
    return np.asarray(blend(displacements, shares) * np.minimum(reach * 2, 1), np.float32)


def _smooth(image: Float) -> Float:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), image.shape[0] * SOFT), np.float32)


def _weight(mask: Float | Byte) -> Float:
    scaled = mask.astype(np.float32) / (255 if mask.dtype == np.uint8 else 1)
    return np.asarray(np.clip(np.nan_to_num(scaled), 0, 1), np.float32)


def _check(displacements: Sequence[Float], others: Sequence[npt.NDArray[Any]], what: str) -> None:
    if not displacements:
        raise WrinkleError("There is no wrinkle map to combine.", "Add a photo first.")
    if len(displacements) != len(others):
        raise WrinkleError(f"{len(displacements)} wrinkle maps need as many {what}s, not {len(others)}.")
    for place, (displacement, other) in enumerate(zip(displacements, others, strict=True), start=1):
        if displacement.ndim != 2 or displacement.shape != displacements[0].shape or other.shape != displacement.shape:
            raise WrinkleError(
                f"Wrinkle map {place} or its {what} has another size than wrinkle map 1.", "Use one size for all."
            )
