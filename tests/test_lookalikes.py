# SPDX-License-Identifier: GPL-3.0-or-later
"""A groove is told from what only looks like one, and smooth skin stays smooth: with the shipped networks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wrinkle_cases import LIGHT, SIZE, TEXEL_MM, skin_texture

from benchmarks.measure import band
from benchmarks.people import LIGHTS, SMOOTH, Shot
from modelling import render
from wrinkle_addon.core.models.builtin import load_builtin
from wrinkle_addon.core.pipeline import reconstruct
from wrinkle_addon.core.regions import skin_mask
from wrinkle_addon.core.settings import Settings
from wrinkle_addon.core.surface import flat_surface
from wrinkle_addon.core.types import Photo, Texture
from wrinkle_addon.core.wrinkles import WrinkleSettings, load_regressor, wrinkle_maps

SURFACE = flat_surface(SIZE, TEXEL_MM)
Y, X = np.mgrid[:SIZE, :SIZE].astype(np.float32) * TEXEL_MM
MIDDLE = SIZE * TEXEL_MM / 2


def shaded(factor):
    """Skin whose linear colours are multiplied by a map."""
    texture = skin_texture()
    rgb = 255 * ((texture.rgb / 255.0) ** 2.2 * factor[..., None]) ** (1 / 2.2)
    return Texture(np.clip(rgb + 0.5, 0, 255).astype(np.uint8), texture.alpha)


def groove():
    """A furrow 0.5 mm deep from left to right, lit by LIGHT."""
    height = -0.5 * np.exp(-0.5 * ((Y - MIDDLE) / 0.9) ** 2)
    dy, dx = np.gradient(height, TEXEL_MM)
    normal = np.dstack([-dx, dy, np.ones_like(height)])
    facing = (normal / np.linalg.norm(normal, axis=-1, keepdims=True)) @ LIGHT.direction
    return shaded(LIGHT.ambient + (1 - LIGHT.ambient) * facing)


def strokes(count, length_mm, darkness, seed=3):
    """Hairs a tenth of a mm wide, in no order."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros((4 * SIZE, 4 * SIZE), np.float32)
    start = rng.uniform(0, 4 * SIZE, (count, 2))
    turn = rng.uniform(0, np.pi, count)
    ends = start + length_mm / TEXEL_MM * 4 * np.stack([np.cos(turn), np.sin(turn)], -1)
    for a, b in zip(start.astype(int).tolist(), ends.astype(int).tolist(), strict=True):
        cv2.line(canvas, a, b, 1.0, 2, cv2.LINE_AA)
    return shaded(1 - darkness * cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA))


def mole():
    return shaded(0.75 + 0.25 * np.tanh((np.hypot(X - MIDDLE, Y - MIDDLE) - 1.5) / 0.3))


def shadow_edge():
    return shaded(0.82 - 0.18 * np.tanh((Y - MIDDLE + 0.1 * (X - MIDDLE)) / 0.6))


def compressed():
    """Grainy skin stored at a quality that shows blocks."""
    noise = cv2.GaussianBlur(np.random.default_rng(5).standard_normal((SIZE, SIZE)).astype(np.float32), (0, 0), 1.5)
    rgb = shaded(np.exp(0.04 * noise / noise.std())).rgb
    stored = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, 25])[1]
    return Texture(cv2.imdecode(stored, cv2.IMREAD_COLOR), skin_texture().alpha)


LOOKALIKES = {
    "hair": lambda: strokes(40, 30, 0.8),
    "stubble": lambda: strokes(3000, 1.0, 0.7),
    "mole": mole,
    "shadow edge": shadow_edge,
    "compression": compressed,
}


@pytest.fixture(scope="module")
def regressor():
    return load_regressor()


@pytest.fixture(scope="module")
def true_groove(regressor):
    return wrinkle_maps(groove(), SURFACE, None, LIGHT, regressor)


def inner(values):
    return values[20:-20, 20:-20]


@pytest.mark.parametrize("name", LOOKALIKES)
def test_lookalikes_score_below_a_groove(name, true_groove, regressor):
    maps = wrinkle_maps(LOOKALIKES[name](), SURFACE, None, LIGHT, regressor)
    along = np.median(inner(true_groove.confidence).max(axis=0))
    assert along > WrinkleSettings().dog_thres
    assert np.percentile(inner(maps.confidence), 99.9) < 0.8 * along
    assert inner(maps.displacement).std() < 0.25 * inner(true_groove.displacement).std()


def test_a_smooth_young_head_gives_a_nearly_flat_map():
    """Rendered in Cycles, from the photo to the map: nose shadow, lids and lips are no wrinkles."""
    shot, model = Shot(SMOOTH, "high left", width=480), load_builtin()
    pixels = render.render(
        SMOOTH.vertices(model),
        model.triangles,
        model.uv,
        SMOOTH.albedo(model),
        camera=shot.camera,
        light=LIGHTS[shot.light],
        relief=render.Relief(SMOOTH.relief(model, 256), levels=2),
        samples=8,
    )
    found = reconstruct([Photo(pixels, "smooth.png", "smooth")], Settings(size=512))
    where = (found.texture.alpha > 128) & (skin_mask(found.model, 512) > 0.9)
    texel = found.surface.texel_mm(512)
    state = band(found.wrinkles.displacement, texel, where)[where]
    assert 1000 * np.sqrt(np.square(state).mean()) < 20
