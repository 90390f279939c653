# SPDX-License-Identifier: GPL-3.0-or-later
"""Camera and lights for a face: close framing, and a key light that grazes the skin so that relief shows."""

from __future__ import annotations

import importlib
import math

import bpy
import numpy as np
from mathutils import Euler, Vector

from ..core.errors import WrinkleError
from ..core.types import Float

_LENS_MM = 85.0
TURN = math.radians(18.0)
"""The camera looks a little from the side: a plain front view hides relief."""
_MARGIN = 1.18
_NOISE_FACTOR = 4
"""How many more samples make up for a missing denoiser."""
_ENGINES = {"EEVEE": ("BLENDER_EEVEE_NEXT", "BLENDER_EEVEE"), "WORKBENCH": ("BLENDER_WORKBENCH",)}
_KEY = (math.radians(48.0), 0.0, math.radians(-40.0))
_RIM = (math.radians(70.0), 0.0, math.radians(120.0))


def add_camera(scene: bpy.types.Scene, points: Float, turn: float = TURN) -> bpy.types.Object:
    """A camera that frames ``points``, (V, 3) world metres of a face that looks along -Y."""
    data = bpy.data.cameras.new("Wrinkle Camera")
    data.lens = _LENS_MM
    camera = bpy.data.objects.new("Wrinkle Camera", data)
    scene.collection.objects.link(camera)
    aim(camera, points, turn)
    scene.camera = camera
    return camera


def aim(camera: bpy.types.Object, points: Float, turn: float) -> None:
    """Point ``camera`` at ``points`` from ``turn`` radians to the side, so near that they fill the picture."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle = Vector(((low + high) / 2).tolist())
    data = camera.data
    camera.rotation_euler = Euler((math.pi / 2, 0, turn))
    right, up, back = (Vector(axis) for axis in camera.rotation_euler.to_matrix().transposed())
    centred = points - np.array(middle)
    # A point lies in view when its offset is at most tan(half angle) x its distance.
    slope = math.tan(data.angle / 2)
    nearness = centred @ np.array(back)
    reach = np.maximum(np.abs(centred @ np.array(right)), np.abs(centred @ np.array(up))) * _MARGIN
    distance = float(np.max(nearness + reach / slope))
    camera.location = middle + back * distance
    data.clip_start, data.clip_end = distance / 100, distance * 10


def add_lights(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Key and rim sun with a dim sky, weak enough for a photo texture, which carries light already."""
    lamps = []
    for name, rotation, energy, size in (("Key", _KEY, 2.4, 4.0), ("Rim", _RIM, 0.6, 20.0)):
        data = bpy.data.lights.new(f"Wrinkle {name}", "SUN")
        data.energy, data.angle = energy, math.radians(size)
        lamp = bpy.data.objects.new(data.name, data)
        lamp.rotation_euler = rotation
        scene.collection.objects.link(lamp)
        lamps.append(lamp)
    world = bpy.data.worlds.new("Wrinkle Sky")
    if world.node_tree is None:  # Blender before 5.0
        world.use_nodes = True
    sky = next(node for node in world.node_tree.nodes if node.bl_idname == "ShaderNodeBackground")
    sky.inputs["Color"].default_value = (0.75, 0.85, 1.0, 1.0)
    sky.inputs["Strength"].default_value = 0.25
    scene.world = world
    return lamps


def set_engine(scene: bpy.types.Scene, engine: str, samples: int) -> None:
    """Choose CYCLES, EEVEE or WORKBENCH under the name that this Blender gives it."""
    names = _ENGINES.get(engine, (engine,))
    for name in names:
        try:
            scene.render.engine = name
        except TypeError:  # this Blender calls it otherwise
            continue
        break
    else:
        raise WrinkleError(f"This Blender has no engine {engine}.", "Choose another one for the preview.")
    if engine == "CYCLES":
        denoise = _can_denoise()
        scene.cycles.use_denoising = denoise
        scene.cycles.samples = samples if denoise else _NOISE_FACTOR * samples
        scene.cycles.adaptive_threshold = 0.1
        if "denoising_quality" in scene.cycles.bl_rna.properties:  # a third of the time, and no visible difference
            scene.cycles.denoising_quality = "FAST"
        scene.cycles.max_bounces = 2
    elif engine == "EEVEE":
        scene.eevee.taa_render_samples = samples
    elif engine == "WORKBENCH":
        scene.display.shading.color_type = "TEXTURE"


def _can_denoise() -> bool:
    """Whether this Blender was built with a denoiser; some Linux distributions leave it out and then fail to render."""
    try:
        cycles = importlib.import_module("_cycles")
    except ImportError:
        return False
    return bool(getattr(cycles, "with_openimagedenoise", False))
