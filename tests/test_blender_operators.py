# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators without a window: results, cancelling, errors, undo, file reload, and nothing left behind."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_reconstruction import fake_reconstruction

from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.progress import report

KINDS = (
    "meshes",
    "materials",
    "images",
    "node_groups",
    "objects",
    "shape_keys",
    "scenes",
    "worlds",
    "lights",
    "cameras",
)
STAGES = ("Loading", "Fitting", "Finding wrinkles", "Making maps")


class FakeRunner:
    """Stands in for the pipeline: four stages, then a small face."""

    def __init__(self) -> None:
        self.calls: list[tuple] = []
        self.hold = threading.Event()
        self.hold.set()
        self.fail_at = ""

    def copy(self):
        return self

    def reconstruct(self, photos, settings, *, landmarks, masks, regions, shows, progress):
        self.calls.append((photos, settings, landmarks))
        for index, stage in enumerate(STAGES):
            report(progress, index / len(STAGES), stage)
            if stage == self.fail_at:
                raise self.error
            while not self.hold.wait(0.01):
                report(progress, index / len(STAGES), stage)
        result = fake_reconstruction(grid=16, size=64)
        return replace(result, photos=(replace(result.photos[0], name=photos[0].name),))


@pytest.fixture
def runner(addon, monkeypatch):
    from wrinkle_addon.blender import runners

    runner = FakeRunner()
    monkeypatch.setattr(runners, "new_runner", lambda: runner)
    runners.clear()
    return runner


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "Änne.png"
    path.write_bytes(b"not read by the fake runner")
    return path


def counts(bpy) -> dict[str, int]:
    return {kind: len(getattr(bpy.data, kind)) for kind in KINDS}


def make_face(bpy, photo: Path):
    bpy.ops.wrinkle.add_photos(filepath=str(photo))
    assert bpy.ops.wrinkle.reconstruct() == {"FINISHED"}
    return bpy.context.view_layer.objects.active


def test_one_button_makes_a_face_and_moves_the_photos_to_it(addon, runner, photo):
    face = make_face(addon, photo)
    assert face.name == "Änne"
    assert [entry.name for entry in face.wrinkle.photos] == [photo.name]
    assert "Fitted" in face.wrinkle.photos[0].status
    assert not addon.context.scene.wrinkle.photos
    assert face.wrinkle.stale() == ""
    assert {region.name for region in face.wrinkle.regions} == {"forehead", "chin"}


def test_settings_reach_the_core(addon, runner, photo, tmp_path):
    points = tmp_path / "points.pts"
    corners = "\n".join(f"{index}.0 {index}.0" for index in range(68))
    points.write_text(f"version: 1\nn_points: 68\n{{\n{corners}\n}}\n")
    addon.ops.wrinkle.add_photos(filepath=str(photo))
    settings = addon.context.scene.wrinkle
    settings.size, settings.dog_thres, settings.detector = "512", 42.0, "dog"
    settings.photos[0].landmarks = str(points)
    addon.ops.wrinkle.reconstruct()
    ((paths, chosen, landmarks),) = runner.calls
    assert paths == [photo]
    assert (chosen.size, chosen.wrinkles.dog_thres, chosen.wrinkles.mode) == (512, 42.0, "dog")
    assert landmarks[0].points.shape == (68, 2)


def test_reconstructing_again_keeps_the_object_and_the_runner(addon, runner, photo):
    face = make_face(addon, photo)
    face.location.x = 2.0
    face.data.shape_keys.key_blocks["jawOpen"].value = 0.25
    before = counts(addon)
    face.wrinkle.size = "512"
    assert face.wrinkle.stale() == "Map size changed."
    assert addon.ops.wrinkle.reconstruct() == {"FINISHED"}
    assert addon.context.view_layer.objects.active == face
    assert face.location.x == 2.0
    assert face.data.shape_keys.key_blocks["jawOpen"].value == 0.25
    assert counts(addon) == before
    assert len(runner.calls) == 2
    assert face.wrinkle.stale() == ""


def test_a_new_face_stands_at_the_cursor_or_beside_what_is_there(addon, runner, photo):
    cursor = addon.context.scene.cursor.location
    cursor.y = 0.5
    first = make_face(addon, photo)
    assert tuple(first.location) == (0.0, 0.5, 0.0)
    addon.ops.mesh.primitive_cube_add(size=2.0, location=(0.0, 0.5, 0.0))
    addon.ops.wrinkle.new_face()
    second = make_face(addon, photo)
    assert second.location.x - second.dimensions.x / 2 > 1.0
    assert addon.ops.wrinkle.reconstruct() == {"FINISHED"}
    assert second.location.x - second.dimensions.x / 2 > 1.0


def test_several_faces_keep_their_own_settings(addon, runner, photo):
    first = make_face(addon, photo)
    first.wrinkle.strength = 0.5
    addon.ops.wrinkle.new_face()
    second = make_face(addon, photo)
    assert second != first
    assert (first.wrinkle.strength, second.wrinkle.strength) == (0.5, 1.0)


def test_sliders_go_straight_into_the_material(addon, runner, photo):
    from wrinkle_addon.blender.material import group_node

    face = make_face(addon, photo)
    node = group_node(face.active_material)
    face.wrinkle.strength, face.wrinkle.dis2normal_coff, face.wrinkle.permanent = 0.5, 300.0, 0.75
    assert node.inputs["Strength"].default_value == pytest.approx(1.0)
    assert node.inputs["Permanent"].default_value == 0.75
    face.wrinkle.regions["chin"].enabled = False
    values = np.empty(3 * len(face.data.vertices), np.float32)
    face.data.attributes["wrinkle_region"].data.foreach_get("vector", values)
    assert (values.min(), values.max()) == (-1.0, 0.0)
    face.wrinkle.displacement = True
    assert face.active_material.displacement_method == "DISPLACEMENT"


@pytest.mark.parametrize("stage", STAGES)
def test_an_error_leaves_the_file_as_it_was_and_says_one_sentence(addon, runner, photo, stage, caplog):
    addon.ops.wrinkle.add_photos(filepath=str(photo))
    before = counts(addon)
    runner.fail_at, runner.error = stage, WrinkleError("'Änne.png' shows no face.", "Use a front view.")
    with pytest.raises(RuntimeError, match=r"'Änne.png' shows no face\. Use a front view\."):
        addon.ops.wrinkle.reconstruct()
    assert counts(addon) == before
    assert not caplog.records
    runner.fail_at, runner.error = stage, ValueError("boom")
    with pytest.raises(RuntimeError, match="Something went wrong that should not"):
        addon.ops.wrinkle.reconstruct()
    assert "boom" in caplog.text
    assert counts(addon) == before
    assert len(addon.context.scene.wrinkle.photos) == 1


def test_wrong_photos_and_models_are_refused_with_a_reason(addon, runner, photo, tmp_path):
    with pytest.raises(RuntimeError, match="does not exist"):
        addon.ops.wrinkle.add_photos(filepath=str(tmp_path / "none.jpg"))
    with pytest.raises(RuntimeError, match="Add a photo in step 1 first"):
        addon.ops.wrinkle.reconstruct()
    addon.ops.wrinkle.add_photos(filepath=str(photo))
    addon.context.scene.wrinkle.model = "FILE"
    with pytest.raises(RuntimeError, match="No model file is chosen"):
        addon.ops.wrinkle.reconstruct()
    addon.context.scene.wrinkle.model = "BUILTIN"
    photo.unlink()
    with pytest.raises(RuntimeError, match="does not exist"):
        addon.ops.wrinkle.reconstruct()


def test_a_photo_is_listed_once_and_can_be_removed(addon, photo):
    for _ in range(2):
        addon.ops.wrinkle.add_photos(directory=str(photo.parent), files=[{"name": photo.name}])
    assert len(addon.context.scene.wrinkle.photos) == 1
    addon.ops.wrinkle.remove_photo()
    assert not addon.context.scene.wrinkle.photos


def test_reconstruct_and_remove_many_times_leaves_nothing(addon, runner, photo):
    before = counts(addon)
    for _ in range(25):
        make_face(addon, photo)
        addon.ops.wrinkle.remove_face()
    assert counts(addon) == before


def test_undo_takes_one_step_back(addon, runner, photo):
    addon.ops.ed.undo_push(message="start")
    addon.ops.wrinkle.add_photos(filepath=str(photo))
    addon.ops.ed.undo_push(message="photo")
    before = counts(addon)
    addon.ops.wrinkle.reconstruct()
    addon.ops.ed.undo_push(message="reconstruct")
    addon.ops.ed.undo()
    assert counts(addon) == before
    assert len(addon.context.scene.wrinkle.photos) == 1
    addon.ops.ed.redo()
    face = next(obj for obj in addon.data.objects if obj.type == "MESH")
    assert len(face.wrinkle.photos) == 1


def test_a_face_survives_saving_renaming_and_duplicating(addon, runner, photo, tmp_path):
    from wrinkle_addon.blender import current

    face = make_face(addon, photo)
    face.name = "Renamed"
    face.wrinkle.strength = 0.5
    addon.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    addon.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    face = addon.data.objects["Renamed"]
    assert current.face_object(addon.context) == face
    assert face.wrinkle.strength == 0.5
    double = face.copy()
    double.data = face.data.copy()
    assert double.wrinkle.photos[0].name == photo.name
    assert addon.ops.wrinkle.reconstruct() == {"FINISHED"}


def test_expressions_can_be_tried_and_reset(addon, runner, photo):
    keys = make_face(addon, photo).data.shape_keys.key_blocks
    addon.ops.wrinkle.try_expression()
    assert keys["browInnerUp"].value == 1.0
    addon.ops.wrinkle.rest()
    assert not any(key.value for key in keys)


def test_wrinkles_can_be_copied_to_another_mesh(addon, runner, photo):
    from wrinkle_addon.blender.material import group_node

    face = make_face(addon, photo)
    other = addon.data.objects.new("Other", face.data.copy())
    other.data.shape_keys.name = "Other keys"
    addon.context.scene.collection.objects.link(other)
    other.select_set(True)
    assert addon.ops.wrinkle.copy_to_mesh() == {"FINISHED"}
    other.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    depsgraph = addon.context.evaluated_depsgraph_get()
    depsgraph.update()
    weights = group_node(other.active_material.evaluated_get(depsgraph)).inputs
    assert weights["jawOpen"].default_value == 0.5
    assert group_node(face.active_material.evaluated_get(depsgraph)).inputs["jawOpen"].default_value == 0.0


def test_preview_leaves_the_scene_as_it_was(addon, runner, photo, tmp_path):
    from wrinkle_addon.core.files import read_png

    face = make_face(addon, photo)
    face.data.shape_keys.key_blocks["jawOpen"].value = 0.3
    addon.context.scene.wrinkle_preview.size = 96
    before, scene = counts(addon), addon.context.scene.name
    assert addon.ops.wrinkle.preview(filepath=str(tmp_path / "preview.png")) == {"FINISHED"}
    pixels = read_png(tmp_path / "preview.png").astype(float)
    assert pixels.shape == (96, 288, 3)
    neutral, flat, wrinkled = np.split(pixels, 3, axis=1)
    forehead = np.s_[15:30, 30:70]
    assert np.abs(wrinkled - flat)[forehead].mean() > 3
    assert np.abs(neutral - flat)[forehead].mean() < np.abs(wrinkled - flat)[forehead].mean()
    grown = {"images": 2}  # the picture and Blender's own render result
    assert counts(addon) == {kind: count + grown.get(kind, 0) for kind, count in before.items()}
    assert addon.context.scene.name == scene
    assert face.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.3)
    addon.ops.wrinkle.preview()
    assert counts(addon) == {kind: count + grown.get(kind, 0) for kind, count in before.items()}
