# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion maps: compression of the skin, not its motion."""

from __future__ import annotations

import json

import numpy as np
import pytest
import reference_strain

from wrinkle_addon.core import motion
from wrinkle_addon.core.atlas import pack_atlas, unpack_atlas
from wrinkle_addon.core.errors import Cancelled, WrinkleError
from wrinkle_addon.core.lines import find_lines
from wrinkle_addon.core.strain import strain_maps
from wrinkle_addon.core.surface import surface_of
from wrinkle_addon.core.types import Blendshapes, MotionMaps
from wrinkle_addon.core.wrinkles import normal_map


def motion_maps(*mesh_and_size: object) -> MotionMaps:
    return motion.motion_maps(strain_maps(*mesh_and_size))


def motion_directions(*mesh_and_size: object) -> np.ndarray:
    return motion.motion_directions(strain_maps(*mesh_and_size))


def sheet(columns: int = 61, rows: int = 51, seed: int = 0):
    """A bulging sheet of 120 x 100 mm around the origin, its triangles and uv."""
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    shake = np.random.default_rng(seed).uniform(-0.2, 0.2, (2, rows, columns))
    u, v = u + shake[0] / columns, v + shake[1] / rows
    vertices = np.stack([120 * (u - 0.5), 100 * (v - 0.5), 30 * np.cos(2 * (u - 0.5))], -1).reshape(-1, 3)
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (i.ravel() for i in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    return (
        vertices.astype(np.float32),
        triangles,
        (0.03 + 0.94 * np.stack([u, v], -1)).reshape(-1, 2).astype(np.float32),
    )


def shapes(**deltas) -> Blendshapes:
    return Blendshapes(tuple(deltas), np.stack(list(deltas.values())).astype(np.float32))


def brow_raise(vertices: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """Skin around y = 0 moves up by 4 mm and is folded between there and y = 40."""
    up = 4 * np.exp(-((vertices[:, 1] / 18) ** 2))
    return np.stack([0 * up, up, 0 * up], 1) * strength


def test_compression_shows_in_front_of_the_motion_and_nowhere_else() -> None:
    vertices, triangles, uv = sheet()
    maps = motion_maps(vertices, shapes(raise_=brow_raise(vertices)), triangles, uv, 128)
    assert maps.names == ("raise_",)
    profile = maps.maps[0, :, 30:98].mean(1)
    row_mm = (1 - (np.arange(128) + 0.5) / 128 - 0.03) / 0.94 * 100 - 50
    assert row_mm[profile.argmax()] == pytest.approx(18 / np.sqrt(2), abs=4)
    assert profile[np.abs(row_mm) < 1].max() < 60
    assert profile[(row_mm < -5) & (row_mm > -44)].max() == 0
    assert maps.maps.max() == 255


def test_rigid_motion_and_pure_riding_along_stay_quiet() -> None:
    vertices, triangles, uv = sheet()
    angle = np.radians(40)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    rigid = vertices @ turn.T + [5, 10, -20] - vertices
    local = brow_raise(vertices) + np.array([0, 0, 12])
    maps = motion_maps(vertices, shapes(rigid=rigid, carried=local, alone=brow_raise(vertices)), triangles, uv, 64)
    assert maps.maps[0].max() <= 1
    assert np.abs(maps.maps[1].astype(int) - maps.maps[2]).max() <= 2


def test_tiny_motions_and_noise_stay_tiny() -> None:
    vertices, triangles, uv = sheet()
    noise = np.random.default_rng(0).normal(0, 0.003, vertices.shape)
    maps = motion_maps(
        vertices, shapes(none=0 * vertices, tiny=brow_raise(vertices, 0.02), noise=noise), triangles, uv, 64
    )
    assert maps.maps[0].max() == 0
    assert maps.maps[1].max() < 60
    assert maps.maps[2].max() < 10


def test_a_sided_shape_leaves_the_other_side_alone() -> None:
    vertices, triangles, uv = sheet()
    side = 1 / (1 + np.exp(-vertices[:, :1] / 4))
    maps = motion_maps(vertices, shapes(left=brow_raise(vertices) * side), triangles, uv, 128).maps[0].astype(float)
    assert maps[:, :60].sum() <= 0.05 * maps.sum()


def test_result_hardly_depends_on_the_mesh() -> None:
    results = []
    for columns, rows in ((31, 26), (121, 101)):
        vertices, triangles, uv = sheet(columns, rows)
        results.append(motion_maps(vertices, shapes(a=brow_raise(vertices)), triangles, uv, 64).maps[0].astype(float))
    assert np.abs(results[0] - results[1]).mean() < 5


@pytest.mark.parametrize("mirrored", [False, True])
def test_directions_follow_the_compression(mirrored: bool) -> None:
    vertices, triangles, uv = sheet()
    if mirrored:
        uv = (uv * [-1, 1] + [1, 0]).astype(np.float32)
    x, y, _ = vertices.T
    pinch = np.stack([-0.1 * x, 0 * x, 0.1 * x * np.sin(2 * x / 120) * 0], 1)
    shear = np.stack([0.1 * y, 0 * y, 0 * y], 1)
    given = shapes(up=brow_raise(vertices), pinch=pinch, shear=shear)
    angles = motion_directions(vertices, given, triangles, uv, 64)
    maps = motion_maps(vertices, given, triangles, uv, 64).maps
    assert np.abs(angles[0][maps[0] > 60] - np.pi / 2).max() < 0.1
    middle = np.s_[20:44, 28:36]
    assert np.abs(np.sin(angles[1][middle])).max() < 0.15
    # x grows with y: the skin is pressed along the falling diagonal.
    expected = 0.25 * np.pi if mirrored else 0.75 * np.pi
    assert np.abs(angles[2][middle] - expected).max() < 0.15


def test_degenerate_triangles_and_no_blendshapes_do_no_harm() -> None:
    vertices, triangles, uv = sheet(9, 8)
    broken = np.concatenate([triangles, [[0, 0, 1], [2, 2, 2]]]).astype(np.int32)
    maps = motion_maps(vertices, shapes(a=brow_raise(vertices)), broken, uv, 32)
    assert maps.maps.max() > 0
    assert motion_maps(
        vertices, Blendshapes((), np.zeros((0, len(vertices), 3), np.float32)), broken, uv, 32
    ).maps.shape == (0, 32, 32)


def test_motion_maps_can_be_cancelled() -> None:
    vertices, triangles, uv = sheet(9, 8)
    with pytest.raises(Cancelled):
        motion_maps(vertices, shapes(a=brow_raise(vertices)), triangles, uv, 32, lambda fraction, text: False)


@pytest.mark.parametrize("count", [0, 1, 3, 7, 52])
def test_atlas_round_trip_is_exact(count: int) -> None:
    maps = np.random.default_rng(count).integers(0, 256, (count, 16, 16)).astype(np.uint8)
    given = MotionMaps(tuple(f"shape {i}" for i in range(count)), maps)
    atlas, index = pack_atlas(given)
    back = unpack_atlas(atlas, json.loads(json.dumps(index)))
    assert back.names == given.names
    assert np.array_equal(back.maps, maps)


@pytest.mark.parametrize(
    "change",
    [{"format": 1}, {"names": "x"}, {"names": [1]}, {"tile": 0}, {"tile": 8}, {"names": ["a"]}, {"places": 3}]
    + [{"places": {"a": place}} for place in (None, {}, {"channel": 0, "scale": [1, 1], "offset": [9, 9]})],
)
def test_a_damaged_atlas_is_refused(change: dict[str, object]) -> None:
    atlas, index = pack_atlas(MotionMaps(("a", "b"), np.full((2, 16, 16), 99, np.uint8)))
    with pytest.raises(WrinkleError):
        unpack_atlas(atlas, index | change)


def lines_along(angle: float, vertices: np.ndarray, triangles: np.ndarray, uv: np.ndarray):
    """Lines of grooves whose slope points along ``angle`` in UV, on the sheet."""
    surface = surface_of(vertices, triangles, uv, 64)
    v, u = np.mgrid[:512, :512]
    phase = (u * np.cos(angle) - v * np.sin(angle)) * surface.texel_mm(512)
    relief = (0.15 * np.cos(2 * np.pi * phase / 7)).astype(np.float32)
    return find_lines(normal_map(relief, surface), surface.texel_mm(512), 64)


@pytest.mark.parametrize("angle", [0.0, 0.6, np.pi / 2, 2.3])
def test_lines_are_found_with_their_direction(angle: float) -> None:
    found = lines_along(angle, *sheet())
    middle = found.across[20:44, 20:44]
    assert np.abs(middle[..., 0] * np.sin(angle) - middle[..., 1] * np.cos(angle)).max() < 0.2
    assert found.sure[20:44, 20:44].min() > 0.7


def test_a_brow_raise_wakes_lines_across_the_forehead_and_not_the_frown() -> None:
    mesh = vertices, _, uv = sheet()
    given = strain_maps(vertices, shapes(up=brow_raise(vertices)), mesh[1], uv, 64)
    free = motion.motion_maps(given).maps[0].astype(float)
    across, along = (
        motion.motion_maps(given, lines={"up": lines_along(angle, *mesh)}).maps[0].astype(float)
        for angle in (np.pi / 2, 0.0)
    )
    assert across.sum() > 0.95 * free.sum()
    assert along.sum() < 0.3 * free.sum()


def test_smooth_skin_has_no_direction() -> None:
    flat = find_lines(np.full((256, 256, 3), (32768, 32768, 65535), np.uint16), 0.5, 64)
    assert flat.sure.max() < 0.01


def test_the_middle_belongs_to_both_sides_and_counts_once() -> None:
    vertices, triangles, uv = sheet()
    raised = brow_raise(vertices)
    given = strain_maps(vertices, shapes(browDownLeft=raised, browDownRight=raised, both=raised), triangles, uv, 64)
    ramp = np.broadcast_to(np.linspace(0, 1, 64, dtype=np.float32), (64, 64))
    left, right, both = motion.motion_maps(given, left=ramp).maps.astype(int)
    assert np.abs(left + right - both).max() <= 1


def test_the_native_maps_equal_the_reference() -> None:
    vertices, triangles, uv = sheet()
    side = 1 / (1 + np.exp(-vertices[:, :1] / 4))
    given = shapes(browDownLeft=brow_raise(vertices) * side, jawOpen=brow_raise(vertices, -2.0), still=0 * vertices)
    ours = strain_maps(vertices, given, triangles, uv, 64)
    theirs = reference_strain.strain_maps(vertices, given.deltas, triangles, uv, 64)
    np.testing.assert_allclose(ours.values, theirs, atol=2e-3)
    skin, left = np.random.default_rng(0).random((2, 64, 64)).astype(np.float32)
    lines = lines_along(0.6, vertices, triangles, uv)
    maps = motion.motion_maps(ours, skin, left, {"browDownLeft": lines, "still": lines}).maps.astype(int)
    for name, strain, own in zip(ours.names, ours.values, maps, strict=True):
        known = None if name == "jawOpen" else lines
        assert np.abs(own - reference_strain.motion_map(name, strain, skin, left, known)).max() <= 1
