# SPDX-License-Identifier: GPL-3.0-or-later
"""The fit recovers made-up faces, and sits on a real photo."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import shared_files
from model_files import loaded

from wrinkle_addon.core.errors import Cancelled, WrinkleError
from wrinkle_addon.core.fit import FitSettings, fit_face, fit_faces
from wrinkle_addon.core.fit.camera import Camera, rotation_of
from wrinkle_addon.core.fit.tracks import LEFT, RIGHT, STATIONS, contour_tracks
from wrinkle_addon.core.fit.warp import warp_points
from wrinkle_addon.core.images import read_photo
from wrinkle_addon.core.landmarks import find_landmarks, read_pts
from wrinkle_addon.core.models import load_model
from wrinkle_addon.core.models.geometry import similarity
from wrinkle_addon.core.surface import surface_of
from wrinkle_addon.core.texture import extract_texture
from wrinkle_addon.core.types import FaceModel, Fit, Landmarks, Photo

SIZE = 480
FEATURES = (36, 39, 42, 45, 48, 54, 30)  # corners of the eyes and of the mouth, tip of the nose


@dataclass(frozen=True, eq=False)
class Truth:
    """A made-up photo of a model: what was photographed, how, and the landmarks with 1 px of noise."""

    vertices: np.ndarray
    neutral: np.ndarray
    rotation: np.ndarray
    photo: Photo
    landmarks: Landmarks


def made_up(model: FaceModel, random: np.random.Generator, yaw: float, expressive: bool, shape: np.ndarray) -> Truth:
    neutral = model.mean + np.tensordot(shape.astype(np.float32), model.shape_basis, 1)
    expression = np.zeros(len(model.expression_basis), np.float32)
    if expressive:
        weights = random.uniform(0.2, 0.9, 4) if model.expression_bounds[0] == 0.0 else random.standard_normal(4)
        expression[random.choice(len(expression), 4, replace=False)] = weights
    vertices = neutral + np.tensordot(expression, model.expression_basis, 1)
    turns = np.radians([random.uniform(-10, 10), yaw, random.uniform(-15, 15)])
    x, y, z = (rotation_of(axis * turn) for axis, turn in zip(np.eye(3), turns, strict=True))
    rotation = z @ x @ y
    known = model.landmarks[model.landmarks >= 0]
    middle = model.mean[known].mean(axis=0).astype(np.float64)
    camera = Camera(rotation, np.array([8.0, -5.0]), 1.6, 1 / 900, np.full(2, (SIZE - 1) / 2), middle)
    projected = camera.project(vertices)
    points = projected[np.maximum(model.landmarks, 0)]
    points[[*RIGHT, *LEFT]] = _jaw(model, projected)
    points += random.standard_normal(points.shape)
    photo = Photo(np.zeros((SIZE, SIZE, 3), np.uint8), "made_up.png", "0", 1.6 * 900)
    return Truth(vertices, neutral, rotation, photo, Landmarks(points.astype(np.float32), np.ones(68, np.float32)))


def _jaw(model: FaceModel, projected: np.ndarray) -> np.ndarray:
    """(16, 2) the outermost points, seen from the base of the nose, of stations along the jaw."""
    nose = projected[model.landmarks[33]]
    out = []
    for contour in (model.right_contour, model.left_contour):
        tracks = contour_tracks(model.mean, model.landmarks, contour)
        points = projected[tracks[np.linspace(1, STATIONS - 2, 8).round().astype(int)]]
        best = np.linalg.norm(points - nose, axis=2).argmax(axis=1)
        out.append(points[np.arange(8), best])
    return np.concatenate((out[0], out[1][::-1]))


def face_part(model: FaceModel) -> np.ndarray:
    away = np.linalg.norm(model.mean - model.mean[model.landmarks[33]], axis=1)
    return np.flatnonzero((away < 95.0) & (model.mean[:, 2] > model.mean[model.landmarks[36], 2] - 40.0))


def rigid_error(found: np.ndarray, truth: np.ndarray, part: np.ndarray) -> float:
    _, rotation, _ = similarity(found[part].astype(np.float64), truth[part].astype(np.float64))
    a, b = found[part] - found[part].mean(axis=0), truth[part] - truth[part].mean(axis=0)
    return float(np.linalg.norm(a @ rotation.T - b, axis=1).mean())


def shape_error(found: np.ndarray, truth: np.ndarray, part: np.ndarray) -> float:
    """Mean distance in mm after the best similarity: how large a face is hardly shows in photos."""
    scale, rotation, offset = similarity(found[part].astype(np.float64), truth[part].astype(np.float64))
    return float(np.linalg.norm(scale * found[part] @ rotation.T + offset - truth[part], axis=1).mean())


def turned_by(fit: Fit, truth: Truth) -> float:
    trace = float(np.trace(fit.rotation @ truth.rotation.T))
    return float(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))))


@pytest.mark.parametrize("seed", [11, 12, 13])
@pytest.mark.parametrize("expressive", [False, True], ids=["neutral", "expressive"])
@pytest.mark.parametrize("source", ["builtin", shared_files.BFM_STANDIN])
def test_made_up_faces_are_recovered(source: str | Path, expressive: bool, seed: int) -> None:
    model = load_model() if source == "builtin" else loaded(Path(source))
    # The built-in face's size is a mode of its own, which no landmark shows: there shapes are compared at one size.
    error = shape_error if source == "builtin" else rigid_error
    random, part = np.random.default_rng(seed), face_part(model)
    ours, means, turns, amounts = [], [], [], []
    for yaw in (0.0, 20.0, -20.0, 45.0, -45.0, 5.0, -10.0, 30.0):
        truth = made_up(model, random, yaw, expressive, random.standard_normal(len(model.shape_basis)))
        fit = fit_face(model, truth.photo, truth.landmarks)
        ours.append(error(fit.vertices, truth.vertices, part))
        means.append(error(model.mean, truth.vertices, part))
        turns.append(turned_by(fit, truth))
        amounts.append(np.abs(fit.expression_coefficients).max())
    assert np.mean(ours) < 0.65 * np.mean(means)
    assert np.mean(turns) < 2.0
    if not expressive:
        assert np.mean(amounts) < 0.15


def test_several_photos_share_the_face_and_know_it_better() -> None:
    model = loaded(shared_files.BFM_STANDIN)
    part, ours, single = face_part(model), [], []
    for seed in range(4):
        random = np.random.default_rng(seed)
        shape = random.standard_normal(len(model.shape_basis))
        truths = [made_up(model, random, yaw, False, shape) for yaw in (-40.0, 0.0, 40.0)]
        fits = fit_faces(model, [t.photo for t in truths], [t.landmarks for t in truths])
        np.testing.assert_array_equal(fits[0].shape_coefficients, fits[2].shape_coefficients)
        assert max(turned_by(f, t) for f, t in zip(fits, truths, strict=True)) < 3.0
        ours.append(shape_error(fits[0].neutral, truths[0].neutral, part))
        alone = fit_face(model, truths[1].photo, truths[1].landmarks)
        single.append(shape_error(alone.neutral, truths[1].neutral, part))
    assert np.mean(ours) < 0.9 * np.mean(single)


@pytest.mark.parametrize("marked_by", ["human", "network"])
@pytest.mark.parametrize("source", ["builtin", shared_files.BFM_STANDIN, shared_files.SFM, shared_files.ICT])
def test_the_fit_sits_on_a_real_photo(source: str | Path, marked_by: str) -> None:
    photo = read_photo(shared_files.need(shared_files.PHOTO))
    marks = read_pts(shared_files.PHOTO_PTS) if marked_by == "human" else find_landmarks(photo)
    model = load_model() if source == "builtin" else loaded(Path(source))
    fit = fit_face(model, photo, marks)
    before, after = fit.reprojection
    assert before <= 4.0
    assert after <= 0.5
    eyes_px = np.linalg.norm(marks.points[45] - marks.points[36])
    for point in FEATURES:
        away = np.linalg.norm(fit.image_points[model.landmarks[point]] - marks.points[point])
        assert away < 0.025 * eyes_px, point
    assert 0.3 < fit.visible.mean() < 0.95
    assert fit.visible[model.landmarks[45]]
    assert fit.depth[model.landmarks[30]] > fit.depth[model.landmarks[45]]
    assert np.linalg.det(fit.rotation) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("source", ["builtin", shared_files.BFM_STANDIN, shared_files.SFM, shared_files.ICT])
def test_features_land_where_the_model_has_them(source: str | Path) -> None:
    """A spot painted into the photo at a landmark is found in the texture at that landmark's place."""
    real, marks = read_photo(shared_files.need(shared_files.PHOTO)), read_pts(shared_files.PHOTO_PTS)
    model, size, zoom = load_model() if source == "builtin" else loaded(Path(source)), 1024, 4
    rows, columns = np.mgrid[: zoom * real.pixels.shape[0], : zoom * real.pixels.shape[1]].astype(np.float32)
    spots = np.zeros(rows.shape, np.float32)
    enlarged = (marks.points + 0.5) * zoom - 0.5
    for x, y in enlarged[list(FEATURES)]:
        spots += np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8)
    photo = replace(real, pixels=np.repeat((255 * spots).astype(np.uint8)[..., None], 3, axis=2))
    fit = fit_face(model, photo, replace(marks, points=enlarged.astype(np.float32)))
    texture = extract_texture(photo, fit, model, size)
    texel_mm = surface_of(fit.vertices, model.triangles, model.uv).texel_mm(size)
    away = []
    for point in FEATURES:
        place = model.uv[model.landmarks[point]] * (size, -size) + (-0.5, size - 0.5)
        low = np.maximum(place - 4.0 / texel_mm, 0).astype(int)
        high = (place + 4.0 / texel_mm).astype(int)
        seen = texture.rgb[low[1] : high[1], low[0] : high[0], 0]
        row, column = np.unravel_index(int(seen.argmax()), seen.shape)
        away.append(float(np.linalg.norm(low + np.array([column, row]) - place)) * texel_mm)
    assert np.median(away) < 2 * texel_mm, away
    assert max(away) < 1.6, away


def test_the_warp_folds_nothing() -> None:
    photo = read_photo(shared_files.need(shared_files.PHOTO))
    model = loaded(shared_files.SFM)
    with_warp = fit_face(model, photo, read_pts(shared_files.PHOTO_PTS))
    without = fit_face(model, photo, read_pts(shared_files.PHOTO_PTS), FitSettings(warp=False))
    assert without.reprojection[0] == without.reprojection[1]
    areas = []
    for fit in (without, with_warp):
        a, b, c = (fit.image_points[model.triangles[:, k]] for k in range(3))
        areas.append((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1]))
    clear = np.abs(areas[0]) > 2.0
    assert (np.sign(areas[0][clear]) == np.sign(areas[1][clear])).mean() > 0.995


@pytest.mark.parametrize("pull", ["together", "apart", "across"])
def test_the_warp_follows_neighbours_that_disagree(pull: str) -> None:
    """Two landmarks 6 px apart, each with its own way of 5 px, in a face of 100 px: both are reached, nothing folds."""
    at = np.array([[50.0, 60.0], [56.0, 60.0], [10.0, 30.0], [90.0, 30.0], [50.0, 95.0]])
    way = {"together": (2.5, 0.0), "apart": (-5.0, 0.0), "across": (0.0, 5.0)}[pull]
    moves = np.array([way, np.negative(way), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)])
    rows, columns = np.mgrid[0:101, 0:101].astype(np.float64)
    image = np.stack((columns, rows), axis=2).reshape(-1, 2)
    moved = warp_points(np.concatenate((at, image)), at, moves, np.ones(len(at)), 80.0)
    np.testing.assert_allclose(moved[: len(at)], at + moves, atol=0.8)
    grid = moved[len(at) :].reshape(101, 101, 2)
    by_y, by_x = np.gradient(grid, axis=(0, 1))
    assert (by_x[..., 0] * by_y[..., 1] - by_x[..., 1] * by_y[..., 0]).min() > 0.0


def test_turned_photos_give_the_same_face() -> None:
    model = loaded(shared_files.SFM)
    photo, marks = read_photo(shared_files.need(shared_files.PHOTO)), read_pts(shared_files.PHOTO_PTS)
    height = photo.pixels.shape[0]
    turned = np.column_stack((height - 1 - marks.points[:, 1], marks.points[:, 0])).astype(np.float32)
    upright = fit_face(model, photo, marks)
    lying = fit_face(model, replace(photo, pixels=np.rot90(photo.pixels, -1)), replace(marks, points=turned))
    np.testing.assert_allclose(lying.vertices, upright.vertices, atol=0.1)


def test_time_at_full_size() -> None:
    model = loaded(shared_files.BFM_STANDIN)
    truth = made_up(model, np.random.default_rng(0), 10.0, False, np.zeros(len(model.shape_basis)))
    fit_face(model, truth.photo, truth.landmarks)
    start = time.process_time()
    fit_face(model, truth.photo, truth.landmarks)
    assert time.process_time() - start < 0.6


def test_bad_landmarks_and_cancelling() -> None:
    model = load_model()
    photo = Photo(np.zeros((64, 64, 3), np.uint8), "x.png", "0")
    line = np.column_stack((np.arange(68), np.arange(68))).astype(np.float32)
    for points, match in ((line, "do not form a face"), (line * np.nan, "not 68 points"), (line[:60], "not 68 points")):
        with pytest.raises(WrinkleError, match=match):
            fit_face(model, photo, Landmarks(points, np.ones(len(points), np.float32)))
    with pytest.raises(WrinkleError, match="0 photos"):
        fit_faces(model, [], [])
    with pytest.raises(Cancelled):
        fit_face(model, photo, Landmarks(line, np.ones(68, np.float32)), progress=lambda fraction, text: False)
