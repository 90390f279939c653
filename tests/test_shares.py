# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions and painted masks of photos: what is taken from where, and that no seam shows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from wrinkle_addon.core.compose import combine, reach
from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.layers import group_photos, layered
from wrinkle_addon.core.models import load_model
from wrinkle_addon.core.pipeline import Runner
from wrinkle_addon.core.regions import region_mask, skin_mask
from wrinkle_addon.core.settings import Settings
from wrinkle_addon.core.shares import photo_shares, support
from wrinkle_addon.core.surface import flat_surface
from wrinkle_addon.core.types import Light, MotionMaps, Texture, WrinkleMaps

SIZE = 256
DEMO = Path(__file__).resolve().parents[1] / "wrinkle_addon" / "assets" / "demo_photo.jpg"


@pytest.fixture(scope="module")
def model():
    return load_model("builtin")


def textures(count: int = 2) -> list[Texture]:
    noise = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 3)).astype(np.uint8)
    return [Texture(noise, np.full((SIZE, SIZE), 255, np.uint8))] * count


def waves(angle: float) -> np.ndarray:
    y, x = np.mgrid[:SIZE, :SIZE]
    return (0.3 * np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / 14)).astype(np.float32)


def half() -> np.ndarray:
    return np.repeat((np.arange(SIZE) < SIZE // 2)[None] * np.float32(1), SIZE, 0)


def test_a_chosen_region_comes_from_its_photo_alone(model) -> None:
    shares = photo_shares(model, 3, SIZE, regions={1: ("forehead", "glabella"), 2: ("glabella",)})
    forehead, glabella = (region_mask(model, name, SIZE) > 0.99 for name in ("forehead", "glabella"))
    chin = region_mask(model, "chin", SIZE) > 0.99
    given = np.stack([share for share in shares if share is not None])
    assert np.allclose(given[:, forehead].T, (0, 1, 0), atol=0.02)
    assert np.allclose(given[:, glabella].T, (0, 1, 1), atol=0.02)
    assert np.allclose(given[:, chin].T, (1, 0, 0), atol=0.02)
    # Where regions meet, somebody gives the skin.
    bare = skin_mask(model, SIZE) > 0.99
    assert given.sum(axis=0)[bare].min() > 0.98


def test_without_a_choice_nothing_is_restricted(model) -> None:
    assert photo_shares(model, 2, SIZE) == [None, None]
    assert photo_shares(model, 1, SIZE, regions={0: ()}) == [None]
    with pytest.raises(WrinkleError, match="no region 'ear'"):
        photo_shares(model, 1, SIZE, regions={0: ("ear",)})


def test_masks_of_any_size_are_laid_over_regions(model) -> None:
    mask = np.zeros((64, 32), np.uint8)
    mask[:, :16] = 255
    painted, other = photo_shares(model, 2, SIZE, masks={0: mask}, regions={0: ("forehead",)})
    forehead = region_mask(model, "forehead", SIZE)
    assert painted is not None
    assert other is not None
    assert np.allclose(painted[:, : SIZE // 2 - 8], forehead[:, : SIZE // 2 - 8], atol=1e-5)
    assert painted[:, SIZE // 2 + 8 :].max() == 0
    assert np.allclose(other, 1 - forehead, atol=1e-6)


def test_hard_shares_hand_over_without_a_seam() -> None:
    level = combine([waves(0.4), waves(1.2)], textures(), shares=[half(), 1 - half()])
    assert np.abs(level - waves(0.4))[:, :90].max() < 0.02
    assert np.abs(level - waves(1.2))[:, 166:].max() < 0.02
    first, second = waves(0.4) + 0.5, waves(1.2) - 0.5
    combined = combine([first, second], textures(), shares=[half(), 1 - half()])
    elsewhere = max(np.abs(np.diff(part, axis=1)).max() for part in (first, second))
    assert np.abs(np.diff(combined, axis=1))[:, 120:136].max() < 1.3 * elsewhere
    assert reach(textures(), [half(), 1 - half()]).min() > 0.99


def test_a_share_without_a_partner_fades_to_smooth_skin() -> None:
    alone = combine([waves(0.4)], textures(1), shares=[half()])
    assert np.abs(alone[:, 140:]).max() < 1e-3
    assert np.allclose(alone[:, :116], waves(0.4)[:, :116], atol=1e-3)
    pair = combine([waves(0.4), waves(1.2)], textures(), shares=[half(), 0 * half()])
    assert np.abs(pair[:, 150:]).max() < 1e-3
    assert np.abs(pair - waves(0.4))[:, :90].max() < 0.02


def test_a_photo_that_may_give_nothing_lets_another_that_sees_less_stand() -> None:
    dim = Texture(textures()[0].rgb, np.full((SIZE, SIZE), 60, np.uint8))
    assert np.allclose(reach([textures()[0], dim], [0 * half(), None]), 120 / 255, atol=0.01)


def test_support_reaches_a_little_beyond_a_share() -> None:
    around = support(half())
    assert around is not None
    assert around[:, : SIZE // 2].min() == 1
    assert around[:, SIZE // 2 + 8 :].max() < 0.01
    assert support(None) is None


def test_permanent_lines_stay_where_a_photo_may_not_give() -> None:
    """The share keeps the difference from the lines at rest, not only the lines, out of a layer."""
    light = Light(np.array([0, 0, 1], np.float32), 0.5, "given")
    found = [
        WrinkleMaps(np.full((SIZE, SIZE), 200, np.uint8), height, light, np.zeros((0, 2), np.int32))
        for height in (waves(0.0), waves(1.2))
    ]
    motion = MotionMaps(("browInnerUp",), np.full((1, 32, 32), 255, np.uint8))
    grouping = group_photos(np.array([[0.0], [1.0]], np.float32), motion)
    assert grouping.neutral == (0,)
    shares = [None, half()]
    layer = layered(grouping, motion, found, textures(), flat_surface(SIZE, 0.5), 150.0, shares).layers[0]
    assert np.abs(layer.displacement[:, 140:]).max() < 1e-3
    assert np.allclose(layer.displacement[:, :110], (waves(1.2) - waves(0.0))[:, :110], atol=0.01)


def test_the_whole_way_takes_wrinkles_where_it_may() -> None:
    runner, settings = Runner(), Settings(size=256)
    whole = runner.reconstruct([DEMO], settings).wrinkles.displacement
    upper = np.zeros((256, 256), np.uint8)
    upper[:100] = 255
    cut = runner.reconstruct([DEMO], settings, masks={0: upper}).wrinkles.displacement
    assert np.abs(cut[110:]).max() < 1e-3 < np.abs(whole[110:]).max()
    assert np.corrcoef(cut[:92].ravel(), whole[:92].ravel())[0, 1] > 0.95
    again = runner.reconstruct([DEMO], settings)
    assert np.array_equal(again.wrinkles.displacement, whole)


def test_two_photos_each_give_their_regions() -> None:
    """A flat copy of the photo shows which of the two gives what."""
    import dataclasses

    from wrinkle_addon.core.images import read_photo

    photo = read_photo(DEMO)
    blurred = cv2.GaussianBlur(photo.pixels, (0, 0), 9)
    flat = dataclasses.replace(photo, pixels=blurred, content="blurred")
    runner, settings = Runner(), Settings(size=256)
    result = runner.reconstruct([photo, flat], settings, regions={1: ("forehead",)})
    forehead = region_mask(result.model, "forehead", 256) > 0.99
    others = (region_mask(result.model, "forehead", 256) < 0.01) & (skin_mask(result.model, 256) > 0.99)
    alone = runner.reconstruct([photo], settings).wrinkles.displacement
    both = result.wrinkles.displacement
    assert both[forehead].std() < 0.3 * alone[forehead].std()
    assert both[others].std() == pytest.approx(alone[others].std(), rel=0.25)
