# SPDX-License-Identifier: GPL-3.0-or-later
"""Faces outlive what Blender does to files: saving, undo, copying, linking, renaming, deleting, older versions."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import test_blender_operators as operators

counts, make_face = operators.counts, operators.make_face
runner, photo = operators.runner, operators.photo
pytestmark = pytest.mark.usefixtures("runner")


def socket(obj, name: str):
    from wrinkle_addon.blender.material import group_node

    return group_node(obj.active_material).inputs[name]


def driven(bpy, obj, name: str) -> float:
    """The weight that the material of ``obj`` gets for an expression."""
    from wrinkle_addon.blender.material import group_node

    depsgraph = bpy.context.evaluated_depsgraph_get()
    depsgraph.update()
    return group_node(obj.active_material.evaluated_get(depsgraph)).inputs[name].default_value


def state(bpy) -> dict[str, object]:
    """Everything of a file that the add-on can change."""
    found: dict[str, object] = {**counts(bpy), "draft": [entry.path for entry in bpy.context.scene.wrinkle.photos]}
    for obj in bpy.data.objects:
        if obj.type == "MESH" and obj.data.shape_keys:
            settings = obj.wrinkle
            found[obj.name] = (
                [entry.path for entry in settings.photos],
                (settings.strength, settings.dog_thres, settings.made_with, settings.displacement),
                {region.name: region.strength for region in settings.regions},
                {key.name: round(key.value, 4) for key in obj.data.shape_keys.key_blocks},
                round(socket(obj, "Strength").default_value, 4),
            )
    return found


def reopened(bpy, path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))


def test_faces_keep_their_own_photos_settings_and_results_through_saving(addon, photo, tmp_path):
    other = tmp_path / "other.png"
    other.write_bytes(b"")
    first = make_face(addon, photo)
    first.wrinkle.strength = 0.5
    first.wrinkle.regions["chin"].strength = 0.25
    addon.ops.wrinkle.new_face()
    addon.ops.wrinkle.add_photos(filepath=str(other))
    second = make_face(addon, photo)
    second.wrinkle.displacement = True
    addon.ops.wrinkle.new_face()
    addon.ops.wrinkle.add_photos(filepath=str(other))
    before = state(addon)
    assert (len(first.wrinkle.photos), len(second.wrinkle.photos)) == (1, 2)
    reopened(addon, tmp_path / "faces.blend")
    assert state(addon) == before


STEPS = {
    "add_photos": lambda ops, photo: ops.add_photos(filepath=str(photo)),
    "reconstruct": lambda ops, photo: ops.reconstruct(),
    "try_expression": lambda ops, photo: ops.try_expression(),
    "rest": lambda ops, photo: ops.rest(),
    "add another": lambda ops, photo: ops.add_photos(filepath=str(photo.with_name("other.png"))),
    "remove_photo": lambda ops, photo: ops.remove_photo(),
    "reconstruct again": lambda ops, photo: ops.reconstruct(),
    "remove_face": lambda ops, photo: ops.remove_face(),
}


def test_every_step_can_be_undone_and_redone(addon, photo):
    photo.with_name("other.png").write_bytes(b"")
    addon.ops.ed.undo_push(message="start")
    for name, step in STEPS.items():
        before = state(addon)
        step(addon.ops.wrinkle, photo)
        addon.ops.ed.undo_push(message=name)
        after = state(addon)
        assert after != before, name
        addon.ops.ed.undo()
        assert state(addon) == before, name
        addon.ops.ed.redo()
        assert state(addon) == after, name


def duplicate(bpy, obj, linked: bool = False):
    for other in bpy.data.objects:
        other.select_set(other == obj)
    bpy.context.view_layer.objects.active = obj
    bpy.ops.object.duplicate(linked=linked)
    bpy.context.view_layer.update()
    return bpy.context.view_layer.objects.active


@pytest.mark.parametrize("materials", [False, True])
def test_a_duplicate_is_a_face_of_its_own(addon, photo, materials):
    addon.context.preferences.edit.use_duplicate_material = materials
    face = make_face(addon, photo)
    double = duplicate(addon, face)
    assert double.active_material != face.active_material
    double.wrinkle.strength = 0.5
    double.data.shape_keys.key_blocks["jawOpen"].value = 0.75
    assert (socket(face, "Strength").default_value, socket(double, "Strength").default_value) == (1.0, 0.5)
    assert (driven(addon, face, "jawOpen"), driven(addon, double, "jawOpen")) == (0.0, 0.75)
    assert [entry.path for entry in double.wrinkle.photos] == [str(photo)]
    maps = {image.name for image in addon.data.images}
    assert addon.ops.wrinkle.reconstruct() == {"FINISHED"}
    addon.context.view_layer.objects.active = face
    assert addon.ops.wrinkle.remove_face() == {"FINISHED"}
    assert {image.name for image in addon.data.images}.isdisjoint(maps)
    assert driven(addon, double, "jawOpen") == 0.75


def test_removing_a_face_leaves_its_duplicate_whole_and_then_nothing(addon, photo):
    before = counts(addon)
    face = make_face(addon, photo)
    double = duplicate(addon, face)
    addon.context.view_layer.objects.active = face
    addon.ops.wrinkle.remove_face()
    assert len(addon.data.images) == 4
    double.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    assert driven(addon, double, "jawOpen") == 0.5
    addon.context.view_layer.objects.active = double
    addon.ops.wrinkle.remove_face()
    assert counts(addon) == before


def test_a_linked_duplicate_shares_everything_until_it_is_made_single(addon, photo):
    face = make_face(addon, photo)
    double = duplicate(addon, face, linked=True)
    assert (double.data, double.active_material) == (face.data, face.active_material)
    addon.ops.object.make_single_user(object=True, obdata=True)
    addon.context.view_layer.update()
    assert double.active_material != face.active_material
    double.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    assert (driven(addon, face, "jawOpen"), driven(addon, double, "jawOpen")) == (0.0, 0.5)


def test_a_deleted_face_leaves_nothing_in_the_saved_file(addon, photo, tmp_path):
    before = counts(addon)
    make_face(addon, photo)
    addon.ops.object.delete()
    reopened(addon, tmp_path / "deleted.blend")
    assert counts(addon) == before
    assert not addon.ops.wrinkle.remove_face.poll()


@pytest.fixture
def library(addon, photo, tmp_path) -> Path:
    """A file with one face, closed again."""
    face = make_face(addon, photo)
    face.name, face.wrinkle.strength = "Ann", 0.5
    path = tmp_path / "library.blend"
    addon.ops.wm.save_as_mainfile(filepath=str(path))
    addon.ops.wm.read_homefile(use_empty=True)
    return path


def brought(bpy, path: Path, link: bool):
    with bpy.data.libraries.load(str(path), link=link) as (_, wanted):
        wanted.objects = ["Ann"]
    face = bpy.data.objects["Ann"]
    bpy.context.scene.collection.objects.link(face)
    bpy.context.view_layer.objects.active = face
    return face


def test_an_appended_face_is_complete(addon, library):
    face = brought(addon, library, link=False)
    face.wrinkle.strength = 0.25
    face.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    assert socket(face, "Strength").default_value == 0.25
    assert driven(addon, face, "jawOpen") == 0.5
    assert addon.ops.wrinkle.reconstruct() == {"FINISHED"}
    assert addon.context.view_layer.objects.active == face


def test_a_linked_face_works_and_says_why_it_cannot_be_changed(addon, library):
    face = brought(addon, library, link=True)
    assert face.wrinkle.strength == 0.5
    for name in ("reconstruct", "remove_face", "add_photos"):
        with pytest.raises(RuntimeError, match=r"linked from another file\. Make it local"):
            getattr(addon.ops.wrinkle, name)()
    assert addon.ops.wrinkle.export.poll()
    with pytest.raises(RuntimeError, match="linked from another file"):
        addon.ops.wrinkle.rest()


def test_an_overridden_face_can_be_placed_but_not_made_anew(addon, library):
    linked = brought(addon, library, link=True)
    face = linked.override_hierarchy_create(addon.context.scene, addon.context.view_layer)
    addon.context.view_layer.objects.active = face
    face.location.x = 2.0
    with pytest.raises(RuntimeError, match=r"linked from another file\. Make it local"):
        addon.ops.wrinkle.reconstruct()
    assert face.wrinkle.photos[0].name == linked.wrinkle.photos[0].name


def test_a_face_without_shape_keys_says_what_to_do(addon, photo):
    face = make_face(addon, photo)
    face.shape_key_clear()
    for name in ("rest", "try_expression", "preview", "copy_to_mesh"):
        with pytest.raises(RuntimeError, match=r"lost its shape keys\. Reconstruct it again"):
            getattr(addon.ops.wrinkle, name)()
    assert addon.ops.wrinkle.reconstruct() == {"FINISHED"}
    assert addon.ops.wrinkle.try_expression() == {"FINISHED"}


def test_a_linked_face_made_local_can_be_changed(addon, library):
    face = brought(addon, library, link=True)
    face.select_set(True)
    addon.ops.object.make_local(type="ALL")
    face = addon.data.objects["Ann"]
    addon.context.view_layer.objects.active = face
    addon.context.view_layer.update()
    face.wrinkle.strength = 0.25
    assert socket(face, "Strength").default_value == 0.25
    assert addon.ops.wrinkle.reconstruct() == {"FINISHED"}


def version_one(face) -> None:
    """Turn the settings of ``face`` into what version 1 of the add-on wrote."""
    made = json.loads(face.wrinkle.made_with)
    face.wrinkle.property_unset("version")
    face.wrinkle.made_with = json.dumps([made[name] for name in ("photos", "model", "size", "detector", "dog_thres")])


def test_settings_of_version_one_are_migrated_when_a_file_is_opened(addon, photo, tmp_path):
    from wrinkle_addon.blender.migrate import VERSION

    face = make_face(addon, photo)
    name = face.name
    version_one(face)
    assert face.wrinkle.version == 1
    reopened(addon, tmp_path / "old.blend")
    settings = addon.data.objects[name].wrinkle
    assert settings.version == VERSION
    assert settings.stale() == ""
    settings.dog_thres = 30.0
    assert "dog_thres changed" in settings.stale()


def test_settings_of_version_one_are_migrated_when_a_face_is_appended(addon, photo, tmp_path):
    from wrinkle_addon.blender.migrate import VERSION

    face = make_face(addon, photo)
    face.name = "Ann"
    version_one(face)
    addon.ops.wm.save_as_mainfile(filepath=str(tmp_path / "old.blend"))
    addon.ops.wm.read_homefile(use_empty=True)
    face = brought(addon, tmp_path / "old.blend", link=False)
    addon.context.view_layer.update()
    assert face.wrinkle.version == VERSION
    assert face.wrinkle.stale() == ""


def test_settings_of_a_newer_version_are_left_alone_with_a_clear_message(addon, photo, tmp_path):
    face = make_face(addon, photo)
    name = face.name
    face.wrinkle.version, face.wrinkle.made_with = 99, "of another kind"
    reopened(addon, tmp_path / "new.blend")
    settings = addon.data.objects[name].wrinkle
    assert (settings.version, settings.made_with) == (99, "of another kind")
    assert settings.stale() == ""
    with pytest.raises(RuntimeError, match=r"A newer version of the add-on made this face\. Update the add-on"):
        addon.ops.wrinkle.reconstruct()


def resident_bytes() -> int:
    """Memory of this process that is in use now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_hundred_faces_made_and_removed_leave_no_memory_and_no_data(addon, photo):
    before = counts(addon)
    sizes = []
    for cycle in range(100):
        make_face(addon, photo)
        addon.ops.wrinkle.remove_face()
        if cycle in {20, 99}:
            sizes.append(resident_bytes())
    assert counts(addon) == before
    assert sizes[1] - sizes[0] < 8e6
