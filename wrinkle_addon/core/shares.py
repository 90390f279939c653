# SPDX-License-Identifier: GPL-3.0-or-later
"""Which skin each photo's wrinkles are taken from: regions that the user names, and masks that the user paints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from .compose import SOFT
from .errors import WrinkleError
from .regions import REGIONS, region_mask
from .types import Byte, FaceModel, Float


def photo_shares(
    model: FaceModel,
    count: int,
    size: int,
    masks: Mapping[int, Byte] | None = None,
    regions: Mapping[int, Sequence[str]] | None = None,
) -> list[Float | None]:
    """Per photo, (size, size) float32 in 0..1: where its wrinkles may be taken; None where nothing restricts them.

    masks: (H, W) uint8 in the model's UV, by the photo's place; bright skin is taken. regions: names out of REGIONS, by
    the photo's place: such a photo gives these regions only, and they come from the photos that name them only.
    Raises WrinkleError for an unknown region.
    """
    masks, regions = masks or {}, {photo: tuple(names) for photo, names in (regions or {}).items() if names}
    chosen = {name for names in regions.values() for name in names}
    for name in chosen:
        if name not in REGIONS:
            raise WrinkleError(f"There is no region {name!r}.", f"Give some of {', '.join(REGIONS)}.")
    drawn = {name: region_mask(model, name, size) for name in chosen}
    shares: list[Float | None] = []
    for photo in range(count):
        own = regions.get(photo)
        share = _sum(drawn, own or chosen, size) if chosen else None
        if share is not None and own is None:
            share = 1 - share
        if photo in masks:
            painted = resized(masks[photo], size)
            share = painted if share is None else share * painted
        shares.append(share)
    return shares


def support(share: Float | None) -> Float | None:
    """Where wrinkles must be known for a share to be cut out of them: a little beyond it, softly. (S, S) like it."""
    if share is None:
        return None
    wide = cv2.GaussianBlur(share, (0, 0), share.shape[0] * SOFT)
    return np.asarray(np.maximum(share, np.minimum(4 * wide, 1)), np.float32)


def _sum(drawn: Mapping[str, Float], names: Sequence[str] | set[str], size: int) -> Float:
    """Regions as one mask; they overlap softly."""
    total = np.zeros((size, size), np.float32)
    for name in names:
        total += drawn[name]
    return np.minimum(total, 1)


def resized(mask: Byte, size: int) -> Float:
    """A mask, (H, W) uint8 of any size, as (size, size) float32 in 0..1."""
    way = cv2.INTER_AREA if max(mask.shape) > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(mask, (size, size), interpolation=way) / np.float32(255), np.float32)
