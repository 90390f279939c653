# SPDX-License-Identifier: GPL-3.0-or-later
"""What the coarse face explains: its shading is taken out, its shadows' edges are not believed."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from wrinkle_cases import LIGHT, skin_texture

from wrinkle_addon.core.surface import flat_surface, surface_of
from wrinkle_addon.core.types import Light, Texture
from wrinkle_addon.core.wrinkles import load_regressor, wrinkle_maps
from wrinkle_addon.core.wrinkles.expected import certain, explained, shape_shading, sunlit

EDGE_MM, COUNT = 110.0, 161
SIDE = Light(np.array([0.8, 0.0, 0.6], np.float32), 0.3, "given")


def sheet(height):
    """A square mesh of EDGE_MM over which ``height(x, y)`` rises, x to the right and y up from its middle, mm."""
    axis = np.linspace(-EDGE_MM / 2, EDGE_MM / 2, COUNT)
    x, y = np.meshgrid(axis, axis)
    vertices = np.stack([x, y, height(x, y)], -1).reshape(-1, 3).astype(np.float32)
    index = np.arange(COUNT * COUNT).reshape(COUNT, COUNT)
    a, b, c, d = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, 1:].ravel(), index[1:, :-1].ravel()
    triangles = np.vstack([np.c_[a, b, c], np.c_[a, c, d]]).astype(np.int32)
    return surface_of(vertices, triangles, (vertices[:, :2] / EDGE_MM + 0.5).astype(np.float32))


def lit_texture(surface, light, size=512):
    """Even skin under the light that the surface's own shape gives it."""
    texture = skin_texture(size=size)
    shading = cv2.resize(shape_shading(light, surface), (size, size), interpolation=cv2.INTER_CUBIC)
    rgb = 255 * ((texture.rgb / 255.0) ** 2.2 * shading[..., None]) ** (1 / 2.2)
    return Texture(np.clip(rgb + 0.5, 0, 255).astype(np.uint8), texture.alpha)


def folds(x, y):
    """Shapes a face mesh has: folds 1 mm deep and 12 mm apart in the middle."""
    return np.cos(2 * np.pi * x / 12) * np.exp(-(x**2 + y**2) / 30**2)


def test_shading_follows_the_cosine():
    surface = sheet(lambda x, y: 0.5 * x)
    facing = (0.6 - 0.5 * 0.8) / np.sqrt(1.25)
    np.testing.assert_allclose(shape_shading(SIDE, surface)[100:150, 100:150], 0.3 + 0.7 * facing, atol=1e-3)


def test_a_ridge_throws_its_shadow_away_from_the_light():
    surface = sheet(lambda x, y: 14.0 * np.exp(-((x / 5) ** 2)))
    lit = sunlit(SIDE, surface)

    def column(mm):
        return round((mm / EDGE_MM + 0.5) * lit.shape[1])

    assert lit[20:-20, column(-14) : column(-10)].max() == 0  # by geometry it ends at -18 mm
    assert lit[20:-20, : column(-24)].min() == 1
    assert lit[20:-20, column(8) :].min() == 1
    sure = certain(np.zeros_like(lit), SIDE, surface)
    assert sure[20:-20, column(-20) : column(-14)].min(axis=1).max() < 0.5
    assert sure[20:-20, : column(-30)].min() > 0.99


def test_a_mesh_of_any_extent_takes_bounded_memory():
    surface = sheet(folds)
    huge = replace(surface, **{name: 1000 * getattr(surface, name) for name in ("du", "dv", "points")})
    assert sunlit(SIDE, huge).shape == huge.covered.shape
    assert np.isfinite(explained(*np.ones((2, 64, 64), np.float32), SIDE, huge)).all()


def test_without_a_shape_nothing_is_explained_and_all_is_certain():
    surface = flat_surface(256, 0.3)
    noise = np.random.default_rng(1).normal(0, 0.1, (256, 256)).astype(np.float32)
    detail = explained(noise, np.ones_like(noise), LIGHT, surface)
    assert np.abs(detail).max() == 0
    assert certain(detail, LIGHT, surface).min() == 1


@pytest.mark.parametrize("shift", [0, 2])
def test_the_shading_is_found_where_it_is(shift):
    """Also when the mesh lies beside the photo, as a fitted one does."""
    surface = sheet(folds)
    log = np.log(shape_shading(SIDE, surface))
    seen = np.roll(log, (shift, -shift), (0, 1))
    detail = explained(seen, np.ones_like(seen), SIDE, surface)
    truth = seen - cv2.GaussianBlur(seen, (0, 0), 8.0 / (EDGE_MM / 256))
    middle = slice(60, -60), slice(60, -60)
    assert np.square(detail - truth)[middle].mean() < 0.06 * np.square(truth)[middle].mean()


def test_shapes_that_the_mesh_has_are_not_added_again():
    surface = sheet(folds)
    texture = lit_texture(surface, SIDE)
    regressor = load_regressor()
    known = wrinkle_maps(texture, surface, None, SIDE, regressor).displacement
    unknown = wrinkle_maps(texture, flat_surface(512, EDGE_MM / 512), None, SIDE, regressor).displacement
    assert unknown.std() > 0.01  # a plane under it: the folds are wrinkles
    assert known.std() < 0.1 * unknown.std()
