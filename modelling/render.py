# SPDX-License-Identifier: GPL-3.0-or-later
"""Photograph a face model in Cycles without a window: sun, sky, albedo texture, relief as geometry or bump."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import bpy
import cv2
import numpy as np

from .subdivide import loop

METRE = 0.001  # model millimetres in Blender's metres


@dataclass(frozen=True)
class Camera:
    """Looks at ``target`` (mm, model frame) from ``distance`` mm, turned by ``yaw`` (positive shows the subject's left
    side) and ``pitch`` (positive looks down on the face), degrees.

    ``focal_mm`` on a 36 mm film, or None for an orthographic view ``width_mm`` wide. ``size``: (width, height), pixels.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    distance: float = 900.0
    focal_mm: float | None = 85.0
    width_mm: float = 300.0
    target: tuple[float, float, float] = (0.0, -18.0, -10.0)
    size: tuple[int, int] = (768, 960)

    def axes(self) -> np.ndarray:
        """(3, 3) rows: right, up, towards the viewer, in the model frame."""
        yaw, pitch = np.radians([self.yaw, self.pitch])
        back = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
        right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
        return np.stack([right, np.cross(back, right), back])

    def project(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) pixels (centres at integers, y down) of (N, 3) points in mm."""
        seen = (np.asarray(points, float) - self.target) @ self.axes().T
        width, height = self.size
        if self.focal_mm is None:
            scale = np.full(len(seen), width / self.width_mm)
        else:
            scale = width * self.focal_mm / 36.0 / (self.distance - seen[:, 2])
        return np.stack([width / 2 - 0.5 + scale * seen[:, 0], height / 2 - 0.5 - scale * seen[:, 1]], axis=1)


@dataclass(frozen=True)
class Lighting:
    """A sun towards ``direction`` (model frame) of ``strength`` W/m2 and ``angle`` degrees across, and an even sky.

    fill: a second sun's direction, of ``fill_share`` of the first one's strength and 20 degrees across.
    """

    direction: tuple[float, float, float] = (-0.45, 0.55, 0.7)
    strength: float = 2.6
    angle: float = 6.0
    ambient: float = 0.55
    background: tuple[int, int, int] = (108, 116, 124)
    fill: tuple[float, float, float] | None = None
    fill_share: float = 0.35


@dataclass(frozen=True, eq=False)
class Relief:
    """Displacement (S, S) mm in UV, rows as in a texture; ``levels`` of smooth subdivision make it geometry, 0 bump."""

    height: np.ndarray
    levels: int = 3


def render(
    vertices: np.ndarray,
    triangles: np.ndarray,
    uv: np.ndarray,
    albedo: np.ndarray,
    camera: Camera = Camera(),
    light: Lighting = Lighting(),
    relief: Relief | None = None,
    wet: np.ndarray | None = None,
    samples: int = 48,
) -> np.ndarray:
    """(H, W, 3) uint8 sRGB picture of (V, 3) mm vertices.

    albedo: (S, S, 3) uint8 sRGB in UV. wet: (V,) bool, glossy vertices (eyeballs). Leaves an empty scene.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(relief.levels if relief is not None else 0):
            vertices, triangles, uv, wet = _finer(vertices, triangles, uv, wet)
        body = _mesh(vertices, triangles, uv)
        _materials(body, triangles, albedo, relief, wet, Path(folder))
        _camera(camera)
        _light(light)
        picture = _shoot(camera, samples, Path(folder))
    colour, alpha = picture[:, :, 2::-1].astype(np.float32), picture[:, :, 3:].astype(np.float32) / 255
    return np.round(colour * alpha + np.array(light.background, np.float32) * (1 - alpha)).astype(np.uint8)


def _blender(points: np.ndarray) -> np.ndarray:
    """Model frame to Blender's: metres, +Z up, the face looks along -Y."""
    p = np.asarray(points, float)
    return np.stack([p[..., 0], -p[..., 2], p[..., 1]], axis=-1)


def _finer(
    vertices: np.ndarray, triangles: np.ndarray, uv: np.ndarray, wet: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """One Loop subdivision, so that no facets show; the UV is halved in straight lines and so stays what it was."""
    finer, matrix = loop(triangles, len(vertices))
    drawn = np.zeros((matrix.shape[0], 3))
    drawn[: len(uv)] = np.c_[uv, np.zeros(len(uv)) if wet is None else wet]
    middles = finer[3 * len(triangles) :]  # of the edges opposite the corners
    for side, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
        drawn[middles[:, side]] = (drawn[triangles[:, i]] + drawn[triangles[:, j]]) / 2
    return matrix @ vertices, finer, drawn[:, :2], None if wet is None else drawn[:, 2] == 1


def _mesh(vertices: np.ndarray, triangles: np.ndarray, uv: np.ndarray) -> bpy.types.Object:
    mesh = bpy.data.meshes.new("face")
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", (_blender(vertices) * METRE).astype(np.float32).ravel())
    mesh.loops.add(triangles.size)
    mesh.loops.foreach_set("vertex_index", triangles.astype(np.int32).ravel())
    mesh.polygons.add(len(triangles))
    mesh.polygons.foreach_set("loop_start", np.arange(0, triangles.size, 3, dtype=np.int32))
    mesh.update(calc_edges=True)
    layer = mesh.uv_layers.new(name="UVMap")
    layer.uv.foreach_set("vector", uv[triangles.ravel()].astype(np.float32).ravel())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(triangles), bool))
    body = bpy.data.objects.new("face", mesh)
    bpy.context.scene.collection.objects.link(body)
    return body


def _image(name: str, pixels: np.ndarray, folder: Path, data: bool) -> bpy.types.Image:
    """Load an (S, S, 3) uint8 or (S, S) float32 array as a Blender image."""
    if pixels.dtype == np.uint8:
        file = folder / f"{name}.png"
        cv2.imwrite(str(file), pixels[:, :, ::-1])
        return bpy.data.images.load(str(file))
    image = bpy.data.images.new(name, pixels.shape[1], pixels.shape[0], float_buffer=True, is_data=data)
    rgba = np.repeat(pixels[::-1, :, None].astype(np.float32), 4, axis=2)
    rgba[:, :, 3] = 1
    image.pixels.foreach_set(np.ascontiguousarray(rgba).ravel())
    return image


def _materials(
    body: bpy.types.Object,
    triangles: np.ndarray,
    albedo: np.ndarray,
    relief: Relief | None,
    wet: np.ndarray | None,
    folder: Path,
) -> None:
    colour = _image("albedo", albedo, folder, data=False)
    height = None if relief is None else _image("relief", relief.height.astype(np.float32), folder, data=True)
    bump = height if relief is not None and relief.levels == 0 else None
    body.data.materials.append(_skin("skin", colour, bump, roughness=0.52, scatter=0.12))
    body.data.materials.append(_skin("eye", colour, None, roughness=0.06, scatter=0.0))
    if wet is not None:
        body.data.polygons.foreach_set("material_index", wet[triangles].all(axis=1).astype(np.int32))
    if relief is not None and height is not None and relief.levels > 0:
        texture = bpy.data.textures.new("relief", "IMAGE")
        texture.image = height
        raise_ = body.modifiers.new("relief", "DISPLACE")
        raise_.texture, raise_.texture_coords, raise_.uv_layer = texture, "UV", "UVMap"
        raise_.mid_level, raise_.strength = 0.0, METRE


def _skin(
    name: str, colour: bpy.types.Image, bump: bpy.types.Image | None, roughness: float, scatter: float
) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # Blender before 5.0
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes["Principled BSDF"]
    texture = nodes.new("ShaderNodeTexImage")
    texture.image = colour
    links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Specular IOR Level"].default_value = 0.3 if scatter else 0.6
    shader.inputs["Subsurface Weight"].default_value = scatter
    shader.inputs["Subsurface Radius"].default_value = (1.0, 0.35, 0.2)
    shader.inputs["Subsurface Scale"].default_value = 3.0 * METRE
    if bump is not None:
        relief = nodes.new("ShaderNodeTexImage")
        relief.image, relief.interpolation = bump, "Cubic"
        raise_ = nodes.new("ShaderNodeDisplacement")
        raise_.inputs["Midlevel"].default_value = 0.0
        raise_.inputs["Scale"].default_value = METRE
        links.new(relief.outputs["Color"], raise_.inputs["Height"])
        links.new(raise_.outputs["Displacement"], nodes["Material Output"].inputs["Displacement"])
        material.displacement_method = "BUMP"
    return material


def _camera(view: Camera) -> None:
    data = bpy.data.cameras.new("camera")
    thing = bpy.data.objects.new("camera", data)
    bpy.context.scene.collection.objects.link(thing)
    data.clip_start, data.clip_end = 0.01, 100.0
    data.sensor_fit, data.sensor_width = "HORIZONTAL", 36.0
    if view.focal_mm is None:
        data.type = "ORTHO"
        data.ortho_scale = view.width_mm * METRE
    else:
        data.lens = view.focal_mm
    axes = view.axes()
    matrix = np.eye(4)
    matrix[:3, :3] = _blender(axes).T
    matrix[:3, 3] = _blender(np.array(view.target) + axes[2] * view.distance) * METRE
    thing.matrix_world = matrix.T.tolist()
    bpy.context.scene.camera = thing


def _sun(direction: tuple[float, float, float], strength: float, angle: float) -> None:
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = strength, np.radians(angle)
    thing = bpy.data.objects.new("sun", sun)
    bpy.context.scene.collection.objects.link(thing)
    back = _blender(np.array(direction) / np.linalg.norm(direction))
    side = np.cross([0.0, 0.0, 1.0], back) if abs(back[2]) < 0.99 else np.array([1.0, 0, 0])
    side /= np.linalg.norm(side)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([side, np.cross(back, side), back], axis=1)
    thing.matrix_world = matrix.T.tolist()


def _light(light: Lighting) -> None:
    scene = bpy.context.scene
    _sun(light.direction, light.strength, light.angle)
    if light.fill is not None:
        _sun(light.fill, light.strength * light.fill_share, 20.0)
    world = bpy.data.worlds.new("sky")
    scene.world = world
    if world.node_tree is None:  # Blender before 5.0
        world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = light.ambient
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)


def _shoot(view: Camera, samples: int, folder: Path) -> np.ndarray:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = samples
    scene.cycles.use_denoising = True
    scene.cycles.seed = 0
    scene.render.film_transparent = True
    scene.render.resolution_x, scene.render.resolution_y = view.size
    scene.render.resolution_percentage = 100
    scene.view_settings.view_transform = "Standard"
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.filepath = str(folder / "picture.png")
    bpy.ops.render.render(write_still=True)
    picture = cv2.imread(scene.render.filepath, cv2.IMREAD_UNCHANGED)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return picture
