# SPDX-License-Identifier: GPL-3.0-or-later
"""What the node group shades, in Cycles and in EEVEE, against the composition in NumPy: texel by texel.

The group's tangent normal is rendered as plain colour on a sheet that fills the picture, so that a pixel is a texel.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from fake_reconstruction import EXPRESSIONS, fake_reconstruction

from wrinkle_addon.core.activation import MOST, Response, composed_normals, layer_activation, saturate
from wrinkle_addon.core.types import Layer, MotionMaps, Reconstruction

SIZE = 64
PIXELS = 4 * SIZE
"""Finer than the texels, so that EEVEE takes its mip maps' finest level as Cycles does."""
COUNT = 10
REST, STRENGTH = 0.2, 0.9
REGION = Response(strength=1.3, onset=0.1, power=1.4)
PLAIN_FILTER = {"MESA_EXTENSION_OVERRIDE": "-GL_EXT_texture_filter_anisotropic -GL_ARB_texture_filter_anisotropic"}
"""Mesa's software driver blurs every texture that is filtered anisotropically; other drivers do not read this."""


def layered() -> Reconstruction:
    """Two layers of different grooves, and permanent lines."""
    result = fake_reconstruction(grid=12, size=SIZE)
    upright = result.normal
    turned = np.ascontiguousarray(np.swapaxes(upright, 0, 1)[..., [1, 0, 2]])
    faint = (upright[::-1].astype(np.int32) + np.array([32768, 32768, 65535])) // 2
    height = result.wrinkles.displacement
    return replace(
        result,
        layers=(
            Layer(height, upright, EXPRESSIONS[:2], (0,)),
            Layer(np.ascontiguousarray(height.T), turned, EXPRESSIONS[2:], (1,)),
        ),
        permanent=Layer(height, faint.astype(np.uint16), ()),
    )


def weight_vectors() -> list[dict[str, float]]:
    rng = np.random.default_rng(6)
    return [dict(zip(EXPRESSIONS, map(float, rng.random(len(EXPRESSIONS))), strict=True)) for _ in range(COUNT)]


def composed(result: Reconstruction, weights: dict[str, float]) -> np.ndarray:
    """(PIXELS, PIXELS, 3) colours of the normal map that the formula yields."""
    awake = []
    for layer in result.layers:
        own = [result.motion.names.index(name) for name in layer.expressions]
        motion = MotionMaps(layer.expressions, result.motion.maps[own])
        awake.append(layer_activation(motion, weights, PIXELS, rest=REST, region=REGION))
    layers = [magnified(layer) for layer in result.layers]
    return composed_normals(layers, awake, magnified(result.permanent), STRENGTH) * 0.5 + 0.5


def magnified(layer: Layer) -> Layer:
    return replace(layer, normal=cv2.resize(layer.normal, (PIXELS, PIXELS), interpolation=cv2.INTER_LINEAR))


def shaded(bpy: ModuleType, engine: str, folder: Path) -> np.ndarray:
    """(COUNT, PIXELS, PIXELS, 3): the group's tangent normal as ``engine`` renders it."""
    from wrinkle_addon.blender import face, material, studio

    scene = bpy.context.scene
    obj = face.build_face(layered(), "Ann")
    group = material.group_node(obj.active_material).node_tree
    obj.hide_render = True
    node = add_sheet(bpy, group)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", 1.0
    camera.location.z = 1.0
    scene.collection.objects.link(camera)
    scene.camera = camera
    studio.set_engine(scene, engine, 1)
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    # Look at the middle of each pixel only.
    scene.cycles.filter_width, scene.render.filter_size = 0.01, 0.02
    scene.render.resolution_x = scene.render.resolution_y = PIXELS
    scene.render.image_settings.file_format, scene.render.image_settings.color_depth = "OPEN_EXR", "32"
    scene.view_settings.view_transform = "Raw"
    pictures = []
    for weights in weight_vectors():
        for name, value in {**weights, "Permanent": REST, "Strength": STRENGTH}.items():
            node.inputs[name].default_value = value
        scene.render.filepath = str(folder / f"{len(pictures)}.exr")
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        pixels = np.empty(PIXELS * PIXELS * 4, np.float32)
        image.pixels.foreach_get(pixels)
        pictures.append(pixels.reshape(PIXELS, PIXELS, 4)[::-1, :, :3])
    return np.stack(pictures)


def add_sheet(bpy: ModuleType, group: object) -> object:
    """A sheet from (-0.5, -0.5) to (0.5, 0.5) that glows in the colours of the tangent normal; its group node."""
    from wrinkle_addon.blender import ids

    mesh = bpy.data.meshes.new("Sheet")
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    mesh.from_pydata([(x - 0.5, y - 0.5, 0) for x, y in corners.tolist()], [], [(0, 1, 2, 3)])
    mesh.uv_layers.new(name=ids.UV_LAYER).uv.foreach_set("vector", corners.ravel())
    stored = mesh.attributes.new(ids.REGION_ATTRIBUTE, "FLOAT_VECTOR", "POINT").data
    stored.foreach_set("vector", np.tile([REGION.strength - 1, REGION.onset, REGION.power - 1], 4))
    skin = bpy.data.materials.new("Sheet")
    if skin.node_tree is None:  # Blender before 5.0
        skin.use_nodes = True
    nodes, link = skin.node_tree.nodes, skin.node_tree.links.new
    nodes.clear()
    node, glow, output = (nodes.new(f"ShaderNode{kind}") for kind in ("Group", "Emission", "OutputMaterial"))
    node.node_tree = group
    link(node.outputs["Tangent Normal"], glow.inputs["Color"])
    link(glow.outputs["Emission"], output.inputs["Surface"])
    mesh.materials.append(skin)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Sheet", mesh))
    return node


@pytest.mark.parametrize("engine", ["CYCLES", "EEVEE"])
def test_ten_random_weight_vectors_shade_as_composed(engine: str, tmp_path: Path) -> None:
    """In a Blender of its own: where there is no graphics driver at all, EEVEE ends the process."""
    pytest.importorskip("bpy")
    script = f"""if True:
        import sys
        sys.path[:0] = [{str(Path(__file__).parent)!r}]
        import bpy, numpy, pathlib, test_blender_shading as here
        bpy.ops.wm.read_factory_settings(use_empty=True)
        folder = pathlib.Path({str(tmp_path)!r})
        numpy.save(folder / "shaded.npy", here.shaded(bpy, {engine!r}, folder))
    """
    root = Path(__file__).parents[1]
    environment = {**os.environ, **PLAIN_FILTER}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=root, env=environment)
    if engine == "EEVEE" and not (tmp_path / "0.exr").exists():
        pytest.skip(f"EEVEE does not render here: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stdout + done.stderr
    result = layered()
    pictures = np.load(tmp_path / "shaded.npy")
    expected = np.stack([composed(result, weights) for weights in weight_vectors()])
    assert expected[..., :2].std(axis=(1, 2)).min() > 0.01
    worst = np.abs(pictures - expected).max()
    print(f"{engine}: at most {255 * worst:.3f} of 255 off")  # noqa: T201
    assert worst < 1 / 255


def test_one_expression_is_exact_and_many_are_held() -> None:
    assert np.allclose(saturate([0.0, 0.5, 1.0]), [0.0, 0.5, 1.0], atol=1e-12)
    steps = saturate(np.linspace(0, 4, 4001))
    assert (np.diff(steps) >= 0).all()
    assert steps.max() <= MOST
    assert np.abs(np.diff(steps, 2)).max() < 2e-5
