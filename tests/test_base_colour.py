# SPDX-License-Identifier: GPL-3.0-or-later
"""The colour for display: wrinkles' shading goes where the relief is, everything else stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from wrinkle_addon.core.base_colour import without_wrinkles

TEXEL_MM = 0.2


def folded_skin(size: int = 400, spacing_mm: float = 6.0, gradient: float = 0.3):
    """Skin lit from the left, folded on its upper half: colour (S, S, 3) uint8 and displacement (S, S) mm."""
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    phase = 2 * np.pi * rows * TEXEL_MM / spacing_mm
    fade = np.clip((size * 0.5 - rows) / (size * 0.1), 0, 1)
    displacement = 0.2 * np.cos(phase) * fade
    shading = np.exp(-0.25 * np.sin(phase) * fade - gradient * columns / size)
    pores = np.random.default_rng(3).normal(0, 2.0, (size, size, 1))
    colour = np.array([200, 150, 130]) * shading[..., None] + pores
    return np.clip(colour, 0, 255).astype(np.uint8), displacement.astype(np.float32)


def lines(colour, rows):
    """How strong the wrinkles' band is in these rows: standard deviation of the mean of each row, over the mean."""
    part = colour[rows].astype(np.float32).mean(axis=(1, 2))
    return part.std() / part.mean()


def test_shading_of_wrinkles_goes_and_the_light_across_the_face_stays():
    colour, displacement = folded_skin()
    smooth = without_wrinkles(colour, displacement, TEXEL_MM)
    folded = slice(30, 150)
    assert lines(smooth, folded) < 0.2 * lines(colour, folded)
    across = [image[folded].astype(np.float32).mean(axis=(0, 2)) for image in (colour, smooth)]
    np.testing.assert_allclose(across[1][20:-20], across[0][20:-20], rtol=0.03)


def test_nothing_changes_without_relief():
    colour, displacement = folded_skin()
    flat = without_wrinkles(colour, np.zeros_like(displacement), TEXEL_MM)
    np.testing.assert_array_equal(flat, colour)
    smooth = without_wrinkles(colour, displacement, TEXEL_MM)
    assert np.abs(smooth[260:].astype(int) - colour[260:]).max() <= 1


def test_grain_of_the_skin_stays():
    colour, displacement = folded_skin()
    smooth = without_wrinkles(colour, displacement, TEXEL_MM)
    grain = [
        image.astype(np.float32) - cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1) for image in (colour, smooth)
    ]
    assert np.std(grain[1][30:150]) > 0.9 * np.std(grain[0][30:150])


def test_dark_brow_does_not_bleed_into_the_wrinkles_beside_it():
    colour, displacement = folded_skin(gradient=0.0)
    colour[100:130, 150:250] = 40
    displacement[90:140, 140:260] = 0
    smooth = without_wrinkles(colour, displacement, TEXEL_MM).astype(np.float32)
    beside = smooth[60:85, 160:240].mean()
    assert beside == pytest.approx(smooth[60:85, 20:100].mean(), rel=0.06)


@pytest.mark.parametrize("size", [64, 401, 1024])
def test_any_size(size):
    colour, displacement = folded_skin(size)
    smooth = without_wrinkles(colour, displacement, TEXEL_MM * 400 / size)
    assert smooth.shape == colour.shape
    assert smooth.dtype == np.uint8
