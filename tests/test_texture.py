# SPDX-License-Identifier: GPL-3.0-or-later
"""Texture extraction, merging and completion."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import raster_reference
import wrinkle_native

from wrinkle_addon.core.errors import Cancelled, WrinkleError
from wrinkle_addon.core.texture import extract_texture, fill_unseen, merge_textures
from wrinkle_addon.core.types import Photo, Texture


def head(columns: int = 13, rows: int = 11, width: int = 90, height: int = 80):
    """Half an ellipsoid of 80 x 100 mm with a nose that hides what lies beside it, turned by 25 degrees.

    Returns image points, depth, triangles, uv and pixels per mm.
    """
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    angle, tilt = (u - 0.5) * np.pi, (v - 0.5) * 2
    x, y = 40 * np.sin(angle) * np.cos(tilt), 50 * np.sin(tilt)
    z = 40 * np.cos(angle) * np.cos(tilt) + 35 * np.exp(-(((u - 0.5) / 0.07) ** 2) - ((v - 0.5) / 0.2) ** 2)
    turn = np.radians(25)
    x, z = np.cos(turn) * x + np.sin(turn) * z, np.cos(turn) * z - np.sin(turn) * x
    px_per_mm = 0.7
    points = np.stack([width / 2 + px_per_mm * (x - 8), height / 2 - px_per_mm * y], -1).reshape(-1, 2)
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (i.ravel() for i in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    uv = (0.05 + 0.9 * np.stack([u, v], -1)).reshape(-1, 2).astype(np.float32)
    return points.astype(np.float32), z.ravel().astype(np.float32), triangles, uv, px_per_mm


def noise_photo(height: int = 80, width: int = 90, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.0)


def test_extraction_agrees_with_plain_numpy() -> None:
    points, depth, triangles, uv, scale = head()
    photo = noise_photo()
    rgb, alpha = wrinkle_native.extract_texture(photo, points, depth, triangles, uv, 120, scale, dilate=0)
    expected, expected_alpha, magnified = raster_reference.extract(photo, points, depth, triangles, uv, 120, scale)
    assert np.abs(alpha - expected_alpha).max() <= 1
    compared = (alpha > 0) & (expected_alpha > 0) & magnified
    assert 0.3 < compared.mean() < 0.75
    assert np.abs(rgb[compared] - expected[compared]).max() <= 1


def test_all_thread_counts_agree() -> None:
    points, depth, triangles, uv, scale = head()
    results = []
    for count in (1, 4):
        wrinkle_native.set_threads(count)
        results.append(wrinkle_native.extract_texture(noise_photo(), points, depth, triangles, uv, 256, scale))
    wrinkle_native.set_threads(0)
    assert np.array_equal(results[0][0], results[1][0])
    assert np.array_equal(results[0][1], results[1][1])


def test_processors_without_avx2_get_the_same_texture(tmp_path: Path) -> None:
    points, depth, triangles, uv, scale = head()
    rgb, alpha = wrinkle_native.extract_texture(noise_photo(), points, depth, triangles, uv, 256, scale)
    np.savez(tmp_path / "given.npz", noise_photo(), points, depth, triangles, uv)
    program = (
        "import sys, numpy, wrinkle_native\n"
        "given = list(numpy.load(sys.argv[1]).values())\n"
        "assert not wrinkle_native.has_avx2()\n"
        "numpy.savez(sys.argv[2], *wrinkle_native.extract_texture(*given, 256, float(sys.argv[3])))\n"
    )
    arguments = [sys.executable, "-c", program, tmp_path / "given.npz", tmp_path / "made.npz", str(scale)]
    subprocess.run(arguments, check=True, env={**os.environ, "WRINKLE_NO_AVX2": "1"})
    plain_rgb, plain_alpha = np.load(tmp_path / "made.npz").values()
    assert np.array_equal(alpha, plain_alpha)
    assert np.abs(rgb.astype(int) - plain_rgb).max() <= 1


def plane(photo_side: float, cells: int = 9):
    """A square sheet seen head-on, photo_side pixels wide, uv filling the texture."""
    axis = np.linspace(0, 1, cells + 1)
    u, v = np.meshgrid(axis, axis)
    index = np.arange((cells + 1) ** 2).reshape(cells + 1, cells + 1)
    a, b, c, d = (i.ravel() for i in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    uv = np.stack([u, v], -1).reshape(-1, 2).astype(np.float32)
    points = np.stack([u * photo_side - 0.5, (1 - v) * photo_side - 0.5], -1).reshape(-1, 2).astype(np.float32)
    return points, np.zeros(len(uv), np.float32), triangles, uv


def test_texel_and_pixel_centres_meet() -> None:
    points, depth, triangles, uv = plane(64)
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    rgb, alpha = wrinkle_native.extract_texture(photo, points, depth, triangles, uv, 64, 1.0)
    assert np.array_equal(rgb, photo)
    assert (alpha[2:-2, 2:-2] == 255).all()


@pytest.mark.parametrize("shrink", [2, 3, 4, 7])
def test_coarse_textures_average_the_photo(shrink: int) -> None:
    side = 64 * shrink
    points, depth, triangles, uv = plane(side)
    photo = np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)
    rgb, _ = wrinkle_native.extract_texture(photo, points, depth, triangles, uv, 64, 1.0)
    areas = cv2.resize(photo, (64, 64), interpolation=cv2.INTER_AREA)
    inner = np.s_[4:-4, 4:-4]
    error = np.abs(rgb[inner].astype(float) - areas[inner])
    # White noise of spread 74 must fall about as an area average does, and follow it.
    assert rgb[inner].std() < 74 / shrink * 1.35
    assert error.mean() < 0.6 * 74 / shrink
    assert abs(rgb[inner].mean() - photo.mean()) < 0.5


def test_one_stretched_axis_is_averaged_along_that_axis_only() -> None:
    points, depth, triangles, uv = plane(64)
    points[:, 0] = (points[:, 0] + 0.5) * 6 - 0.5
    stripes = np.zeros((64, 384, 3), np.uint8)
    stripes[::2] = 200
    stripes[:, ::2] += 40
    rgb, _ = wrinkle_native.extract_texture(stripes, points, depth, triangles, uv, 64, 1.0)
    inner = rgb[4:-4, 4:-4].astype(int)
    assert np.abs(inner[::2] - 220).max() <= 8
    assert np.abs(inner[1::2] - 20).max() <= 8


def test_what_hides_is_not_painted_on_what_is_hidden() -> None:
    points, depth, triangles, uv, scale = head(61, 51)
    _, alpha = wrinkle_native.extract_texture(noise_photo(), points, depth, triangles, uv, 256, scale, dilate=0)
    visible = wrinkle_native.vertex_visibility(points, depth, triangles, 90, 80)
    facing = raster_reference.facing(points.astype(float), depth.astype(float), triangles, scale)
    assert not visible[facing < 0].any()
    hidden = (facing > 0.25) & ~visible
    assert hidden.sum() > 10
    column, row = np.clip(np.rint(raster_reference.grid_points(uv, 256)).astype(int), 0, 255).T
    assert (alpha[row, column][hidden] < 130).mean() > 0.9
    clear = visible & (facing > 0.7)
    assert (alpha[row, column][clear] > 200).mean() > 0.9


def test_alpha_is_soft_at_every_edge() -> None:
    points, depth, triangles, uv, scale = head(61, 51)
    _, alpha = wrinkle_native.extract_texture(noise_photo(), points, depth, triangles, uv, 1024, scale, dilate=0)
    inner = alpha[80:-80, 80:-80].astype(int)
    step = np.maximum(np.abs(np.diff(inner, axis=1))[:-1], np.abs(np.diff(inner, axis=0))[:, :-1])
    assert step.max() < 128
    assert (step > 60).mean() < 1e-3


def test_outside_the_photo_is_unseen_but_harmless() -> None:
    points, depth, triangles, uv = plane(64)
    points = points - np.float32(20.0)
    rgb, alpha = wrinkle_native.extract_texture(noise_photo(50, 40), points, depth, triangles, uv, 64, 1.0, dilate=0)
    assert (alpha[:20] == 0).all()
    assert (alpha[:, :20] == 0).all()
    assert (alpha[23:60, 23:57] == 255).all()
    assert np.array_equal(rgb[30, 30], noise_photo(50, 40)[10, 10])


def test_islands_are_continued_without_alpha() -> None:
    points, depth, triangles, uv = plane(64)
    uv = (0.25 + 0.5 * uv).astype(np.float32)
    photo = np.full((64, 64, 3), (10, 120, 250), np.uint8)
    rgb, alpha = wrinkle_native.extract_texture(photo, points, depth, triangles, uv, 128, 1.0, dilate=8)
    assert (alpha[:32] == 0).all()
    assert (rgb[26:32, 40:80] == (10, 120, 250)).all()
    assert (rgb[:22] == 0).all()


def broken(**changes):
    points, depth, triangles, uv, scale = head()
    arguments = {
        "photo": noise_photo(),
        "image_points": points,
        "depth": depth,
        "triangles": triangles,
        "uv": uv,
        "size": 64,
        "px_per_mm": scale,
    }
    return arguments | changes


NAN_POINTS = head()[0].copy()
NAN_POINTS[3, 1] = np.nan
BAD = {
    "image_points": NAN_POINTS,
    "depth": head()[1][:-1].copy(),
    "photo": np.zeros((80, 90), np.uint8),
    "photo: height": np.zeros((0, 90, 3), np.uint8),
    "photo: want a uint8": np.zeros((80, 90, 3), np.float32),
    "px_per_mm": float("nan"),
    "size": 10**6,
    "uv": head()[3] * np.float32(np.inf),
    "triangles": head()[2] + np.int32(10**6),
    "bias": -1.0,
    "dilate": -1,
}


@pytest.mark.parametrize("words", BAD)
def test_bad_arguments_are_named(words: str) -> None:
    name = words.split(":")[0]
    with pytest.raises((TypeError, ValueError), match=words):
        wrinkle_native.extract_texture(**broken(**{name: BAD[words]}))


def test_degenerate_meshes_do_no_harm() -> None:
    points, depth, triangles, uv, _ = head()
    flat = np.concatenate([triangles, [[0, 0, 1], [5, 5, 5]]]).astype(np.int32)
    one_place = np.full_like(points, 30)
    far = points + np.float32(9e5)
    for changes in (
        {"triangles": flat},
        {"image_points": one_place},
        {"image_points": far},
        {"triangles": triangles[:0]},
        {"uv": np.zeros_like(uv)},
        {"depth": depth * np.float32(1e7)},
        {"photo": np.zeros((1, 1, 3), np.uint8)},
        {"size": 1},
    ):
        rgb, alpha = wrinkle_native.extract_texture(**broken(**changes))
        assert rgb.shape[:2] == alpha.shape


def fake(size_of_photo: int = 80):
    points, depth, triangles, uv, scale = head()
    photo = Photo(noise_photo(), "photo.png", "0")
    model = SimpleNamespace(name="test head", uv=uv, triangles=triangles)
    fit = SimpleNamespace(image_points=points, depth=depth, px_per_mm=scale)
    return photo, fit, model


def test_extract_texture_takes_photo_fit_and_model() -> None:
    photo, fit, model = fake()
    texture = extract_texture(photo, fit, model, 128)
    assert texture.rgb.shape == (128, 128, 3)
    assert texture.alpha.max() == 255


def test_extract_texture_refuses_what_cannot_be() -> None:
    photo, fit, model = fake()
    with pytest.raises(WrinkleError, match="32 x 32"):
        extract_texture(photo, fit, model, 32)
    model.uv = model.uv[:-1]
    with pytest.raises(WrinkleError, match="143 vertices"):
        extract_texture(photo, fit, model, 128)


def test_extract_texture_can_be_cancelled(monkeypatch) -> None:
    photo, fit, model = fake()

    def cancel(*arguments, progress, **rest):
        progress(0.5, "half")

    monkeypatch.setattr(wrinkle_native, "extract_texture", cancel)
    with pytest.raises(Cancelled):
        extract_texture(photo, fit, model, 128, lambda fraction, text: False)


def skin(size: int = 256, seed: int = 1) -> np.ndarray:
    """(S, S, 3) float: a smooth gradient with fine texture, 60..200."""
    rng = np.random.default_rng(seed)
    fine = cv2.GaussianBlur(rng.normal(0, 12, (size, size)).astype(np.float32), (0, 0), 1.5) * 3
    base = 110 + 60 * np.linspace(0, 1, size)[None, :] + 20 * np.linspace(0, 1, size)[:, None] + fine
    return base[..., None] * np.float32([1.1, 0.9, 0.75])


def split_pair() -> tuple[np.ndarray, Texture, Texture]:
    truth = np.clip(skin(), 0, 255)
    ramp = np.clip((np.arange(256) - 108) / 40, 0, 1)[None, :].repeat(256, 0)
    left = Texture(truth.astype(np.uint8), (255 * (1 - ramp) + 0.5).astype(np.uint8))
    darker = np.clip(truth * 0.8, 0, 255).astype(np.uint8)
    right = Texture(darker, (255 * np.clip(ramp + 0.6, 0, 1) * (np.arange(256) > 60) + 0.5).astype(np.uint8))
    return truth, left, right


def test_merging_leaves_no_seam_and_matches_exposure() -> None:
    truth, left, right = split_pair()
    merged = merge_textures([left, right])
    assert np.array_equal(merged.alpha, np.maximum(left.alpha, right.alpha))
    smooth = cv2.GaussianBlur(merged.rgb.astype(np.float32), (0, 0), 4)
    reference = cv2.GaussianBlur(truth.astype(np.float32), (0, 0), 4)
    ratio = (smooth / reference)[20:-20, 20:-20, 1]
    assert np.ptp(ratio.mean(0)) < 0.04
    assert np.abs(np.diff(ratio.mean(0))).max() < 0.004


def test_merging_prefers_the_sharp_photo() -> None:
    sharp = Texture(np.clip(skin(), 0, 255).astype(np.uint8), np.full((256, 256), 255, np.uint8))
    blurred = Texture(cv2.GaussianBlur(sharp.rgb, (0, 0), 4), sharp.alpha)
    merged = merge_textures([blurred, sharp])
    assert np.abs(merged.rgb.astype(int) - sharp.rgb).mean() < 2.0


def test_merging_one_texture_returns_it_and_none_is_refused() -> None:
    _, left, _ = split_pair()
    assert merge_textures([left]) is left
    with pytest.raises(WrinkleError):
        merge_textures([])
    with pytest.raises(WrinkleError, match=r"64, 256"):
        merge_textures([left, Texture(left.rgb[:64, :64], left.alpha[:64, :64])])


def mirror_model(size: int = 256, shift: float = 0.0):
    """A model whose UV is symmetric about u = 0.5 + shift; only what fill_unseen looks at."""
    rng = np.random.default_rng(0)
    uv = np.zeros((68, 2), np.float32)
    half = rng.uniform(0.1, 0.4, (68, 2))
    uv[:] = [0.5, 0.5]
    for left, right in ((17, 26), (21, 22), (36, 45), (39, 42), (31, 35), (48, 54)):
        uv[left] = 0.5 - half[left, 0], half[left, 1]
        uv[right] = 0.5 + half[left, 0], half[left, 1]
    uv[:, 0] += shift
    return SimpleNamespace(uv=uv, landmarks=np.arange(68, dtype=np.int32))


def test_unseen_half_is_mirrored_and_the_rest_continued() -> None:
    size = 256
    rng = np.random.default_rng(2)
    half = cv2.GaussianBlur(rng.normal(0, 60, (size, size)).astype(np.float32), (0, 0), 3) * 3 + 130
    face = np.clip((half + half[:, ::-1])[..., None] / 2 * np.float32([1, 0.9, 0.8]), 10, 245).astype(np.uint8)
    ramp = np.clip((150 - np.arange(size)) / 10, 0, 1)[None, :].repeat(size, 0)
    alpha = (255 * ramp).astype(np.uint8)
    alpha[:30] = 0
    texture = Texture(np.where(alpha[..., None] > 0, face, 0).astype(np.uint8), alpha)
    filled = fill_unseen(texture, mirror_model())
    assert np.array_equal(filled[alpha == 255], texture.rgb[alpha == 255])
    assert np.abs(filled[40:, 160:].astype(int) - face[40:, 160:]).mean() < 6
    assert filled[:30].min() > 20
    without = fill_unseen(texture)
    assert without.min() > 20
    assert np.abs(np.diff(without[100].astype(int), axis=0)).max() < 60


def test_a_texture_without_anything_seen_can_be_filled() -> None:
    empty = Texture(np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8))
    assert fill_unseen(empty, mirror_model()).shape == (64, 64, 3)
    merged = merge_textures([empty, empty])
    assert (merged.alpha == 0).all()
