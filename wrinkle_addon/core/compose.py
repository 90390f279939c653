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
    given = np.minimum(sum(weights, np.zeros_like(weights[0])), 1)
    return np.asarray(blend(displacements, [_softened(weight) for weight in weights]) * given, np.float32)


def combine(
    displacements: Sequence[Float],
    textures: Sequence[Texture],
    confidences: Sequence[Byte] | None = None,
    shares: Sequence[Float | None] | None = None,
) -> Float:
    """One displacement map out of several photos of one person, each texel from those that show it best.

    displacements: (S, S) float32 mm; textures: what each was measured on; confidences: (S, S) uint8 wrinkle confidence;
    shares: (S, S) in 0..1, soft or hard, where the user lets a photo take part, None for everywhere.
    Visibility and facing (alpha) come first, then sharpness and confidence, all smoothed so that neighbours agree.
    Texels that no photo shows or may give are smooth. Raises WrinkleError like :func:`attach`.
    """
    _check(displacements, [texture.alpha for texture in textures], "texture")
    allowed = _allowed(textures, shares)
    if len(displacements) == 1:
        share = allowed[0]
        return displacements[0] if share is None else displacements[0] * share
    weights = photo_weights(textures)
    if confidences is not None:
        _check(displacements, confidences, "confidence map")
        weights = [
            weight * (0.25 + _smooth(confidence.astype(np.float32) / 255))
            for weight, confidence in zip(weights, confidences, strict=True)
        ]
    # Squared once more: one photo's wrinkles, not the mean of two that lie a little apart.
    votes = [
        np.asarray(weight**2 * (1 if share is None else share), np.float32)
        for weight, share in zip(weights, allowed, strict=True)
    ]
    return np.asarray(blend(displacements, votes) * reach(textures, shares), np.float32)


def reach(textures: Sequence[Texture], shares: Sequence[Float | None] | None = None) -> Float:
    """How much of the wrinkles :func:`combine` keeps at each texel: (S, S) float32, 0 where no photo shows or gives it.

    Half of the alpha suffices: what is seen at a slant is seen.
    """
    allowed = _allowed(textures, shares)
    alphas = [texture.alpha / np.float32(255) for texture in textures]
    if all(share is None for share in allowed):
        return np.asarray(np.minimum(2 * np.max(np.stack(alphas), axis=0), 1), np.float32)
    given = [np.ones_like(alphas[0]) if share is None else share for share in allowed]
    most = np.maximum(np.max(np.stack(given), axis=0), 1e-6)
    # Where two photos hand over to each other both have half a share, and nothing may fade.
    seen = np.max(np.stack([alpha * share / most for alpha, share in zip(alphas, given, strict=True)]), axis=0)
    return np.asarray(np.minimum(2 * seen, 1) * np.minimum(np.sum(given, axis=0), 1), np.float32)


def _allowed(textures: Sequence[Texture], shares: Sequence[Float | None] | None) -> list[Float | None]:
    """The shares with hard edges softened; the finest band of a blend knows no width of its own."""
    if shares is None:
        return [None] * len(textures)
    alphas = [texture.alpha for texture in textures]
    _check(alphas, [a if share is None else share for a, share in zip(alphas, shares, strict=False)], "share")
    return [None if share is None else _softened(share) for share in shares]


def _softened(weight: Float) -> Float:
    return np.asarray(cv2.GaussianBlur(weight, (0, 0), EDGE_TEXELS), np.float32)


def _smooth(image: Float) -> Float:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), image.shape[0] * SOFT), np.float32)


def _weight(mask: Float | Byte) -> Float:
    scaled = mask.astype(np.float32) / (255 if mask.dtype == np.uint8 else 1)
    return np.asarray(np.clip(np.nan_to_num(scaled), 0, 1), np.float32)


def _check(displacements: Sequence[npt.NDArray[Any]], others: Sequence[npt.NDArray[Any]], what: str) -> None:
    if not displacements:
        raise WrinkleError("There is no wrinkle map to combine.", "Add a photo first.")
    if len(displacements) != len(others):
        raise WrinkleError(f"{len(displacements)} wrinkle maps need as many {what}s, not {len(others)}.")
    for place, (displacement, other) in enumerate(zip(displacements, others, strict=True), start=1):
        if displacement.ndim != 2 or displacement.shape != displacements[0].shape or other.shape != displacement.shape:
            raise WrinkleError(
                f"Wrinkle map {place} or its {what} has another size than wrinkle map 1.", "Use one size for all."
            )
