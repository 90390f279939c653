# SPDX-License-Identifier: GPL-3.0-or-later
"""The native wrinkle stage equals its NumPy reference, and refuses what it cannot work on."""

from __future__ import annotations

import numpy as np
import pytest
import reference_net
import reference_stage
import reference_wrinkles as reference
import wrinkle_native as native
from wrinkle_cases import LIGHT, SIZE, TEXEL_MM, sheared_surface, simple_scales, skin_texture, write_regressor

from wrinkle_addon.core.types import Texture
from wrinkle_addon.core.wrinkles import WrinkleSettings, confidence, load_regressor, normal_map, patches, wrinkle_maps
from wrinkle_addon.core.wrinkles.channels import coarser, highpassed, level_of, scale_maps
from wrinkle_addon.core.wrinkles.geometry import metric
from wrinkle_addon.core.wrinkles.regressor import program_of
from wrinkle_addon.core.wrinkles.settings import COARSE, FINE

SURFACE = sheared_surface()
LINES = ((20, 30, 90, 40, 0.6, 0.25), (30, 60, 80, 85, 0.4, 0.2), (15, 95, 95, 92, 1.2, 0.2))


def skin():
    texture = skin_texture(LINES)
    alpha = texture.alpha.copy()
    alpha[:40] = 0
    alpha[:, 450:] = np.linspace(255, 0, 62).astype(np.uint8)
    mask = np.ones((SIZE, SIZE), np.float32)
    mask[120:180, 200:300] = 0
    return Texture(texture.rgb, alpha), mask


def centres(count=40):
    return np.random.default_rng(1).uniform(0, SIZE, (count, 2)).astype(np.float32)


@pytest.mark.parametrize("scale", [FINE, COARSE])
def test_maps_frames_and_inputs(scale):
    texture, mask = skin()
    ours, k = scale_maps(texture, SURFACE, mask, scale)
    theirs, same = reference.scale_maps(texture, SURFACE, mask, scale)
    assert k == same
    np.testing.assert_allclose(ours, theirs, atol=2e-5)
    where = centres()
    frames = patches.patch_frames(texture, SURFACE, mask, LIGHT, where, scale)
    wanted = reference.patch_frames(texture, SURFACE, mask, LIGHT, where, scale)
    usual = np.abs(frames - wanted).max(axis=(1, 2)) < 1e-3  # where nothing has a direction any frame is right
    assert usual.mean() > 0.9
    x = patches.patch_inputs(texture, SURFACE, mask, LIGHT, where, wanted, scale)
    np.testing.assert_allclose(
        x, reference.patch_inputs(texture, SURFACE, mask, LIGHT, where, wanted, scale), atol=2e-3
    )


def test_lines_and_confidence():
    texture, mask = skin()
    level = level_of(texture, SURFACE, mask, FINE.mm)
    coarse = coarser(level, COARSE.mm)
    maps = highpassed(level, FINE.highpass_mm), highpassed(coarse, COARSE.highpass_mm)
    for line in (*confidence.FINE_LINES, *confidence.COARSE_LINES):
        wanted = np.array([[line.flank, line.stride, line.sigma / level.texel_mm]], np.float32)
        ours = native.line_strength(maps[0], level.metric, level.units, wanted)[..., 0]
        theirs = reference_stage.line_strength(maps[0], level.metric, level.units, *wanted[0].tolist())
        assert np.abs(ours - theirs).mean() < 1e-4
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.999
    ours = confidence.confidence_on_level(level, *maps, coarse, "full")
    theirs = reference_stage.confidence(
        *maps, level.metric, (level.units, coarse.units), (level.texel_mm, coarse.texel_mm), (level.k, coarse.k)
    )
    assert np.abs(ours - theirs).mean() < 0.1
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.999


def random_program(rng):
    def conv(outputs, inputs, kernel):
        weights = rng.standard_normal((outputs, inputs, kernel, kernel)) / np.sqrt(inputs * kernel * kernel)
        return f"conv{kernel}x{kernel}", weights.astype(np.float32), rng.standard_normal(outputs).astype(np.float32)

    return [
        ("unshuffle2",),
        conv(20, 32, 3),
        ("save", "raw"),
        ("relu",),
        ("save", "a"),
        ("avgpool2",),
        conv(33, 20, 3),
        ("relu",),
        ("upsample2",),
        ("concat", "a"),
        conv(7, 53, 1),
        ("concat", "raw"),
        ("relu",),
        conv(4, 27, 3),
        ("shuffle2",),
    ]


def test_network():
    rng = np.random.default_rng(0)
    program = random_program(rng)
    x = rng.standard_normal((5, 8, 32, 32)).astype(np.float32)
    net = native.Net(32, 8, program)
    np.testing.assert_allclose(net.run(x), reference_net.run(program, x), atol=1e-4)
    assert net.multiply_adds == 16 * 16 * (20 * 32 * 9 + 7 * 53 + 4 * 27 * 9) + 8 * 8 * 33 * 20 * 9


def test_merging_gating_enlarging_and_normals():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((30, 16, 16)).astype(np.float32)
    at = rng.uniform(-5, 105, (30, 2)).astype(np.float32)
    steps = (rng.standard_normal((30, 2, 2)) * 0.4 + np.array([[0, -1], [1, 0]])).astype(np.float32)
    merged = native.merge_patches(values, at, steps, 100, 100, 0.35)
    assert np.abs(merged[..., 0] - reference_stage.merge(values, at, steps, 100, 0.35)).max() < 0.1
    grid = metric(SURFACE)
    smooth = reference.gaussian(rng.standard_normal((100, 100)).astype(np.float32), 3)
    gated = native.soft_gate(smooth[..., None], grid, 100.0, 0.05, 4.0)[..., 0]
    np.testing.assert_allclose(gated, reference_stage.soft_gate(smooth, grid, 100.0, 0.05, 4.0), atol=1e-5)
    for k, size in ((1, 100), (2, 199), (4, 400), (8, 800)):
        ours = native.enlarge_cubic(smooth[..., None], k, size)
        np.testing.assert_allclose(ours, reference_stage.cubic(smooth, k, size), atol=1e-6)
    ours = normal_map(smooth, SURFACE).astype(int)
    assert np.abs(ours - reference_stage.normal_map(smooth, grid).astype(int)).max() <= 4


def test_the_whole_stage(tmp_path):
    texture, mask = skin()
    arrays, scales = simple_scales()
    write_regressor(tmp_path / "r.npz", arrays, scales)
    ours = wrinkle_maps(texture, SURFACE, mask, LIGHT, load_regressor(tmp_path / "r.npz"))
    programs = [program_of(entry["program"], entry["prefix"], arrays) for entry in scales]
    grey, displacement, _ = reference_stage.stage(texture, SURFACE, mask, LIGHT, programs, WrinkleSettings(), 0.02)
    assert np.abs(ours.confidence.astype(int) - grey).mean() < 0.1
    assert np.corrcoef(ours.displacement.ravel(), displacement.ravel())[0, 1] > 0.995


def conv(shape=(4, 8, 3, 3), bias=4):
    return "conv3x3", np.zeros(shape, np.float32), np.zeros(bias, np.float32)


@pytest.mark.parametrize(
    "program",
    [
        [],
        [("nonsense",)],
        [("relu", 1)],
        ["relu"],
        [("conv3x3",)],
        [conv((1, 7, 3, 3), 1)],
        [conv((1, 8, 3, 3), 2)],
        [conv((1, 8, 1, 1), 1)],
        [conv((0, 8, 3, 3), 0)],
        [("conv3x3", np.zeros((1, 8, 3, 3)), np.zeros(1, np.float32))],
        [("conv3x3", np.full((1, 8, 3, 3), np.nan, np.float32), np.zeros(1, np.float32))],
        [("concat", "a")],
        [("save", "a"), ("save", "a")],
        [("save", "a"), ("avgpool2",), ("concat", "a")],
        [("avgpool2",)] * 6,
        [("upsample2",)] * 12,
        [("unshuffle2",)] * 5,
        [conv((512, 8, 3, 3), 512), *[conv((512, 512, 3, 3), 512)] * 40],
        [conv((1, 8, 3, 3), 1), ("shuffle2",)],
        [("relu",)] * 300,
    ],
)
def test_programs_that_cannot_run_are_refused(program):
    with pytest.raises((ValueError, TypeError)):
        native.Net(64, 8, program)


F = np.float32
GRID = np.ones((4, 4, 3), F)
MAPS = np.zeros((8, 8, 4), F)
FRAMES = np.zeros((2, 2, 2), F)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("texture_level", (np.zeros((4, 5, 3), np.uint8), np.zeros((4, 4), np.uint8), None, 2)),
        ("texture_level", (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8), np.full((4, 4), np.nan, F), 2)),
        ("texture_level", (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8), None, 0)),
        ("coarser_level", (np.zeros((4, 4, 3), F), 2)),
        ("highpassed", (np.full((4, 4, 4), np.inf, F), 2.0)),
        ("highpassed", (MAPS, float("nan"))),
        ("gaussian", (MAPS[:, ::2], 2.0)),
        ("gaussian", (MAPS, 1e9)),
        ("line_strength", (MAPS, np.zeros((4, 4, 3), F), 8.0, np.ones((1, 3), F))),
        ("line_strength", (MAPS, GRID, 8.0, np.array([[-1, 1, 1]], F))),
        ("line_strength", (MAPS, GRID, 8.0, np.ones((17, 3), F))),
        ("relit", (MAPS, np.ones((3, 3), F), None)),
        ("structure_tensor", (MAPS, GRID, 8.0, 0)),
        ("structure_tensor", (MAPS, np.ones((4, 3, 3), F), 8.0, 1)),
        ("soft_gate", (MAPS, GRID, 8.0, 0.1, 1.0)),
        ("enlarge_cubic", (np.zeros((8, 8, 1), F), 2, 32)),
        ("enlarge_bytes", (np.full((8, 8, 1), np.nan, F), 2, 16)),
        ("normal_map", (np.full((8, 8), np.nan, F), GRID)),
        ("normal_map", (np.zeros((8, 9), F), GRID)),
        ("sample_patches", (MAPS, np.full((2, 2), np.nan, F), FRAMES, 16)),
        ("sample_patches", (MAPS, np.zeros((3, 2), F), FRAMES, 16)),
        ("sample_patches", (MAPS, np.zeros((2, 2), F), FRAMES, 1 << 20)),
        ("merge_patches", (np.zeros((2, 16, 15), F), np.zeros((2, 2), F), FRAMES, 8, 8, 0.3)),
        ("merge_patches", (np.zeros((2, 16, 16), F), np.zeros((2, 2), F), FRAMES, 1 << 40, 8, 0.3)),
        ("multiply_add_peak", (float("inf"),)),
    ],
)
def test_hostile_arguments_raise(name, arguments):
    with pytest.raises((ValueError, TypeError)):
        getattr(native, name)(*arguments)


def test_extreme_places_do_no_harm():
    at = np.array([[1e30, -1e30], [4, 4], [3.9, -0.5]], F)
    steps = np.array([np.eye(2) * 1e30, np.zeros((2, 2)), np.eye(2)], F)
    assert native.sample_patches(MAPS + 1, at, steps, 16).shape == (3, 4, 16, 16)
    assert np.isfinite(native.merge_patches(np.ones((3, 16, 16), F), at, steps, 8, 8, 0.3)).all()


def test_texels():
    assert SURFACE.texel_mm(SIZE) == pytest.approx(TEXEL_MM, rel=0.1)
