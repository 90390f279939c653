# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmark editing without a window: found, moved, mirrored, reset, copied, undone, saved; the wireframe follows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import wrinkle_addon

DEMO = Path(wrinkle_addon.__file__).parent / "assets" / "demo_photo.jpg"


@pytest.fixture
def photos(addon, tmp_path):
    """The demo photo twice, with its landmarks found."""
    from wrinkle_addon.blender import runners

    runners.clear()
    double = tmp_path / "double.jpg"
    double.write_bytes(DEMO.read_bytes())
    for path in (DEMO, double):
        addon.ops.wrinkle.add_photos(filepath=str(path))
    addon.context.scene.wrinkle.active_photo = 0
    assert addon.ops.wrinkle.edit_landmarks() == {"FINISHED"}
    return addon.context.scene.wrinkle.photos


def wires(bpy):
    from wrinkle_addon.blender import current, wireframe

    key = current.job_key(bpy.context)
    wireframe.follow(key)
    return wireframe.wires_of(key, current.face_settings(bpy.context))


def test_landmarks_are_found_and_the_photo_can_be_shown(addon, photos):
    from wrinkle_addon.blender import photo_view

    assert [len(photo.points) for photo in photos] == [68, 68]
    assert photos[0].confidence().min() > 0.8
    assert np.allclose(photos[0].found(), photos[0].places())
    image = photo_view.image_of(photos[0].file)
    assert tuple(image.size) == (960, 1120)
    assert image.packed_file
    addon.ops.wrinkle.edit_landmarks()
    assert photo_view.image_of(photos[0].file) == image


def test_the_wireframe_follows_a_moved_landmark(addon, photos):
    before = wires(addon)
    assert before.points[0].shape[1] == 2
    x, y = photos[0].points[8].co
    addon.ops.wrinkle.move_landmark(index=8, to=(x, y + 12))
    after = wires(addon)
    shift = np.linalg.norm(after.points[0] - before.points[0], axis=1)
    chin = np.linalg.norm(before.points[0] - (x, y), axis=1).argmin()
    assert 5 < shift[chin] < 20
    assert np.median(shift) < 2
    assert after.problem == ""


def test_landmarks_that_form_no_face_are_explained_not_raised(addon, photos):
    addon.ops.wrinkle.move_landmark(index=36, to=tuple(photos[0].points[45].co))
    assert "do not form a face" in wires(addon).problem


def test_moving_counts_as_a_change_and_is_used(addon, photos):
    from wrinkle_addon.blender import current

    settings = addon.context.scene.wrinkle
    settings.made_with = settings.recipe()
    assert current.given_landmarks(settings) == {}
    addon.ops.wrinkle.move_landmark(index=30, to=(500, 600))
    assert settings.stale() == "Landmarks changed."
    given = current.given_landmarks(settings)
    assert list(given) == [0]
    assert given[0].points[30] == pytest.approx((500, 600))
    assert given[0].confidence[30] == 1
    assert given[0].dense.shape == (468, 3)


def test_mirror_reset_and_copy(addon, photos):
    found = photos[0].places()
    assert addon.ops.wrinkle.mirror_landmarks() == {"CANCELLED"}
    addon.ops.wrinkle.move_landmark(index=48, to=tuple(found[48] + (-8, 4)))
    addon.ops.wrinkle.mirror_landmarks()
    assert np.flatnonzero(photos[0].moved).tolist() == [48, 54]
    assert addon.ops.wrinkle.copy_landmarks() == {"FINISHED"}
    assert addon.context.scene.wrinkle.active_photo == 1
    assert photos[1].places() == pytest.approx(photos[0].places(), abs=1e-3)
    addon.ops.wrinkle.next_photo()
    addon.ops.wrinkle.reset_landmarks()
    assert not photos[0].edited
    assert photos[0].places() == pytest.approx(found, abs=1e-3)
    assert photos[1].edited


def test_each_move_is_one_undo_step(addon, photos):
    addon.ops.ed.undo_push(message="found")
    first = tuple(photos[0].points[8].co)
    addon.ops.wrinkle.move_landmark(index=8, to=(400, 900))
    addon.ops.ed.undo_push(message="moved")
    addon.ops.ed.undo()
    point = addon.context.scene.wrinkle.photos[0].points[8]
    assert (tuple(point.co), point.moved) == (first, False)
    addon.ops.ed.redo()
    assert tuple(addon.context.scene.wrinkle.photos[0].points[8].co) == (400, 900)


def test_moved_landmarks_survive_the_file(addon, photos, tmp_path):
    addon.ops.wrinkle.move_landmark(index=8, to=(400, 900))
    dense = photos[0].dense()
    addon.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    addon.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    photo = addon.context.scene.wrinkle.photos[0]
    assert tuple(photo.points[8].co) == (400, 900)
    assert np.flatnonzero(photo.moved).tolist() == [8]
    assert np.array_equal(photo.dense(), dense)


def test_another_file_forgets_the_landmarks_of_the_old_one(addon, photos):
    photos[0].path = photos[1].path
    assert not photos[0].points
    with pytest.raises(RuntimeError, match="Press Edit Landmarks in step 1 first"):
        addon.ops.wrinkle.mirror_landmarks()


def test_the_real_pipeline_follows_moved_landmarks(addon, photos):
    addon.context.scene.wrinkle.photos.remove(1)
    addon.context.scene.wrinkle.size = "512"
    addon.ops.wrinkle.move_landmark(index=8, to=tuple(photos[0].places()[8] + (0, 12)))
    assert addon.ops.wrinkle.reconstruct() == {"FINISHED"}
    face = addon.context.view_layer.objects.active
    assert face.wrinkle.photos[0].moved[8]
    assert face.wrinkle.stale() == ""
    assert face.wrinkle.photos[0].expression


def test_the_help_of_the_landmark_tool_survives_texts_in_the_status_bar(addon):
    from wrinkle_addon.blender import landmark_tool

    header = addon.types.STATUSBAR_HT_header
    drawn = header.draw
    header.draw = lambda self, context: None  # what Blender does when another tool takes its text off
    try:
        landmark_tool.keep_help()
        landmark_tool.keep_help()
        assert header.draw._draw_funcs.count(landmark_tool._draw_help) == 1
    finally:
        header.draw = drawn
