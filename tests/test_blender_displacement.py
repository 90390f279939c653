# SPDX-License-Identifier: GPL-3.0-or-later
"""True displacement, measured: Cycles renders where the displaced surface lies, in metres."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fake_reconstruction import GROOVE_DEPTH_MM, HEIGHT_MM, fake_reconstruction

PIXELS = 96
VIEW_MM = 32.0
"""Edge of the square that is looked at: four grooves, a third of a millimetre to a pixel."""


@pytest.fixture
def face(bpy):
    from wrinkle_addon.blender.face import build_face

    result = fake_reconstruction(grid=40, size=1024)
    return build_face(result, "Ann", permanent=0.0)


def nearness(bpy, face, folder: Path) -> np.ndarray:
    """(PIXELS, PIXELS) mm: how far the forehead's surface lies towards the viewer, as Cycles renders it."""
    from wrinkle_addon.blender import studio

    scene = bpy.context.scene
    tree = face.active_material.node_tree
    place, parts = tree.nodes.new("ShaderNodeNewGeometry"), tree.nodes.new("ShaderNodeSeparateXYZ")
    glow, output = tree.nodes.new("ShaderNodeEmission"), tree.get_output_node("ALL")
    tree.links.new(place.outputs["Position"], parts.inputs["Vector"])
    tree.links.new(parts.outputs["Y"], glow.inputs["Color"])
    tree.links.new(glow.outputs["Emission"], output.inputs["Surface"])
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", VIEW_MM / 1000
    camera.data.clip_start = 0.001
    camera.location = (0, -0.2, 0.35 * HEIGHT_MM / 1000)
    camera.rotation_euler = (np.pi / 2, 0, 0)
    scene.collection.objects.link(camera)
    scene.camera = camera
    studio.set_engine(scene, "CYCLES", 1)
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.filter_width = 1, False, 0.01
    scene.render.resolution_x = scene.render.resolution_y = PIXELS
    scene.render.image_settings.file_format, scene.render.image_settings.color_depth = "OPEN_EXR", "32"
    scene.view_settings.view_transform = "Raw"
    scene.render.filepath = str(folder / "place.exr")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = np.empty(PIXELS * PIXELS * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return -1000 * pixels.reshape(PIXELS, PIXELS, 4)[::-1, :, 0].astype(np.float64)


@pytest.mark.parametrize("weight", [0.5, 1.0])
def test_grooves_are_as_deep_in_the_render_as_they_were_reconstructed(bpy, face, tmp_path, weight) -> None:
    from wrinkle_addon.blender import displacement

    scene = bpy.context.scene
    displacement.show(face, scene, True)
    face.data.shape_keys.key_blocks["browInnerUp"].value = 0.0
    smooth = nearness(bpy, face, tmp_path)
    key = face.data.shape_keys.key_blocks["browInnerUp"]
    # The expression must only wake its grooves, not move the plane that is measured.
    flat = np.empty(3 * len(face.data.vertices), np.float32)
    key.relative_key.data.foreach_get("co", flat)
    key.data.foreach_set("co", flat)
    key.value = weight
    grooved = nearness(bpy, face, tmp_path)
    relief = grooved - smooth
    inside = relief[8:-8, 8:-8]
    depth = np.percentile(inside, 98) - np.percentile(inside, 2)
    print(f"weight {weight}: {depth:.3f} mm of {weight * GROOVE_DEPTH_MM:.3f} mm")  # noqa: T201
    assert depth == pytest.approx(weight * GROOVE_DEPTH_MM, rel=0.06)
    assert np.abs(inside.mean(axis=1)).max() == pytest.approx(weight * GROOVE_DEPTH_MM / 2, rel=0.06)


def test_displaced_wrinkles_are_shaded_too(bpy, face) -> None:
    """A normal map lies on the surface as it was before displacement: it must not hide what moved."""
    from wrinkle_addon.blender import displacement, preview

    weights = {"browInnerUp": 1.0}
    shots = (preview.Shot("smooth", weights, wrinkles=False, turn=0.0), preview.Shot("wrinkled", weights, turn=0.0))
    changes = []
    for on in (False, True):
        displacement.show(face, bpy.context.scene, on)
        smooth, wrinkled = preview.render_shots(face, shots, engine="CYCLES", size=128)
        changes.append(np.abs(wrinkled.astype(int) - smooth)[:50, 40:90].mean())
    mapped, displaced = changes
    assert mapped > 3
    assert displaced == pytest.approx(mapped, rel=0.5)


def test_switching_back_leaves_the_mesh_and_the_users_nodes_alone(bpy, face) -> None:
    from wrinkle_addon.blender import displacement, ids, material

    own = face.active_material.node_tree.nodes.new("ShaderNodeDisplacement")
    for _ in range(2):
        displacement.show(face, bpy.context.scene, True)
    assert displacement.shown(face)
    assert [modifier.type for modifier in face.modifiers] == ["SUBSURF"]
    assert face.modifiers[0].levels == 0
    assert material.group_node(face.active_material).inputs[ids.BUMP].default_value == 0.0
    displacement.show(face, bpy.context.scene, False)
    assert not face.modifiers
    assert face.active_material.displacement_method == "BUMP"
    assert material.group_node(face.active_material).inputs[ids.BUMP].default_value == 1.0
    assert [n.name for n in face.active_material.node_tree.nodes if n.bl_idname == own.bl_idname] == [own.name]
