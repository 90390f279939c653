# SPDX-License-Identifier: GPL-3.0-or-later
"""The export: a folder whose maps say how they are used, and mesh files that other programs open."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from fake_reconstruction import EXPRESSIONS, fake_reconstruction
from fake_window import Windowed
from test_blender_shading import layered

from wrinkle_addon.core.files import read_exr, read_png

MORPHS = (*EXPRESSIONS, "photo")
# Blender's own exporters are not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:Setting the shape on a NumPy array:DeprecationWarning")


@pytest.fixture
def face(addon: ModuleType) -> object:
    """The active object: a face whose name has a space, moved and turned."""
    from wrinkle_addon.blender import face

    obj = face.build_face(fake_reconstruction(grid=16, size=64), "Ann Lee")
    obj.location, obj.rotation_euler.z = (0.1, 0.2, 0.3), 0.5
    addon.context.view_layer.objects.active = obj
    return obj


def export(bpy: ModuleType, folder: Path, **choices: object) -> dict:
    """Press the button; returns the description."""
    wanted = bpy.context.scene.wrinkle_export
    for name, value in choices.items():
        setattr(wanted, name, value)
    assert bpy.ops.wrinkle.export(directory=str(folder)) == {"FINISHED"}
    return json.loads((folder / "wrinkle.json").read_text("utf-8"))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def blocks(bpy: ModuleType) -> dict[str, list[str]]:
    kinds = ("objects", "meshes", "materials", "images", "scenes", "shape_keys", "node_groups", "armatures", "cameras")
    return {kind: [block.name for block in getattr(bpy.data, kind)] for kind in kinds}


def test_the_maps_are_those_of_the_face_in_both_conventions(addon, face, tmp_path):
    for convention in ("OPENGL", "DIRECTX"):
        description = export(addon, tmp_path / convention, convention=convention, formats=set())
        assert description["normal_convention"].upper() == convention
    result = fake_reconstruction(grid=16, size=64)
    opengl, directx = (read_png(tmp_path / name / "normal.png").astype(int) for name in ("OPENGL", "DIRECTX"))
    assert np.array_equal(opengl, result.normal)
    assert np.array_equal(opengl * (1, -1, 1) + (0, 65535, 0), directx)
    assert np.array_equal(read_exr(tmp_path / "OPENGL" / "displacement.exr"), result.wrinkles.displacement)
    atlas = read_png(tmp_path / "OPENGL" / "motion.png")
    place = description["expressions"]["mouthSmileLeft"]
    left = round(place["offset"][0] * atlas.shape[1])
    top = round((1 - place["offset"][1] - place["scale"][1]) * atlas.shape[0])
    assert np.array_equal(atlas[top : top + 64, left : left + 64, place["channel"]], result.motion.maps[3])
    mask = read_png(tmp_path / "OPENGL" / description["masks"]["forehead"])
    assert mask[10].min() == 255
    assert mask[-10].max() == 0


@pytest.mark.parametrize("kind", ["gltf", "fbx", "usd"])
def test_a_mesh_file_opens_again_with_its_morph_targets_and_maps(addon, face, tmp_path, kind):
    addon.ops.mesh.primitive_cube_add()
    addon.context.view_layer.objects.active = face
    face.data.shape_keys.key_blocks["jawOpen"].value = 0.7
    before, selected = blocks(addon), [obj.name for obj in addon.context.selected_objects]
    description = export(addon, tmp_path, formats={kind.upper()})
    assert blocks(addon) == before
    assert [obj.name for obj in addon.context.selected_objects] == selected
    assert addon.context.view_layer.objects.active == face
    assert face.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.7)
    place = np.array(face.matrix_world)
    corners = {name: shape(face, name) for name in ("Basis", "jawOpen")}
    assert description["morphs"] == list(MORPHS)
    addon.ops.wm.read_factory_settings(use_empty=True)
    opened(addon, kind, tmp_path)
    (again,) = [obj for obj in addon.data.objects if obj.type == "MESH"]
    assert again.name.replace("_", " ").startswith("Ann Lee")
    keys = again.data.shape_keys.key_blocks
    assert tuple(key.name for key in keys)[1:] == MORPHS
    assert not any(key.value for key in keys[1:])
    world = np.array(again.matrix_world)
    for name, expected in corners.items():
        found = shape(again, name) @ world[:3, :3].T + world[:3, 3]
        wanted = expected @ place[:3, :3].T + place[:3, 3]
        # Formats may order and split vertices.
        nearest = np.linalg.norm(found[:, None] - wanted[None], axis=2).min(axis=0)
        assert nearest.max() < 1e-5, name
    nodes = again.active_material.node_tree.nodes
    shown = {
        link.to_node.bl_idname: node.image
        for node in nodes
        if node.bl_idname == "ShaderNodeTexImage"
        for link in node.outputs["Color"].links
    }
    result = fake_reconstruction(grid=16, size=64)
    assert np.abs(pixels(shown["ShaderNodeNormalMap"]) * 65535 - result.normal).max() <= 1
    assert shown["ShaderNodeBsdfPrincipled"].size[:] == (64, 64)
    assert shown["ShaderNodeNormalMap"].colorspace_settings.name == "Non-Color"
    if kind != "usd":
        strength = next(node for node in nodes if node.bl_idname == "ShaderNodeNormalMap").inputs["Strength"]
        assert strength.default_value == pytest.approx(description["permanent"])


def opened(bpy: ModuleType, kind: str, folder: Path) -> None:
    if kind == "gltf":
        bpy.ops.import_scene.gltf(filepath=str(folder / "face.glb"))
    elif kind == "fbx":
        bpy.ops.import_scene.fbx(filepath=str(folder / "face.fbx"))
    else:
        bpy.ops.wm.usd_import(filepath=str(folder / "face.usdz"))


def shape(obj: object, name: str) -> np.ndarray:
    """(V, 3) of a shape key."""
    values = np.empty(3 * len(obj.data.vertices), np.float32)
    obj.data.shape_keys.key_blocks[name].data.foreach_get("co", values)
    return values.reshape(-1, 3).astype(float)


def pixels(image: object) -> np.ndarray:
    """(H, W, 3), row 0 on top."""
    width, height = image.size
    values = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(height, width, -1)[::-1, :, :3]


def test_an_exported_face_yields_the_normals_that_blender_is_told_to_shade(addon, tmp_path):
    """Layers, permanent lines, regions and responses, all as a user sets them, read back by the exported reader."""
    from wrinkle_addon.blender import face as faces
    from wrinkle_addon.core.activation import Response, composed_normals, layer_activation
    from wrinkle_addon.core.types import MotionMaps

    result = layered()
    obj = faces.build_face(result, "Ann")
    addon.context.view_layer.objects.active = obj
    obj.wrinkle.strength = 0.8
    drive = obj.wrinkle.drives.add()
    drive.name, drive.strength, drive.onset, drive.power = "jawOpen", 1.5, 0.2, 2.0
    for name in ("forehead", "chin"):
        region = obj.wrinkle.regions.add()
        region.name, region.strength, region.onset, region.power = name, 0.5, 0.1, 1.5
    description = export(addon, tmp_path, formats=set(), convention="DIRECTX")
    assert description["strength"] == pytest.approx(0.8)
    assert len(description["layers"]) == 2
    weights = {"browInnerUp": 0.6, "browDownLeft": 0.5, "jawOpen": 0.9, "photo": 0.2}
    normals = reader(tmp_path).Face(tmp_path).normals(weights)
    answered = weights | {"jawOpen": float(Response(1.5, 0.2, 2.0)(0.9))}
    forehead, chin = np.s_[2:14, :], np.s_[56:62, :]
    awake = []
    for number, layer in enumerate(result.layers):
        own = [result.motion.names.index(name) for name in layer.expressions]
        motion = MotionMaps(layer.expressions, result.motion.maps[own])
        direct = 0.2 if number == 0 else 0.0
        region = Response(0.5, 0.1, 1.5)
        rest = description["permanent"]
        awake.append(layer_activation(motion, answered, 64, direct=direct, rest=rest, region=region))
    expected = composed_normals(result.layers, awake, result.permanent, 0.8)
    for rows in (forehead, chin):
        assert np.abs(normals[rows] - expected[rows]).max() < 1 / 255
    assert np.ptp(normals[forehead]) > 0.1


def reader(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("exported_wrinkle", folder / "wrinkle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_painted_mask_and_the_skin_s_own_settings_go_along(addon, face, tmp_path):
    from wrinkle_addon.blender import mask, material

    plain = export(addon, tmp_path / "plain", formats=set())
    assert plain["mask"] is None
    assert plain["roughness"] == pytest.approx(0.45)
    assert plain["scatter_mm"][0] == pytest.approx(1.0)
    node = material.group_node(face.active_material)
    node.inputs["Mask"].default_value = 0.5
    assert export(addon, tmp_path / "half", formats=set())["strength"] == pytest.approx(0.5 * plain["strength"])
    image = mask.new_mask("Mask")
    image.pixels[:4] = (0.25, 0.25, 0.25, 1.0)
    mask.attach(face, image)
    masked = export(addon, tmp_path / "masked", formats=set())
    assert masked["strength"] == plain["strength"]
    stored = read_png(tmp_path / "masked" / masked["mask"])
    assert (stored[-1, 0], stored[0, 0]) == (64, 255)
    assert read_png(tmp_path / "masked" / "texture.png").shape == (64, 64, 3)
    normals = reader(tmp_path / "masked").Face(tmp_path / "masked").normals({"browInnerUp": 1.0})
    assert np.ptp(normals) > 0.1


def test_every_engine_finds_the_files_that_its_shaders_name(addon, face, tmp_path):
    engines = {"UNREAL", "UNITY", "GODOT", "REFERENCE"}
    export(addon, tmp_path, formats=set(), engines=engines)
    for line in (tmp_path / "wrinkle_skin.tres").read_text("utf-8").splitlines():
        if line.startswith("[ext_resource"):
            assert (tmp_path / line.split('path="')[1].split('"')[0]).is_file()
    imports = {path.name for path in tmp_path.glob("*.import")}
    assert imports == {"motion.png.import", "normal.exr.import", "texture.png.import"}
    expected = {"Wrinkle.hlsl", "WrinkleFace.cs", "wrinkle_unreal.py", "wrinkle.gd", "wrinkle.frag", "wrinkle.py"}
    assert expected <= names(tmp_path)


def test_a_linked_face_is_exported_as_it_is(addon, face, tmp_path):
    addon.data.libraries.write(str(tmp_path / "library.blend"), {face})
    addon.ops.wm.read_factory_settings(use_empty=True)
    with addon.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.objects = ["Ann Lee"]
    linked = addon.data.objects["Ann Lee"]
    addon.context.scene.collection.objects.link(linked)
    addon.context.view_layer.objects.active = linked
    before = blocks(addon)
    assert export(addon, tmp_path / "out", formats={"GLTF"})["morphs"] == list(MORPHS)
    assert blocks(addon) == before


def test_a_renamed_shape_key_leaves_under_its_expression_s_name(addon, face, tmp_path):
    face.data.shape_keys.key_blocks["jawOpen"].name = "Kiefer auf"
    assert export(addon, tmp_path, formats={"GLTF"})["morphs"] == list(MORPHS)
    assert "Kiefer auf" in face.data.shape_keys.key_blocks
    addon.ops.wm.read_factory_settings(use_empty=True)
    opened(addon, "gltf", tmp_path)
    assert "jawOpen" in addon.data.objects["Ann Lee"].data.shape_keys.key_blocks


DAMAGE = ("no shape keys", "no UV", "no groups", "vertices gone", "painted map", "modifier", "second material")


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_face_that_was_edited_exports_what_it_still_has(addon, face, tmp_path, damage):
    normals = addon.data.images["Ann Lee Wrinkle Normals"]
    if damage == "no shape keys":
        face.shape_key_clear()
    elif damage == "no UV":
        face.data.uv_layers.remove(face.data.uv_layers[0])
    elif damage == "no groups":
        face.vertex_groups.clear()
    elif damage == "vertices gone":
        addon.ops.object.select_all(action="DESELECT")
        face.select_set(True)
        addon.ops.object.mode_set(mode="EDIT")
        addon.ops.mesh.select_all(action="DESELECT")
        addon.ops.object.mode_set(mode="OBJECT")
        for vertex in face.data.vertices[:40]:
            vertex.select = True
        addon.ops.object.mode_set(mode="EDIT")
        addon.ops.mesh.delete(type="VERT")
        addon.ops.object.mode_set(mode="OBJECT")
    elif damage == "painted map":
        normals.pixels[0] = 0.75
    elif damage == "modifier":
        face.modifiers.new("Subdivision", "SUBSURF").levels = 2
    else:
        face.data.materials.append(addon.data.materials.new("Hair"))
        face.active_material_index = 1
    description = export(addon, tmp_path, formats={"GLTF", "FBX", "USD"})
    stored = read_png(tmp_path / "normal.png")
    assert stored.shape == (64, 64, 3)
    assert stored[-1, 0, 0] == (round(0.75 * 65535) if damage == "painted map" else 32768)
    assert description["morphs"] == ([] if damage == "no shape keys" else list(MORPHS))
    assert bool(description["masks"]) == (damage not in {"no groups", "no UV"})
    assert {"face.glb", "face.fbx", "face.usdz"} <= names(tmp_path)


def test_lost_shape_keys_are_named(addon, face, tmp_path, capfd):
    for name in ("jawOpen", "photo"):
        face.shape_key_remove(face.data.shape_keys.key_blocks[name])
    description = export(addon, tmp_path, formats={"GLTF"})
    assert set(description["morphs"]) == set(MORPHS) - {"jawOpen", "photo"}
    assert "The face has lost 2 of its shape keys: jawOpen, photo." in capfd.readouterr().out


def failure(bpy: ModuleType, folder: str) -> str:
    with pytest.raises(RuntimeError) as caught:
        bpy.ops.wrinkle.export(directory=folder)
    return str(caught.value)


def test_what_cannot_be_exported_is_said_in_one_sentence(addon, face, tmp_path):
    (tmp_path / "file").write_text("")
    assert "is a file, not a folder" in failure(addon, str(tmp_path / "file"))
    assert "no folder yet. Save it first" in failure(addon, "")
    addon.context.scene.wrinkle_export.folder = ""
    assert "No folder is chosen." in failure(addon, "")
    image = addon.data.images["Ann Lee Displacement"]
    image.unpack(method="REMOVE")
    assert "has no file any more" in failure(addon, str(tmp_path / "new"))
    face.data.materials.clear()
    assert "lost its wrinkle material" in failure(addon, str(tmp_path / "new"))
    assert names(tmp_path / "new") == set()


def test_an_exporter_that_is_not_there_is_named(addon, face, tmp_path, monkeypatch, capsys):
    from wrinkle_addon.blender import mesh_files
    from wrinkle_addon.cli import main

    monkeypatch.setitem(mesh_files._OPERATORS, "USD", "wm.no_such_export")
    addon.context.scene.wrinkle_export.formats = {"GLTF", "USD"}
    assert "cannot write USD" in failure(addon, str(tmp_path))
    photo, out = tmp_path / "photo.png", tmp_path / "out"
    assert main(["reconstruct", str(photo), "--out", str(out), "--export", "godot,usd"]) == 2
    assert "cannot write USD" in capsys.readouterr().err
    assert not out.exists()


def test_cancelling_writes_nothing(addon, face, tmp_path):
    from wrinkle_addon.blender import map_export, mesh_files
    from wrinkle_addon.core.errors import Cancelled

    before = blocks(addon)
    seen = []

    def stop(fraction: float, text: str) -> bool:
        seen.append(text)
        return "fbx" not in text

    with pytest.raises(Cancelled):
        mesh_files.write_meshes(face, ["GLTF", "FBX"], tmp_path / "meshes", stop)
    assert "Writing face.glb" in seen
    assert not (tmp_path / "meshes").exists()
    assert blocks(addon) == before
    with pytest.raises(Cancelled):
        map_export.write(map_export.collect(face), tmp_path / "maps", progress=lambda fraction, text: fraction < 0.5)
    assert names(tmp_path / "maps") == set()


def test_with_a_window_the_button_works_in_a_thread(addon, face, tmp_path, monkeypatch):
    from wrinkle_addon.blender.operators import task
    from wrinkle_addon.blender.operators.export import WRINKLE_OT_export

    monkeypatch.setattr(task, "has_window", lambda context: True)
    addon.context.scene.wrinkle_export.formats = set()
    window = Windowed(addon, WRINKLE_OT_export, directory=str(tmp_path))
    assert window.start() == {"RUNNING_MODAL"}
    assert window.run() == {"FINISHED"}
    assert (tmp_path / "wrinkle.json").is_file()


def test_a_second_blender_s_order_writes_the_mesh_files(addon, face, tmp_path, capsys):
    from wrinkle_addon.blender import mesh_files

    mesh_files.export_order({"object": "Ann Lee", "formats": ["GLTF"], "made": str(tmp_path / "meshes")})
    assert names(tmp_path / "meshes") == {"face.glb"}
    assert "wrinkle progress 0.000 Writing face.glb" in capsys.readouterr().out


def test_the_command_line_exports_what_it_is_told(face, tmp_path):
    from wrinkle_addon.blender import headless
    from wrinkle_addon.cli import TARGETS
    from wrinkle_addon.core.progress import silent

    paths = headless._exported(face, tmp_path / "export", TARGETS, silent)
    assert len(set(paths)) == len(paths)
    assert all(path.is_file() for path in paths)
    expected = {"face.glb", "face.fbx", "face.usdz", "wrinkle.json", "wrinkle.frag", "Wrinkle.hlsl", "wrinkle.gd"}
    assert expected <= names(tmp_path / "export")
