# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos that cannot show wrinkles are told from those that can."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from wrinkle_addon.core.images import read_photo
from wrinkle_addon.core.landmarks import find_landmarks
from wrinkle_addon.core.quality import edge_blur, photo_warnings

DEMO = Path(__file__).parents[1] / "wrinkle_addon/assets/demo_photo.jpg"


@pytest.fixture(scope="module")
def demo():
    photo = read_photo(DEMO)
    marks = find_landmarks(photo)
    return photo, marks, float(np.linalg.norm(marks.points[36] - marks.points[45])) / 92


def step(blur: float, contrast: float = 100.0, noise: float = 0.0) -> np.ndarray:
    """Dark on the left, light on the right, (200, 200, 3) uint8."""
    image = np.full((200, 200), 60.0, np.float32)
    image[:, 100:] += contrast
    image = cv2.GaussianBlur(image, (0, 0), blur) + np.random.default_rng(0).normal(0, noise, image.shape)
    return np.repeat(np.clip(image, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("blur", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("contrast", [40.0, 150.0])
def test_blur_of_a_step_is_measured(blur, contrast):
    points = np.tile(np.array([[60, 70], [140, 130], [100, 100]], np.float32), (23, 1))[:68]
    assert edge_blur(step(blur, contrast, 0.5), points) == pytest.approx(blur, rel=0.15)


def test_the_demo_photo_is_good(demo):
    assert photo_warnings(*demo) == ()


def test_a_blurred_and_a_small_photo_are_named(demo):
    photo, marks, scale = demo
    blurred = replace(photo, pixels=cv2.GaussianBlur(photo.pixels, (0, 0), 6))
    (said,) = photo_warnings(blurred, marks, scale)
    assert "'demo_photo.jpg' is small or blurred" in said
    small = replace(photo, pixels=cv2.resize(photo.pixels, None, fx=0.1, fy=0.1, interpolation=cv2.INTER_AREA))
    marks = replace(marks, points=marks.points * np.float32(0.1))
    assert "small or blurred" in photo_warnings(small, marks, scale * 0.1)[0]


def test_exposure_is_named(demo):
    photo, marks, scale = demo
    bright = replace(photo, pixels=np.clip(photo.pixels.astype(int) * 4, 0, 255).astype(np.uint8))
    assert "overexposed" in photo_warnings(bright, marks, scale)[0]
    dark = replace(photo, pixels=(photo.pixels * 0.06).astype(np.uint8))
    assert "very dark" in photo_warnings(dark, marks, scale)[0]


def test_a_face_outside_the_photo_is_no_error(demo):
    photo, marks, scale = demo
    away = replace(marks, points=marks.points + np.float32(5000))
    assert photo_warnings(photo, away, scale) == ()
