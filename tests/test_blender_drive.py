# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers: responses, rigs, keyframes, linked libraries; without Python in any driver."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_reconstruction import fake_reconstruction

from wrinkle_addon.core.activation import Response


@pytest.fixture
def face(addon):
    from wrinkle_addon.blender.face import build_face

    obj = build_face(fake_reconstruction(grid=12, size=64), "Ann")
    addon.context.view_layer.objects.active = obj
    return obj


def socket(obj, name):
    from wrinkle_addon.blender.material import group_node

    return group_node(obj.active_material).inputs[name]


def value(bpy, obj, name) -> float:
    bpy.context.view_layer.update()
    return socket(obj, name).default_value


def customize(bpy, obj, name, **settings):
    obj.active_shape_key_index = obj.data.shape_keys.key_blocks.find(name)
    assert bpy.ops.wrinkle.customize_drive() == {"FINISHED"}
    entry = obj.wrinkle.drives[name]
    for key, setting in settings.items():
        setattr(entry, key, setting)
    return entry


def driver_of(obj, name):
    path = socket(obj, name).path_from_id("default_value")
    return obj.active_material.node_tree.animation_data.drivers.find(path).driver


def test_an_expression_answers_as_its_response_says(addon, face):
    customize(addon, face, "browInnerUp", strength=1.5, onset=0.2, power=2.0)
    for weight in (0.0, 0.1, 0.2, 0.6, 1.0):
        face.data.shape_keys.key_blocks["browInnerUp"].value = weight
        expected = float(Response(1.5, 0.2, 2.0)(weight))
        assert value(addon, face, "browInnerUp") == pytest.approx(expected, abs=1e-5), weight
    driver = driver_of(face, "browInnerUp")
    assert driver.is_valid
    assert driver.is_simple_expression
    assert driver_of(face, "jawOpen").type == "SUM"
    addon.ops.wrinkle.customize_drive()
    assert driver_of(face, "browInnerUp").type == "SUM"


def test_a_bone_or_a_custom_property_can_drive(addon, face):
    armature = addon.data.objects.new("Rig", addon.data.armatures.new("Rig"))
    addon.context.scene.collection.objects.link(armature)
    addon.context.view_layer.objects.active = armature
    addon.ops.object.mode_set(mode="EDIT")
    bone = armature.data.edit_bones.new("brow.L")
    bone.tail = (0, 0, 0.1)
    addon.ops.object.mode_set(mode="OBJECT")
    addon.context.view_layer.objects.active = face
    armature["smile"] = 0.0
    customize(addon, face, "browInnerUp", source=armature, data_path='pose.bones["brow.L"].location[1]', full=0.02)
    customize(addon, face, "mouthSmileLeft", source=armature, data_path='["smile"]')
    armature.pose.bones["brow.L"].location[1] = 0.01
    armature["smile"] = 0.75
    armature.update_tag()
    assert value(addon, face, "browInnerUp") == pytest.approx(0.5, abs=1e-5)
    assert value(addon, face, "mouthSmileLeft") == pytest.approx(0.75, abs=1e-5)
    assert driver_of(face, "browInnerUp").is_simple_expression


def test_a_path_that_leads_nowhere_leaves_the_shape_key_in_charge(addon, face):
    rig = addon.data.objects.new("Rig", None)
    customize(addon, face, "jawOpen", source=rig, data_path='["no such property"]')
    face.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    assert value(addon, face, "jawOpen") == pytest.approx(0.5)


def test_bake_to_keyframes_and_back(addon, face):
    scene, key = addon.context.scene, face.data.shape_keys.key_blocks["browInnerUp"]
    scene.frame_start, scene.frame_end = 1, 5
    for frame, weight in ((1, 0.0), (5, 1.0)):
        key.value = weight
        key.keyframe_insert("value", frame=frame)
    wanted = []
    for frame in range(1, 6):
        scene.frame_set(frame)
        wanted.append(socket(face, "browInnerUp").default_value)
    scene.frame_set(2)
    assert addon.ops.wrinkle.bake_drivers() == {"FINISHED"}
    assert scene.frame_current == 2
    assert not face.active_material.node_tree.animation_data.drivers
    key.mute = True
    for frame in range(1, 6):
        scene.frame_set(frame)
        assert socket(face, "browInnerUp").default_value == pytest.approx(wanted[frame - 1], abs=1e-6)
        assert socket(face, "jawOpen").default_value == 0
    key.mute = False
    assert addon.ops.wrinkle.drive_again() == {"FINISHED"}
    scene.frame_set(4)
    assert socket(face, "browInnerUp").default_value == pytest.approx(wanted[3], abs=1e-6)


def test_copied_wrinkles_answer_alike_on_another_mesh(addon, face):
    customize(addon, face, "browInnerUp", strength=0.5)
    other = face.copy()
    other.data = face.data.copy()
    addon.context.scene.collection.objects.link(other)
    face.select_set(True)
    other.select_set(True)
    addon.context.view_layer.objects.active = face
    assert addon.ops.wrinkle.copy_to_mesh() == {"FINISHED"}
    face.data.shape_keys.key_blocks["browInnerUp"].value = 0.0
    other.data.shape_keys.key_blocks["browInnerUp"].value = 1.0
    assert value(addon, other, "browInnerUp") == pytest.approx(0.5)
    assert value(addon, face, "browInnerUp") == 0.0


def test_a_mesh_that_gets_displaced_wrinkles_is_subdivided_too(addon, face):
    other = face.copy()
    other.data = face.data.copy()
    addon.context.scene.collection.objects.link(other)
    face.wrinkle.displacement = True
    face.select_set(True)
    other.select_set(True)
    addon.context.view_layer.objects.active = face
    assert addon.ops.wrinkle.copy_to_mesh() == {"FINISHED"}
    assert [modifier.type for modifier in other.modifiers] == ["SUBSURF"]
    assert other.active_material.displacement_method == "DISPLACEMENT"


def test_a_linked_face_with_an_override_drives_its_wrinkles(addon, face, tmp_path: Path):
    path = tmp_path / "library.blend"
    face.data.shape_keys.key_blocks["browInnerUp"].value = 0.0
    addon.ops.wm.save_as_mainfile(filepath=str(path))
    addon.ops.wm.read_factory_settings(use_empty=True)
    with addon.data.libraries.load(str(path), link=True) as (_, there):
        there.objects = ["Ann"]
    linked = there.objects[0]
    own = linked.override_hierarchy_create(addon.context.scene, addon.context.view_layer, do_fully_editable=True)
    assert own is not None
    own.data.shape_keys.key_blocks["browInnerUp"].value = 0.6
    addon.context.view_layer.update()
    depsgraph = addon.context.evaluated_depsgraph_get()
    skin = own.evaluated_get(depsgraph).active_material
    from wrinkle_addon.blender.material import group_node

    assert group_node(skin).inputs["browInnerUp"].default_value == pytest.approx(0.6)
