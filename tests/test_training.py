# SPDX-License-Identifier: GPL-3.0-or-later
"""The skin generator and the patches drawn from it: seeded, exact, and the same as the wrinkle stage draws."""

import numpy as np
import pytest
import reference_wrinkles as stage

from training.apply import merging_gain
from training.baselines import PATCH, codec_of, train_anchored, train_mlp, train_ridge
from training.geometry import REGIONS, make_relief
from training.own import error_share
from training.patches import COARSE, FINE, draw, eased, frames, input_maps, orientations, sample, target_map
from training.stream import patches_of
from training.tiles import Tile, make_scene, make_tile, read_shard, write_shard
from wrinkle_addon.core.surface import flat_surface
from wrinkle_addon.core.types import Light, Texture
from wrinkle_addon.core.wrinkles.settings import Scale


def test_the_same_seed_makes_the_same_tile() -> None:
    first, second, other = make_tile(7), make_tile(7), make_tile(8)
    assert np.array_equal(first.rgb, second.rgb)
    assert np.array_equal(first.height, second.height)
    assert not np.array_equal(first.rgb, other.rgb)


@pytest.mark.parametrize("region", REGIONS)
def test_relief_stays_within_the_depths_of_its_region(region: str) -> None:
    relief = make_relief(np.random.default_rng(3), region, 192, 0.25)
    assert relief.height.dtype == np.float32
    assert np.isfinite(relief.height).all()
    assert np.abs(relief.height).max() < (0.1 if region == "smooth" else 4.0)
    assert relief.groove.min() >= 0
    assert relief.groove.max() <= 1.3


def test_smooth_tiles_are_a_good_share() -> None:
    smooth = sum(make_scene(seed, size=16, texel_mm=0.25).region == "smooth" for seed in range(200))
    assert 40 <= smooth <= 75


def test_a_groove_lit_from_above_is_bright_on_its_lower_wall() -> None:
    from training.albedo import Skin
    from training.geometry import Relief
    from training.shading import Lighting, shade

    y = (np.arange(96, dtype=np.float32)[:, None] - 48) * 0.25 * np.ones((1, 96), np.float32)
    relief = Relief(-0.4 * np.exp(-0.5 * (y / 0.8) ** 2), np.zeros_like(y))
    flat = np.full((96, 96, 3), 0.4, np.float32)
    skin = Skin(flat, np.zeros_like(y), np.zeros(3, np.float32), np.ones_like(y))
    up = np.array((0, np.sin(0.9), np.cos(0.9)), np.float32)
    one = np.ones(3, np.float32)
    front = np.array((0, 0, 1), np.float32)
    light = Lighting(up, 0.2, one, one, front, 0.1, 0.3, 0.0, 0.4, np.zeros((2, 2)), False, (0.0, 5.0))
    line = shade(np.random.default_rng(0), relief, skin, light, 0.25).mean((1, 2))
    assert line[48 + 4] > line[4] > line[48 - 4]


def _flat(tile: Tile) -> tuple:
    size = tile.rgb.shape[0]
    texture = Texture(tile.rgb, np.full((size, size), 255, np.uint8))
    light = Light(tile.light[:3], float(tile.light[3]), "given")
    return texture, flat_surface(size, tile.texel_mm), light


@pytest.mark.parametrize("scale", [FINE, COARSE], ids=["fine", "coarse"])
def test_patches_are_those_the_wrinkle_stage_draws(scale) -> None:
    tile = make_tile(3, region="forehead")
    texture, surface, light = _flat(tile)
    theirs = Scale(scale.mm, scale.size, scale.highpass_mm)
    centres = np.array([[90.0, 120.0], [128.0, 128.0], [150.0, 100.0]], np.float32)
    maps = stage.scale_maps(texture, surface, None, theirs)
    expected_frames = stage.patch_frames(texture, surface, None, light, centres, theirs, maps)
    expected = stage.patch_inputs(texture, surface, None, light, centres, expected_frames, theirs, maps)
    mine, k = input_maps(tile.rgb, np.ones(tile.height.shape, np.float32), tile.texel_mm, scale)
    assert np.abs(mine - maps[0]).max() < 2e-3
    level = (centres + 0.5) / k - 0.5
    lights = eased(np.repeat(tile.light[None, :3], 3, 0), np.repeat(tile.light[3], 3))
    axes = frames(orientations(mine[..., 0], mine[..., 3], k * tile.texel_mm, level, scale), lights[:, :2])
    assert np.abs(axes - expected_frames).max() < 0.03
    found = sample(mine, k * tile.texel_mm, level, expected_frames, scale).transpose(0, 3, 1, 2)
    assert np.abs(found - expected[:, :4]).mean() < 2e-3
    planar = np.einsum("pij,pi->pj", expected_frames, lights[:, :2])
    assert np.allclose(planar, expected[:, 4:6, 0, 0], atol=1e-3)


def test_fine_and_coarse_targets_add_up_to_the_whole() -> None:
    tile = make_tile(5, region="nasolabial")
    whole = target_map(tile.height, tile.texel_mm, PATCH)
    parts = [target_map(tile.height, tile.texel_mm, scale) for scale in (FINE, COARSE)]
    assert np.allclose(sum(parts), whole, atol=1e-5)


def test_the_light_of_every_patch_lies_in_one_quadrant() -> None:
    batch = draw(np.random.default_rng(0), make_tile(11), FINE, 16)
    assert batch.x.shape == (16, 8, 64, 64)
    assert batch.x.dtype == np.float32
    assert (batch.x[:, 4:6] > -1e-6).all()
    assert np.isfinite(batch.x).all()


def test_a_shard_is_read_as_it_was_written(tmp_path) -> None:
    write_shard(tmp_path / "shard.npz", 20, 2)
    first, second = read_shard(tmp_path / "shard.npz")
    assert np.array_equal(first.rgb, make_tile(20).rgb)
    assert np.allclose(second.height, make_tile(21).height, atol=2e-3)
    assert [p.name for p in tmp_path.iterdir()] == ["shard.npz"]


def test_the_baselines_learn_relief() -> None:
    tiles = [make_tile(seed, region="forehead") for seed in range(100, 116)]
    batch = patches_of(tiles, PATCH, 24, 1)
    codec = codec_of(batch, 32, 6, 24)
    ridge = error_share(train_ridge(codec, batch)(batch.x), batch)
    anchored = error_share(train_anchored(codec, batch, 8, 200)(batch.x), batch)
    mlp = error_share(train_mlp(codec, batch, 64, 30)(batch.x), batch)
    assert ridge < 0.9
    assert anchored < ridge
    assert mlp < 0.7


def test_the_gain_of_merging_brings_any_answer_to_the_same_depth() -> None:
    tiles = [make_tile(seed, region="forehead") for seed in (100, 101)]
    once, twice = (merging_gain(tiles, FINE, lambda x, k=k: k * x[:, 0]) for k in (0.1, 0.2))
    assert once == pytest.approx(2 * twice, rel=1e-4)
