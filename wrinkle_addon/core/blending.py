# SPDX-License-Identifier: GPL-3.0-or-later
"""Blends maps without a seam, and continues them where nothing is known."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .types import Float

COARSEST = 8
"""Pyramids end when a side has at most this many texels."""


def _levels(shape: tuple[int, ...]) -> int:
    return max(int(np.ceil(np.log2(max(min(shape[:2]), 1) / COARSEST))), 0)


def _down(image: Float) -> Float:
    return np.asarray(cv2.pyrDown(image, borderType=cv2.BORDER_REPLICATE), np.float32).reshape(
        (image.shape[0] + 1) // 2, (image.shape[1] + 1) // 2, *image.shape[2:]
    )


def _up(image: Float, like: Float) -> Float:
    return np.asarray(cv2.pyrUp(image, dstsize=(like.shape[1], like.shape[0])), np.float32).reshape(
        *like.shape[:2], *image.shape[2:]
    )


def _apply(weight: Float, image: Float) -> Float:
    return image * (weight if image.ndim == 2 else weight[..., None])


def blend(images: Sequence[Float], weights: Sequence[Float], known: Sequence[Float] | None = None) -> Float:
    """Multi-band blend of maps (Burt and Adelson, "A multiresolution spline", 1983).

    images: each (H, W) or (H, W, C) float32; weights: each (H, W), not negative; they are normalised per texel. The
    coarser a band, the wider it is cross-faded, so neither edges nor steps show. known: (H, W) each, 1 where an image
    holds something, 0 where not (there its weight must be 0); by default it does everywhere. What one image does not
    know is taken from the others, so that emptiness leaks nowhere. Zero where no map has weight.
    """
    shares = np.stack(weights).astype(np.float32)
    total = shares.sum(0)
    reached = (total > 0).astype(np.float32)
    shares /= np.where(total > 0, total, 1)
    if known is not None:
        mean = sum((_apply(s, i) for s, i in zip(shares, images, strict=True)), np.zeros_like(images[0]))
        mean = continued(mean, reached)
        images = [_apply(seen, image) + _apply(1 - seen, mean) for seen, image in zip(known, images, strict=True)]
    bands: list[Float] = []
    sums: list[Float] = []
    for share, image in zip(shares, images, strict=True):
        own, own_sums = _bands(image, share)
        bands = [a + b for a, b in zip(bands, own, strict=True)] if bands else own
        sums = [a + b for a, b in zip(sums, own_sums, strict=True)] if sums else own_sums
    blended: Float | None = None
    for band, weight in zip(reversed(bands), reversed(sums), strict=True):
        # Coarse texels reach over the rim of what is reached, where the shares no longer sum to one.
        band = _apply(1 / np.maximum(weight, 1e-6), band)
        blended = band if blended is None else _up(blended, band) + band
    assert blended is not None
    return np.asarray(_apply(reached, blended), np.float32)


def _bands(image: Float, share: Float) -> tuple[list[Float], list[Float]]:
    """The Laplacian pyramid of an image times its share at each scale, the coarsest level last; and the shares."""
    bands, shares = [], []
    for _ in range(_levels(image.shape)):
        smaller = _down(image)
        bands.append(_apply(share, image - _up(smaller, image)))
        shares.append(share)
        image, share = smaller, _down(share)
    return [*bands, _apply(share, image)], [*shares, share]


def continued(image: Float, weight: Float) -> Float:
    """Fills where the weight is low from what surrounds it, smoothly (push-pull).

    image: (H, W) or (H, W, C) float32; weight: (H, W) in 0..1, trust in each texel. Gortler et al., "The Lumigraph",
    SIGGRAPH 1996.
    """
    if min(weight.shape) <= 1:
        total = weight.sum()
        mean = _apply(weight, image).sum((0, 1)) / max(float(total), 1e-9)
        return np.broadcast_to(np.asarray(mean, np.float32), image.shape).copy()
    gathered, trust = _down(_apply(weight, image)), _down(weight)
    safe = np.maximum(trust, 1e-9)
    coarse = gathered / (safe if image.ndim == 2 else safe[..., None])
    # Trust saturates: a fully known corner of a coarse texel is worth as much as a fully known texel.
    coarse = continued(coarse, np.minimum(trust * 4, 1).astype(np.float32))
    return np.asarray(_apply(weight, image) + _apply(1 - weight, _up(coarse, image)), np.float32)
