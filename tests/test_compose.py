# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrinkle maps composed by masks and automatically."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from wrinkle_addon.core.blending import blend, continued
from wrinkle_addon.core.compose import attach, combine
from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.types import Texture

SIZE = 256


def waves(angle: float, length: float = 14, depth: float = 0.3) -> np.ndarray:
    y, x = np.mgrid[:SIZE, :SIZE]
    return (depth * np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / length)).astype(np.float32)


def half_masks() -> tuple[np.ndarray, np.ndarray]:
    left = np.zeros((SIZE, SIZE), np.float32)
    left[:, : SIZE // 2] = 1
    return left, 1 - left


def test_each_map_shows_in_its_own_mask() -> None:
    first, second = waves(0.0), waves(1.2)
    attached = attach([first, second], half_masks())
    assert np.abs(attached - first)[:, :90].max() < 0.02
    assert np.abs(attached - second)[:, 166:].max() < 0.02
    assert attached.dtype == np.float32


def test_hard_masks_leave_no_seam() -> None:
    first, second = waves(0.4) + 0.5, waves(1.2) - 0.5
    hard = np.where(half_masks()[0] > 0, first, second)
    attached = attach([first, second], half_masks())
    seam = np.abs(np.diff(attached, axis=1))[:, 120:136].max()
    elsewhere = max(np.abs(np.diff(part, axis=1)).max() for part in (first, second))
    assert np.abs(np.diff(hard, axis=1))[:, 120:136].max() > 3 * elsewhere
    assert seam < 1.3 * elsewhere


def test_masks_are_normalised_where_they_overlap_and_fade_where_they_do_not_reach() -> None:
    first = waves(0.7)
    full = np.ones((SIZE, SIZE), np.float32)
    assert np.allclose(attach([first, first], [full, full]), first, atol=1e-4)
    assert np.allclose(attach([first], [full * 0.5]), first * 0.5, atol=1e-4)
    assert np.allclose(attach([first], [np.full((SIZE, SIZE), 255, np.uint8)]), first, atol=1e-4)
    left = half_masks()[0]
    alone = attach([first], [left])
    assert (alone[:, SIZE // 2 :] == 0).all()
    assert np.allclose(alone[:, : SIZE // 2], first[:, : SIZE // 2], atol=0.02)
    assert (attach([first], [0 * full]) == 0).all()


def textures(sharp: float = 1.0, other: float = 1.0) -> tuple[Texture, Texture]:
    rng = np.random.default_rng(0)
    noise = np.clip(rng.normal(128, 30, (SIZE, SIZE, 3)), 0, 255).astype(np.uint8)
    ramp = np.clip((np.arange(SIZE) - 78) / 100, 0, 1)[None, :].repeat(SIZE, 0)
    alphas = (255 * (1 - ramp)).astype(np.uint8), (255 * ramp).astype(np.uint8)
    blurred = [cv2.GaussianBlur(noise, (0, 0), sigma) for sigma in (sharp, other)]
    return Texture(blurred[0], alphas[0]), Texture(blurred[1], alphas[1])


def test_automatic_choice_follows_visibility() -> None:
    first, second = waves(0.0), waves(1.2)
    confidences = [np.full((SIZE, SIZE), 128, np.uint8)] * 2
    combined = combine([first, second], textures(), confidences)
    assert np.abs(combined - first)[:, :78].max() < 0.03
    assert np.abs(combined - second)[:, 178:].max() < 0.03
    assert np.abs(np.diff(combined, axis=1)).max() < 1.3 * max(
        np.abs(np.diff(m, axis=1)).max() for m in (first, second)
    )


def test_automatic_choice_prefers_sharp_and_confident_photos() -> None:
    first, second = waves(0.0), waves(1.2)
    full = np.full((SIZE, SIZE), 255, np.uint8)
    sharp, blurred = (Texture(texture.rgb, full) for texture in textures(0.5, 4.0))
    combined = combine([first, second], [blurred, sharp])
    assert np.abs(combined - second).mean() < 0.2 * np.abs(first - second).mean()
    same = Texture(sharp.rgb, full)
    combined = combine([first, second], [sharp, same], [full, 0 * full])
    assert np.abs(combined - first).mean() < 0.2 * np.abs(first - second).mean()


def test_what_no_photo_shows_stays_smooth() -> None:
    first, second = textures()
    gone = [
        Texture(t.rgb, np.where(np.arange(SIZE)[:, None] < 40, 0, t.alpha).astype(np.uint8)) for t in (first, second)
    ]
    combined = combine([waves(0.0), waves(1.2)], gone)
    assert (combined[:40] == 0).all()
    assert np.isfinite(combined).all()
    single = waves(0.0)
    assert combine([single], [first]) is single


def test_what_does_not_fit_is_refused() -> None:
    first, mask = waves(0.0), half_masks()[0]
    with pytest.raises(WrinkleError, match="no wrinkle map"):
        attach([], [])
    with pytest.raises(WrinkleError, match="2 wrinkle maps need as many masks, not 1"):
        attach([first, first], [mask])
    with pytest.raises(WrinkleError, match="Wrinkle map 2 or its mask has another size"):
        attach([first, first[:99]], [mask, mask[:99]])
    with pytest.raises(WrinkleError, match="Wrinkle map 1 or its mask"):
        attach([first], [mask[:50]])
    with pytest.raises(WrinkleError, match="confidence map"):
        combine([first, first], textures(), [np.zeros((3, 3), np.uint8)] * 2)


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (33, 64), (64, 64, 3)])
def test_blend_of_equals_is_the_same_map(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    weights = [np.random.default_rng(i).random(shape[:2]).astype(np.float32) + 0.1 for i in (1, 2)]
    assert np.allclose(blend([image, image], weights), image, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (7, 50), (64, 64, 2)])
def test_continuation_keeps_what_is_known_and_invents_no_extremes(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    image = rng.random(shape).astype(np.float32)
    known = (rng.random(shape[:2]) < 0.1).astype(np.float32)
    known[0, 0] = 1
    filled = continued(image * (known if image.ndim == 2 else known[..., None]), known)
    assert np.allclose(filled[known > 0], image[known > 0], atol=1e-6)
    assert filled.min() >= image[known > 0].min() - 1e-3
    assert filled.max() <= image[known > 0].max() + 1e-3
