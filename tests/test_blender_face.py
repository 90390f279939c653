# SPDX-License-Identifier: GPL-3.0-or-later
"""The face in Blender: frame, shape keys, images, and what its material shades, measured by baking."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from fake_reconstruction import HEIGHT_MM, WIDTH_MM, fake_reconstruction

SIZE = 128


def bake_normals(bpy: ModuleType, obj: object, size: int = SIZE) -> np.ndarray:
    """Tangent-space normals that Cycles shades, (size, size, 3) in -1..1, rows as in a texture."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    image = bpy.data.images.new("Bake", size, size, float_buffer=True, is_data=True)
    nodes = obj.active_material.node_tree.nodes
    node = nodes.new("ShaderNodeTexImage")
    node.image = image
    nodes.active = node
    bpy.context.view_layer.objects.active = obj
    obj.select_set(True)
    bpy.ops.object.bake(type="NORMAL", normal_space="TANGENT", margin=0)
    pixels = np.empty(size * size * 4, np.float32)
    image.pixels.foreach_get(pixels)
    nodes.remove(node)
    bpy.data.images.remove(image)
    return pixels.reshape(size, size, 4)[::-1, :, :3] * 2 - 1


def expected_normals(result: object, weights: dict[str, float], permanent: float, strength: float) -> np.ndarray:
    """What the material should shade, composed in NumPy at the bake's texel centres; (SIZE, SIZE, 3)."""
    centres = (np.arange(SIZE) + 0.5) / SIZE
    awake = np.zeros((SIZE, SIZE))
    for name, pixels in zip(result.motion.names, result.motion.maps, strict=True):
        awake += weights.get(name, 0.0) * sampled(pixels[..., None] / 255, centres)[..., 0]
    assert awake.max() <= 1  # beyond, sums bend: see test_blender_shading.py
    awake = (permanent + (1 - permanent) * awake) * strength
    stored = sampled(result.normal / 65535 * 2 - 1, centres)
    bent = np.dstack([stored[..., :2] / stored[..., 2:] * awake[..., None], np.ones((SIZE, SIZE))])
    return bent / np.linalg.norm(bent, axis=2, keepdims=True)


def sampled(pixels: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Linear interpolation of a square (S, S, C) map at a grid of texel centres 0..1."""
    places = np.clip(centres * len(pixels) - 0.5, 0, len(pixels) - 1)
    low = np.minimum(places.astype(int), len(pixels) - 2)
    share = places - low
    rows = pixels[low] * (1 - share)[:, None, None] + pixels[low + 1] * share[:, None, None]
    return rows[:, low] * (1 - share)[None, :, None] + rows[:, low + 1] * share[None, :, None]


@pytest.fixture
def face(bpy):
    from wrinkle_addon.blender.face import build_face

    return build_face(fake_reconstruction(), "Ann")


def test_object_is_in_metres_and_looks_along_minus_y(bpy, face):
    points = np.array([vertex.co[:] for vertex in face.data.vertices])
    assert np.allclose(np.ptp(points, axis=0)[[0, 2]], (WIDTH_MM / 1000, HEIGHT_MM / 1000), atol=1e-6)
    normals = np.array([polygon.normal[:] for polygon in face.data.polygons])
    assert (normals[:, 1] < -0.5).all()
    assert all(polygon.use_smooth for polygon in face.data.polygons)
    assert not face.data.validate()


def test_shape_keys_carry_the_expressions_in_metres(bpy, face):
    result = fake_reconstruction()
    keys = face.data.shape_keys.key_blocks
    assert list(keys.keys()) == ["Basis", *result.model.arkit.names, "photo"]
    assert all((key.value, key.slider_min, key.slider_max) == (0, 0, 1) for key in keys[1:])
    moved = np.array([point.co[:] for point in keys["browInnerUp"].data]) - [v.co[:] for v in face.data.vertices]
    assert np.isclose(moved[:, 2].max(), 0.004, atol=1e-6)
    assert np.abs(moved[:, :2]).max() < 1e-6


def test_uv_and_vertex_groups_follow_the_model(bpy, face):
    model = fake_reconstruction().model
    corners = np.array([loop.vertex_index for loop in face.data.loops])
    uv = np.array([entry.vector[:] for entry in face.data.uv_layers["Face UV"].uv])
    assert np.allclose(uv, model.uv[corners], atol=1e-6)
    group = face.vertex_groups["forehead"]
    found = np.zeros(len(face.data.vertices))
    for vertex in face.data.vertices:
        found[vertex.index] = sum(entry.weight for entry in vertex.groups if entry.group == group.index)
    assert np.abs(found - model.regions["forehead"]).max() <= 0.5 / 64 + 1e-6


def test_images_are_packed_and_vectors_are_not_colour_managed_after_reload(bpy, face, tmp_path):
    face.data.use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "ann.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "ann.blend"))
    images = {image.name: image for image in bpy.data.images if image.type == "IMAGE"}
    assert set(images) == {"Ann Photo", "Ann Wrinkle Normals", "Ann Motion Maps", "Ann Displacement"}
    assert all(image.packed_file and image.filepath.startswith("//") for image in images.values())
    assert not images.pop("Ann Photo").colorspace_settings.is_data
    assert all(image.colorspace_settings.is_data for image in images.values())


@pytest.mark.parametrize("weights", [{}, {"browInnerUp": 1.0}, {"browDownLeft": 0.7, "jawOpen": 0.3}])
def test_shading_equals_the_numpy_composition(bpy, face, weights):
    from wrinkle_addon.blender.material import group_node

    node = group_node(face.active_material)
    node.inputs["Permanent"].default_value = 0.25
    node.inputs["Strength"].default_value = 0.8
    for name, value in weights.items():
        face.data.shape_keys.key_blocks[name].value = value
    shaded = bake_normals(bpy, face)
    expected = expected_normals(fake_reconstruction(), weights, 0.25, 0.8)
    inner = np.s_[4:-4, 4:-4]
    assert np.abs(shaded - expected)[inner].max() < 2 / 255


def test_raised_brows_change_the_forehead_and_nothing_on_the_chin(bpy, face):
    rest = bake_normals(bpy, face)
    face.data.shape_keys.key_blocks["browInnerUp"].value = 1.0
    raised = bake_normals(bpy, face)
    change = np.degrees(np.arccos(np.clip((rest * raised).sum(axis=2), -1, 1)))
    assert np.median(change[5 : SIZE // 4]) > 3
    assert change[3 * SIZE // 4 : -5].max() < 0.1


def test_the_photo_key_shows_all_wrinkles_and_strength_zero_none(bpy, face):
    from wrinkle_addon.blender.material import group_node

    face.data.shape_keys.key_blocks["photo"].value = 1.0
    shown = bake_normals(bpy, face)[4:-4, 4:-4]
    assert np.abs(shown - expected_normals(fake_reconstruction(), {}, 1.0, 1.0)[4:-4, 4:-4]).max() < 2 / 255
    group_node(face.active_material).inputs["Strength"].default_value = 0.0
    assert bake_normals(bpy, face)[4:-4, 4:-4, 2].min() > 0.9999


def test_a_region_can_be_switched_off(bpy, face):
    from wrinkle_addon.blender.mesh import set_region_response
    from wrinkle_addon.core.activation import Response

    face.data.shape_keys.key_blocks["photo"].value = 1.0
    set_region_response(face, {"chin": Response(strength=0.0)})
    shaded = bake_normals(bpy, face)
    assert shaded[int(0.85 * SIZE) : -4, 4:-4, 2].min() > 0.999
    assert np.abs(shaded[4 : SIZE // 2, 4:-4, 1]).max() > 0.1


def test_the_saved_file_drives_without_the_add_on_and_without_python(bpy, tmp_path):
    """A second Blender, with scripts disabled and the add-on nowhere, moves a key and sees the forehead change."""
    from wrinkle_addon.blender import face as faces

    obj = faces.build_face(fake_reconstruction(), "Ann")
    assert all(curve.driver.type == "SUM" for curve in obj.active_material.node_tree.animation_data.drivers)
    path = tmp_path / "face.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)
    script = f"""
        import sys
        sys.path[:0] = [{str(Path(__file__).parent)!r}]
        import bpy, numpy as np
        bpy.ops.wm.open_mainfile(filepath={str(path)!r}, use_scripts=False)
        from test_blender_face import bake_normals
        assert not bpy.context.preferences.filepaths.use_scripts_auto_execute
        obj = bpy.data.objects["Ann"]
        rest = bake_normals(bpy, obj, 64)
        obj.data.shape_keys.key_blocks["browInnerUp"].value = 1.0
        change = np.abs(bake_normals(bpy, obj, 64) - rest).max(axis=2)
        assert np.median(change[3:16]) > 0.05, change[3:16]
        assert change[48:-3].max() < 0.002, change[48:].max()
        assert not any(name.startswith("wrinkle_addon.blender") for name in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_displacement_can_replace_the_shading(bpy, face):
    from wrinkle_addon.blender.material import group_node, set_displacement

    skin = face.active_material
    face.data.shape_keys.key_blocks["photo"].value = 1.0
    set_displacement(skin, True)
    assert skin.displacement_method == "DISPLACEMENT"
    node = next(node for node in skin.node_tree.nodes if node.bl_idname == "ShaderNodeDisplacement")
    assert node.inputs["Scale"].default_value == 1.0
    assert group_node(skin).inputs["Bump"].default_value == 0.0
    set_displacement(skin, False)
    assert not any(node.bl_idname == "ShaderNodeDisplacement" for node in skin.node_tree.nodes)
    assert group_node(skin).inputs["Bump"].default_value == 1.0


def test_replacing_and_removing_leave_nothing_behind(bpy):
    from wrinkle_addon.blender import face as faces

    kinds = ("meshes", "materials", "images", "node_groups", "objects", "shape_keys")
    before = {kind: len(getattr(bpy.data, kind)) for kind in kinds}
    result = fake_reconstruction(grid=12, size=64)
    for _ in range(10):
        obj = faces.build_face(result, "Ann")
        obj.data.shape_keys.key_blocks["jawOpen"].value = 0.5
        again = faces.build_face(result, "Ann", replace=obj)
        assert again == obj
        assert again.data.name == "Ann"
        assert again.data.shape_keys.key_blocks["jawOpen"].value == 0.5
        faces.remove_face(again)
        assert {kind: len(getattr(bpy.data, kind)) for kind in kinds} == before
