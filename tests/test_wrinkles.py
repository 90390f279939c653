# SPDX-License-Identifier: GPL-3.0-or-later
"""The wrinkle stage keeps its promises: exposure, mirrors, masks, thresholds, cancelling, refusals."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from wrinkle_cases import LIGHT, SIZE, TEXEL_MM, simple_scales, skin_texture, write_regressor

from wrinkle_addon.core.errors import Cancelled, WrinkleError
from wrinkle_addon.core.surface import flat_surface
from wrinkle_addon.core.types import Light, Texture
from wrinkle_addon.core.wrinkles import (
    WrinkleSettings,
    believed,
    confidence_map,
    find_relief,
    glimpse,
    load_regressor,
    normal_map,
    wrinkle_maps,
)

LINES = ((20, 30, 90, 40, 0.6, 0.25), (30, 60, 80, 85, 0.4, 0.2), (15, 95, 95, 92, 1.2, 0.2))
SURFACE = flat_surface(SIZE, TEXEL_MM)


@pytest.fixture(scope="module")
def regressor(tmp_path_factory):
    path = tmp_path_factory.mktemp("regressor") / "simple.npz"
    write_regressor(path, *simple_scales())
    return load_regressor(path)


def at(x_mm, y_mm):
    return round(y_mm / TEXEL_MM), round(x_mm / TEXEL_MM)


def test_lines_are_found_and_nothing_else():
    confidence = confidence_map(skin_texture(LINES), SURFACE)
    middles = [at((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1, _, _ in LINES]
    for row, column in middles:
        assert confidence[row - 2 : row + 3, column - 2 : column + 3].max() > 60
    assert confidence_map(skin_texture(), SURFACE).max() < 30


def test_a_mole_and_a_shadow_edge_are_not_lines():
    texture = skin_texture()
    rgb = texture.rgb.copy()
    y, x = np.mgrid[:SIZE, :SIZE] * TEXEL_MM
    mole = (x - 40) ** 2 + (y - 40) ** 2 < 1.2**2
    rgb[mole] = (rgb[mole] * 0.8).astype(np.uint8)
    rgb[x > 75] = (rgb[x > 75] * 0.75).astype(np.uint8)
    confidence = confidence_map(Texture(rgb, texture.alpha), SURFACE)
    dog = confidence_map(Texture(rgb, texture.alpha), SURFACE, None, WrinkleSettings(mode="dog"))
    row, column = at(40, 40)
    around = slice(row - 12, row + 13), slice(column - 12, column + 13)
    assert confidence[around].max() < 0.6 * dog[around].max()
    edge = slice(20, -20), slice(at(70, 0)[1], at(80, 0)[1])
    assert confidence[edge].max() < 0.9 * dog[edge].max()


@pytest.mark.parametrize("mode", ["full", "dog"])
def test_confidence_does_not_depend_on_exposure(mode):
    settings = WrinkleSettings(mode=mode)
    maps = [
        confidence_map(skin_texture(LINES, exposure=exposure, grain=0), SURFACE, None, settings).astype(int)
        for exposure in (0.5, 1.0, 2.0)
    ]
    assert max(np.percentile(np.abs(other - maps[1]), 99.5) for other in maps) <= 2
    assert max(np.abs(other - maps[1]).mean() for other in maps) < 0.5


def test_flat_skin_gives_no_relief(regressor):
    maps = wrinkle_maps(skin_texture(grain=0), SURFACE, None, LIGHT, regressor)
    assert np.abs(maps.displacement).max() == 0
    assert maps.patches.shape == (0, 2)


def test_grooves_go_inwards_and_threshold_is_monotone(regressor):
    texture = skin_texture(LINES)
    energy, counts = [], []
    for threshold in (20, 60, 100, 140, 255):
        maps = wrinkle_maps(texture, SURFACE, None, LIGHT, regressor, WrinkleSettings(dog_thres=threshold))
        energy.append(float((maps.displacement.astype(float) ** 2).sum()))
        counts.append(len(maps.patches))
    assert energy == sorted(energy, reverse=True)
    assert counts == sorted(counts, reverse=True)
    assert energy[0] > 0
    assert energy[-1] == 0
    maps = wrinkle_maps(texture, SURFACE, None, LIGHT, regressor)
    row, column = at(55, 35)
    assert maps.displacement[row - 3 : row + 4, column].min() < -0.01
    twice = wrinkle_maps(texture, SURFACE, None, LIGHT, regressor, WrinkleSettings(strength=2.0))
    np.testing.assert_allclose(twice.displacement, 2 * maps.displacement, atol=1e-6)


def test_one_relief_serves_many_thresholds_and_a_glimpse_shows_the_same(regressor):
    texture = skin_texture(LINES)
    relief = find_relief(texture, SURFACE, None, LIGHT, regressor, WrinkleSettings())
    for threshold in (60, 90, 140):
        settings = WrinkleSettings(dog_thres=threshold)
        assert settings.least == WrinkleSettings().least
        whole = wrinkle_maps(texture, SURFACE, None, LIGHT, regressor, settings).displacement
        np.testing.assert_array_equal(believed(relief, settings).displacement, whole)
        small = glimpse(relief, settings, SIZE // 2).displacement
        np.testing.assert_allclose(small, whole.reshape(SIZE // 2, 2, SIZE // 2, 2).mean((1, 3)), atol=0.01)


def test_a_mirrored_texture_gives_a_mirrored_relief(regressor):
    texture = skin_texture(LINES)
    mirrored = Texture(np.ascontiguousarray(texture.rgb[:, ::-1]), texture.alpha)
    light = Light(LIGHT.direction * np.array([-1, 1, 1], np.float32), LIGHT.ambient, "given")
    one = wrinkle_maps(texture, SURFACE, None, LIGHT, regressor)
    other = wrinkle_maps(mirrored, SURFACE, None, light, regressor)
    np.testing.assert_allclose(other.confidence[:, ::-1], one.confidence, atol=1)
    scale = np.abs(one.displacement).max()
    assert np.abs(other.displacement[:, ::-1] - one.displacement).mean() < 0.01 * scale


def test_masked_and_unseen_skin_stays_flat(regressor):
    texture = skin_texture(LINES)
    rgb = texture.rgb.copy()
    rgb[100:200, 150:300] = 15  # a brow or an open mouth: dark, and excluded
    mask = np.ones((SIZE, SIZE), np.float32)
    mask[100:200, 150:300] = 0
    alpha = texture.alpha.copy()
    alpha[:, 400:] = 40
    maps = wrinkle_maps(Texture(rgb, alpha), SURFACE, mask, LIGHT, regressor)
    for values in (maps.confidence, np.abs(maps.displacement)):
        assert values[102:198, 152:298].max() <= 1e-6
        assert values[:, 404:].max() <= 1e-6
    around = np.zeros((SIZE, SIZE), bool)
    around[90:210, 140:310] = True
    clean = wrinkle_maps(texture, SURFACE, None, LIGHT, regressor)
    assert maps.confidence[around].max() <= max(clean.confidence[around].max(), 30)


def test_size_of_the_texture_does_not_matter(regressor):
    texture = skin_texture(LINES)
    large = Texture(texture.rgb.repeat(2, 0).repeat(2, 1), texture.alpha.repeat(2, 0).repeat(2, 1))
    one = wrinkle_maps(texture, SURFACE, None, LIGHT, regressor)
    other = wrinkle_maps(large, flat_surface(2 * SIZE, TEXEL_MM / 2), None, LIGHT, regressor)
    reduced = other.displacement.reshape(SIZE, 2, SIZE, 2).mean((1, 3))
    assert np.corrcoef(reduced.ravel(), one.displacement.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("size", [16, 100, 333])
def test_any_size_works(regressor, size):
    texture = Texture(skin_texture(LINES).rgb[:size, :size].copy(), np.full((size, size), 255, np.uint8))
    maps = wrinkle_maps(texture, flat_surface(size, TEXEL_MM), None, None, regressor)
    assert maps.confidence.shape == maps.displacement.shape == (size, size)
    assert np.isfinite(maps.displacement).all()


def test_cancelling_stops_soon(regressor):
    texture = skin_texture(LINES, size=1024)
    surface = flat_surface(1024, TEXEL_MM)
    for stop_after in (0, 1, 3):  # the stage says something at least four times however fast it is
        calls = []

        def progress(fraction, text, calls=calls, stop_after=stop_after):
            calls.append(time.perf_counter())
            return len(calls) <= stop_after

        with pytest.raises(Cancelled):
            wrinkle_maps(texture, surface, None, None, regressor, progress=progress)
        assert time.perf_counter() - calls[-1] < 0.3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rgb": np.zeros((512, 256, 3), np.uint8)}, "texture"),
        ({"alpha": np.zeros((256, 256), np.uint8)}, "alpha"),
        ({"skin": np.ones((100, 100), np.float32)}, "mask"),
        ({"texel": 1e-9}, "mm"),
        ({"texel": float("nan")}, "extent"),
    ],
)
def test_what_does_not_fit_is_refused(regressor, change, words):
    texture = skin_texture()
    texture = replace(texture, **{k: v for k, v in change.items() if k in ("rgb", "alpha")})
    surface = flat_surface(SIZE, change.get("texel", TEXEL_MM))
    with pytest.raises(WrinkleError, match=words):
        wrinkle_maps(texture, surface, change.get("skin"), LIGHT, regressor)


@pytest.mark.parametrize(
    "settings",
    [{"dog_thres": 256}, {"dog_thres": float("nan")}, {"strength": -1}, {"mode": "other"}, {"overlap": 7}],
)
def test_settings_are_checked(settings):
    with pytest.raises(WrinkleError):
        WrinkleSettings(**settings)


def test_normals_have_the_true_slope():
    x = np.arange(256) * TEXEL_MM
    heights = np.broadcast_to(0.1 * np.sin(x), (256, 256)).astype(np.float32)
    surface = flat_surface(256, TEXEL_MM)
    for coff, factor in ((150.0, 1.0), (300.0, 2.0)):
        n = normal_map(heights, surface, coff).astype(np.float64) / 65535 * 2 - 1
        slope = -n[..., 0] / n[..., 2]
        assert np.abs(slope - factor * 0.1 * np.cos(x))[:, 1:-1].max() < 2e-3
        assert np.abs(n[..., 1]).max() < 1e-4
    rising = heights.T[::-1].copy()  # height grows with v where x grew: green must be what red was
    n = normal_map(rising, surface).astype(np.float64) / 65535 * 2 - 1
    assert np.abs(-n[..., 1] / n[..., 2] - (0.1 * np.cos(x))[::-1, None])[1:-1].max() < 2e-3
    with pytest.raises(WrinkleError):
        normal_map(heights, surface, float("inf"))
    with pytest.raises(WrinkleError):
        normal_map(np.full((8, 8), np.nan, np.float32), surface)
