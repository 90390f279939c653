# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows when landmarks are moved by hand: the other side, the face mesh, another photo."""

from __future__ import annotations

import numpy as np
import pytest

from wrinkle_addon.core.images import read_photo
from wrinkle_addon.core.landmarks import find_landmarks
from wrinkle_addon.core.landmarks.edit import edited, edits_onto, mirrored, partners


@pytest.fixture(scope="module")
def marks():
    from pathlib import Path

    import wrinkle_addon

    return find_landmarks(read_photo(Path(wrinkle_addon.__file__).parent / "assets" / "demo_photo.jpg"))


def mask(*indices: int) -> np.ndarray:
    moved = np.zeros(68, bool)
    moved[list(indices)] = True
    return moved


def test_partners_are_mutual_and_lie_on_the_other_side(marks):
    other = partners()
    assert np.array_equal(other[other], np.arange(68))
    middle = marks.points[27:31, 0].mean()
    apart = other != np.arange(68)
    sides = np.sign(marks.points[:, 0] - middle)
    assert (sides[apart] == -sides[other][apart]).all()


def test_mirroring_moves_the_partner_of_each_moved_point_and_nothing_else(marks):
    points = marks.points.copy()
    points[48] += (-9, 6)  # the right corner of the mouth, outwards and down
    result, moved = mirrored(points, marks.points, mask(48))
    assert np.array_equal(moved, mask(48, 54))
    shift = result[54] - marks.points[54]
    assert shift == pytest.approx((9, 6), abs=2)
    assert np.array_equal(np.delete(result, 54, axis=0), np.delete(points, 54, axis=0))


def test_a_pair_that_was_moved_on_both_sides_stays(marks):
    points = marks.points.copy()
    points[[48, 54]] += 5
    result, moved = mirrored(points, marks.points, mask(48, 54))
    assert np.array_equal(result, points)
    assert np.array_equal(moved, mask(48, 54))


def test_edits_are_turned_and_scaled_to_the_other_face(marks):
    found, source = marks.points, marks.points.copy()
    source[8] += (0, 10)
    quarter = np.array([[0, 2], [-2, 0]], np.float32)  # twice as large, turned by a quarter
    target = found @ quarter + 50
    result = edits_onto(source, found, target, mask(8))
    assert result[8] - target[8] == pytest.approx(np.array([0, 10]) @ quarter, abs=1e-3)
    assert np.array_equal(np.delete(result, 8, axis=0), np.delete(target, 8, axis=0))


def test_the_face_mesh_goes_along_near_a_moved_landmark_only(marks):
    points = marks.points.copy()
    points[8] += (0, 8)
    following = edited(points, marks.confidence, marks.dense)
    shift = np.linalg.norm((following.dense - marks.dense)[:, :2], axis=1)
    assert shift[152] == pytest.approx(8, abs=1.5)  # the chin of the mesh
    assert shift[10] < 0.2  # the top of the forehead
    assert np.array_equal(following.dense[:, 2], marks.dense[:, 2])


def test_a_mesh_on_something_else_is_left_out(marks):
    assert edited(marks.points + 400, marks.confidence, marks.dense).dense is None
    assert edited(marks.points, marks.confidence, None).dense is None
