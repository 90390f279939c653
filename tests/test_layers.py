# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos of several expressions: sorted into permanent lines and layers, and drawn as such."""

from __future__ import annotations

import numpy as np
import pytest

from wrinkle_addon.core.activation import composed_normals, layer_activation
from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.layers import MOST_LAYERS, expression_weights, group_photos, layered
from wrinkle_addon.core.models import load_model
from wrinkle_addon.core.surface import flat_surface
from wrinkle_addon.core.types import Fit, Light, MotionMaps, Texture, WrinkleMaps

NAMES = ("browInnerUp", "browDownLeft", "mouthSmileLeft", "jawOpen", "cheekPuff", "noseSneerLeft")
SIZE = 64


def motion() -> MotionMaps:
    """Each expression has a row of its own; browInnerUp and browDownLeft share most of theirs."""
    maps = np.zeros((len(NAMES), 32, 32), np.uint8)
    for index in range(len(NAMES)):
        maps[index, 5 * index : 5 * index + 5] = 255
    maps[1, 1:5], maps[1, 5:10] = 255, 0
    return MotionMaps(NAMES, maps)


def photos(*shown: dict[str, float]) -> np.ndarray:
    return np.array([[weights.get(name, 0.0) for name in NAMES] for weights in shown], np.float32)


def maps_of(height: float) -> WrinkleMaps:
    wave = height * np.sin(np.arange(SIZE) / 3)[:, None] * np.ones(SIZE)
    light = Light(np.array([0, 0, 1], np.float32), 0.5, "given")
    return WrinkleMaps(np.full((SIZE, SIZE), 200, np.uint8), wave.astype(np.float32), light, np.zeros((0, 2), np.int32))


def texture() -> Texture:
    noise = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 3)).astype(np.uint8)
    return Texture(noise, np.full((SIZE, SIZE), 255, np.uint8))


def test_one_expression_from_several_sides_is_one_map() -> None:
    grouping = group_photos(photos({"mouthSmileLeft": 0.8}, {"mouthSmileLeft": 0.6, "jawOpen": 0.1}), motion())
    assert grouping.single
    assert [group.photos for part in grouping.parts for group in part] == [(0, 1)]
    relief = np.ones((2, 32, 32), np.float32)
    assert group_photos(photos({}, {"jawOpen": 0.1}), motion(), None, relief).single


def test_each_photo_gets_the_expressions_it_shows() -> None:
    grouping = group_photos(photos({}, {"browInnerUp": 0.9}, {"mouthSmileLeft": 0.7, "jawOpen": 0.3}), motion())
    assert grouping.neutral == (0,)
    raised, smile = (part[0] for part in grouping.parts)
    assert raised.photos == (1,)
    assert {"browInnerUp", "browDownLeft"} <= set(raised.expressions)
    assert {"mouthSmileLeft", "jawOpen"} <= set(smile.expressions)
    assert sorted((*raised.expressions, *smile.expressions)) == sorted(NAMES)


def test_the_user_has_the_last_word() -> None:
    weights = photos({"browInnerUp": 0.9}, {"mouthSmileLeft": 0.7})
    grouping = group_photos(weights, motion(), {0: ("neutral",), 1: ("jawOpen", "cheekPuff")})
    assert grouping.neutral == (0,)
    assert grouping.parts[0][0].photos == (1,)
    with pytest.raises(WrinkleError, match="no expression 'smile'"):
        group_photos(weights, motion(), {0: ("smile",)})


def test_an_expression_that_no_photo_shows_wakes_the_photo_with_lines_there() -> None:
    """Crow's feet are in the smile, whatever else moves the skin beside the eyes."""
    weights = photos({}, {"browInnerUp": 0.9}, {"mouthSmileLeft": 0.7})
    relief = np.full((3, 32, 32), 0.02, np.float32)
    for photo, name in ((1, "cheekPuff"), (2, "noseSneerLeft"), (0, "jawOpen")):
        relief[photo, motion().maps[NAMES.index(name)] > 0] = 0.2
    raised, smile = (part[0] for part in group_photos(weights, motion(), None, relief).parts)
    assert "cheekPuff" in raised.expressions
    assert "noseSneerLeft" in smile.expressions
    assert "mouthSmileLeft" in smile.expressions
    assert "browInnerUp" in raised.expressions


def test_more_than_three_are_laid_together_where_they_do_not_meet() -> None:
    shown = photos(*({name: 1.0} for name in NAMES))
    parts = group_photos(shown, motion()).parts
    assert len(parts) == MOST_LAYERS
    layer_of = {name: number for number, part in enumerate(parts) for group in part for name in group.expressions}
    assert sorted(layer_of) == sorted(NAMES)
    assert layer_of["browInnerUp"] != layer_of["browDownLeft"], "they fold the same skin"


def test_permanent_lines_are_there_once() -> None:
    """At full weight the face shows what its photo showed; at rest, what the neutral photo showed."""
    grouping = group_photos(photos({}, {"browInnerUp": 1.0}, {"mouthSmileLeft": 1.0}), motion())
    found = [maps_of(0.1), maps_of(0.4), maps_of(0.3)]
    surface = flat_surface(SIZE, 0.5)
    result = layered(grouping, motion(), found, [texture()] * 3, surface, 150.0)
    assert result.permanent is not None
    full = np.ones((SIZE, SIZE), np.float32)
    raised = composed_normals(result.layers, [full, 0 * full], result.permanent)
    from wrinkle_addon.core.wrinkles import normal_map

    assert np.abs(raised - (normal_map(found[1].displacement, surface) / 32767.5 - 1)).max() < 0.01
    rest = composed_normals(result.layers, [0 * full, 0 * full], result.permanent)
    assert np.abs(rest - (normal_map(found[0].displacement, surface) / 32767.5 - 1)).max() < 0.01
    awake = layer_activation(motion(), {"browInnerUp": 1.0}, SIZE)
    assert awake.max() == pytest.approx(1, abs=1e-6)


def test_expressions_of_a_fit_are_found_again() -> None:
    model = load_model("builtin")
    given = {"browInnerUp": 0.8, "mouthSmileLeft": 0.5, "eyeBlinkRight": 1.0}
    delta = sum(value * model.arkit.deltas[model.arkit.names.index(name)] for name, value in given.items())
    empty = np.zeros(0, np.float32)
    fit = Fit(
        model.mean + delta, model.mean, empty, empty, empty.astype(bool), np.eye(3, dtype=np.float32), 1.0, empty,
        empty, (0.0, 0.0),
    )  # fmt: skip
    found = dict(zip(model.arkit.names, expression_weights(fit, model), strict=True))
    for name, weight in found.items():
        assert weight == pytest.approx(given.get(name, 0.0), abs=0.25), name
    assert max(found, key=lambda name: found[name]) == "eyeBlinkRight"
