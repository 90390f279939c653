# SPDX-License-Identifier: GPL-3.0-or-later
"""The same scenes path-traced in Cycles with true geometry and subsurface scattering: what the fast light must be."""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpy
import numpy as np
import numpy.typing as npt

from .geometry import Float
from .shading import SCATTER_MM, Lighting
from .tiles import Scene


def _grid(scene: Scene) -> bpy.types.Object:
    """A mesh with one vertex per sample, lying in x, y (mm) with z out of the skin, and its colour as an attribute."""
    size, mm = scene.relief.height.shape[0], scene.texel_mm
    axis = (np.arange(size) - (size - 1) / 2) * mm
    x, y = np.meshgrid(axis, -axis)
    bend = scene.light.bend
    z = scene.relief.height - 0.5 * (bend[0, 0] * x * x + 2 * bend[0, 1] * x * y + bend[1, 1] * y * y)
    index = np.arange(size * size).reshape(size, size)
    quads = np.stack((index[1:, :-1], index[1:, 1:], index[:-1, 1:], index[:-1, :-1]), -1).reshape(-1, 4)
    mesh = bpy.data.meshes.new("tile")
    mesh.vertices.add(size * size)
    mesh.vertices.foreach_set("co", np.stack((x, y, z), -1).astype(np.float32).ravel())
    mesh.loops.add(quads.size)
    mesh.loops.foreach_set("vertex_index", quads.astype(np.int32).ravel())
    mesh.polygons.add(len(quads))
    mesh.polygons.foreach_set("loop_start", np.arange(0, quads.size, 4, dtype=np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(quads), bool))
    mesh.update(calc_edges=True)
    colour = mesh.attributes.new("albedo", "FLOAT_COLOR", "POINT")
    cover = scene.skin.hair[..., None]
    albedo = scene.skin.albedo * (1 - cover) + cover * scene.skin.hair_shade
    rgba = np.concatenate((albedo, np.ones_like(albedo[..., :1])), -1)
    colour.data.foreach_set("color", rgba.astype(np.float32).ravel())
    tile = bpy.data.objects.new("tile", mesh)
    bpy.context.scene.collection.objects.link(tile)
    return tile


def _material(light: Lighting) -> bpy.types.Material:
    material = bpy.data.materials.new("skin")
    if material.node_tree is None:  # Blender before 5.0
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes["Principled BSDF"]
    source = nodes.new("ShaderNodeAttribute")
    source.attribute_name = "albedo"
    links.new(source.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = light.roughness
    shader.inputs["IOR"].default_value = 1.4
    shader.inputs["Specular IOR Level"].default_value = 0.5 * min(light.gloss, 2.0)
    shader.inputs["Subsurface Weight"].default_value = 1.0 if light.scatter > 0 else 0.0
    shader.inputs["Subsurface Radius"].default_value = [float(v) for v in SCATTER_MM * 1.5]
    shader.inputs["Subsurface Scale"].default_value = max(light.scatter, 0.01)
    return material


def _lamps(light: Lighting) -> None:
    world = bpy.data.worlds.new("sky")
    if world.node_tree is None:  # Blender before 5.0
        world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (*(float(v) for v in light.sky_tint), 1.0)
    background.inputs["Strength"].default_value = light.ambient / np.pi
    bpy.context.scene.world = world
    sun = bpy.data.lights.new("main", "SUN")
    sun.energy, sun.angle = 1 - light.ambient, 2 * float(np.arctan(light.softness))
    sun.color = [float(v) for v in light.main_tint]
    lamp = bpy.data.objects.new("main", sun)
    direction = light.direction.astype(float)
    lamp.rotation_mode = "QUATERNION"
    from mathutils import Vector

    lamp.rotation_quaternion = Vector(direction).to_track_quat("Z", "Y")
    bpy.context.scene.collection.objects.link(lamp)


def _camera(extent: float) -> None:
    data = bpy.data.cameras.new("camera")
    data.type, data.ortho_scale = "ORTHO", extent
    data.clip_end = 1000
    camera = bpy.data.objects.new("camera", data)
    camera.location = (0, 0, 200)
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera


def render_radiance(scene: Scene, samples: int = 64) -> Float:
    """Radiance of the scene, (S, S, 3) float32 linear, scaled as :func:`training.shading.shade` scales it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    size = scene.relief.height.shape[0]
    _grid(scene).data.materials.append(_material(scene.light))
    _lamps(scene.light)
    _camera(size * scene.texel_mm)
    setup = bpy.context.scene
    setup.render.engine = "CYCLES"
    setup.cycles.samples, setup.cycles.use_denoising = samples, False
    setup.cycles.max_bounces, setup.cycles.seed = 4, 1
    setup.render.threads_mode, setup.render.threads = "FIXED", 2
    setup.render.resolution_x = setup.render.resolution_y = size
    setup.render.filter_size = 1.0
    setup.view_settings.view_transform = "Raw"
    setup.render.image_settings.file_format = "OPEN_EXR"
    setup.render.image_settings.color_depth = "32"
    with tempfile.TemporaryDirectory() as folder:
        setup.render.filepath = str(Path(folder) / "tile.exr")
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(setup.render.filepath)
        pixels: npt.NDArray[np.float32] = np.empty(size * size * 4, np.float32)
        image.pixels.foreach_get(pixels)
    return np.ascontiguousarray(pixels.reshape(size, size, 4)[::-1, :, :3] * np.float32(np.pi))
