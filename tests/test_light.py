# SPDX-License-Identifier: GPL-3.0-or-later
"""The light is found on shaded faces of random albedo, and nothing is claimed where there is nothing to see."""

from __future__ import annotations

import cv2
import h5py
import numpy as np
import pytest
import scipy.io
from shared_files import BFM_STANDIN, BFM_UV, need

from wrinkle_addon.core.light import estimate_light
from wrinkle_addon.core.surface import flat_surface, surface_of, tangent_axes
from wrinkle_addon.core.types import Surface, Texture
from wrinkle_addon.core.wrinkles.geometry import ease_light, local_light

SIZE = 256


@pytest.fixture(scope="module")
def face() -> Surface:
    """The stand-in's mean face under its published UV."""
    with h5py.File(need(BFM_STANDIN)) as file:
        vertices = file["shape/model/mean"][:].reshape(-1, 3).astype(np.float32)
        triangles = file["shape/representer/cells"][:].T.astype(np.int32)
    content = scipy.io.loadmat(need(BFM_UV))
    uv = next(value for name, value in content.items() if not name.startswith("_")).astype(np.float32)
    return surface_of(vertices, triangles, uv)


def smooth(rng, sigma):
    noise = cv2.GaussianBlur(rng.standard_normal((SIZE, SIZE)).astype(np.float32), (0, 0), sigma)
    return (noise / noise.std())[..., None]


def direction_of(rng):
    """Any light from the front half, a little below to high above."""
    azimuth, height = np.radians(rng.uniform(-70, 70)), np.radians(rng.uniform(-25, 70))
    return np.array([np.sin(azimuth) * np.cos(height), np.sin(height), np.cos(azimuth) * np.cos(height)])


def photographed(face, seed, second=0.0):
    """A texture of this face under a random light: mottled albedo, dark spots, highlight, noise, exposure."""
    rng = np.random.default_rng(seed)
    normals = cv2.resize(tangent_axes(face)[2], (SIZE, SIZE))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    light, ambient = direction_of(rng), rng.uniform(0.15, 0.8)
    shading = ambient + (1 - ambient) * np.maximum(0, normals @ light)
    if second:
        shading += (1 - ambient) * second * np.maximum(0, normals @ direction_of(rng))
    mottled = np.exp(0.08 * (smooth(rng, 20) + smooth(rng, 4)) + 0.05 * smooth(rng, 1))
    albedo = mottled * np.array([0.55, 0.36, 0.27]) * rng.uniform(0.3, 1.2)
    albedo *= np.exp(0.1 * smooth(rng, 12) * np.array([0.2, -1.0, -0.8]))
    for _ in range(6):
        centre, radius = rng.integers(25, SIZE - 25, 2), int(rng.integers(3, 15))
        cv2.circle(albedo, (int(centre[0]), int(centre[1])), radius, (0.05, 0.035, 0.03), -1)
    half = light + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    shine = 0.3 * rng.uniform() * np.maximum(0, normals @ half) ** 30
    linear = (albedo * shading[..., None] + shine[..., None]) * rng.uniform(0.7, 1.4)
    linear = np.clip(linear + 0.01 * rng.standard_normal(linear.shape), 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    covered = cv2.resize(face.covered.astype(np.float32), (SIZE, SIZE))
    alpha = np.clip(1.3 * normals[..., 2], 0, 1) * covered
    return Texture((coded * 255).astype(np.uint8), (alpha * 255).astype(np.uint8)), light, ambient


def degrees(a, b):
    return float(np.degrees(np.arccos(np.clip(np.dot(a, b), -1, 1))))


@pytest.mark.parametrize(("second", "bound"), [(0.0, 8), (0.35, 15)])
def test_light_is_found_on_a_face(face, second, bound):
    errors, ambient_errors = [], []
    for seed in range(12):
        texture, light, ambient = photographed(face, seed, second)
        found = estimate_light(texture, face)
        assert found.source == "estimated"
        assert np.linalg.norm(found.direction) == pytest.approx(1, abs=1e-5)
        assert 0 <= found.confidence <= 1
        errors.append(degrees(found.direction, light))
        ambient_errors.append(abs(found.ambient - ambient))
    assert np.median(errors) <= bound
    assert max(errors) < 45
    assert np.median(ambient_errors) < 0.15


def test_without_a_mesh_a_face_is_assumed(face):
    flat = flat_surface(SIZE, face.texel_mm(SIZE))
    errors = []
    for seed in range(12):
        texture, light, _ = photographed(face, seed)
        found = estimate_light(texture, flat)
        assert found.source == "shading"
        assert found.confidence <= 0.5
        errors.append(degrees(found.direction, light))
    assert np.median(errors) <= 25


def test_exposure_does_not_matter(face):
    texture, _, _ = photographed(face, 3)
    darker = Texture((texture.rgb * 0.8).astype(np.uint8), texture.alpha)
    assert degrees(estimate_light(texture, face).direction, estimate_light(darker, face).direction) < 5


@pytest.mark.parametrize("value", [0, 128, 255])
def test_nothing_to_see_is_said(value):
    for alpha in (0, 255):
        texture = Texture(np.full((64, 64, 3), value, np.uint8), np.full((64, 64), alpha, np.uint8))
        found = estimate_light(texture, flat_surface(64, 1.0))
        assert found.confidence < 0.05
        assert np.linalg.norm(found.direction) == pytest.approx(1, abs=1e-5)


def test_light_in_the_tangent_frame(face):
    texture, _, _ = photographed(face, 0)
    light = estimate_light(texture, face)
    local = local_light(light, face)
    np.testing.assert_allclose(np.linalg.norm(local[..., :3], axis=-1), 1, atol=1e-4)
    eased = ease_light(local.reshape(-1, 4))
    np.testing.assert_allclose(np.linalg.norm(eased[:, :3], axis=-1), 1, atol=1e-3)
    assert eased[:, 2].min() >= 0.1 - 1e-6
    assert eased[:, 3].max() <= 1
