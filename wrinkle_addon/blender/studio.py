# SPDX-License-Identifier: GPL-3.0-or-later
"""Camera and lights for a face: close framing, and a soft key light from the side so that relief shows."""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Euler, Vector

from ..core.errors import WrinkleError
from ..core.types import Float

_LENS_MM = 85.0
TURN = math.radians(18.0)
"""The camera looks a little from the subject's left: a plain front view hides relief."""
_MARGIN = 1.1
_NOISE_FACTOR = 4
"""How many more samples make up for a missing denoiser."""
_ENGINES = {"EEVEE": ("BLENDER_EEVEE_NEXT", "BLENDER_EEVEE"), "WORKBENCH": ("BLENDER_WORKBENCH",)}
_BACKDROP = (0.03, 0.032, 0.036, 1.0)
_SKY = (0.85, 0.9, 1.0, 1.0)
_SKY_STRENGTH = 0.3


@dataclass(frozen=True)
class _Sun:
    """tilt: from straight down, turn: about the vertical, size: how soft its shadows are; all in degrees. gloss: share
    of the highlights that it makes on skin."""

    tilt: float
    turn: float
    energy: float
    size: float
    gloss: float


# Weak enough for a photo texture, which carries the light of the photo already.
_SUNS = {
    "Key": _Sun(40.0, -50.0, 2.4, 8.0, 0.6),
    "Fill": _Sun(70.0, 50.0, 0.6, 60.0, 0.3),
    "Rim": _Sun(75.0, 150.0, 0.6, 20.0, 0.1),
}


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
    data = camera.data
    camera.rotation_euler = Euler((math.pi / 2, 0, turn))
    axes = np.array(camera.rotation_euler.to_matrix())  # columns: right, up, back
    seen = points @ axes
    middle = (seen.min(axis=0) + seen.max(axis=0)) / 2
    centred = seen - middle
    # A point lies in view when its offset is at most tan(half angle) x its distance.
    reach = np.abs(centred[:, :2]).max(axis=1) * _MARGIN
    distance = float(np.max(centred[:, 2] + reach / math.tan(data.angle / 2)))
    camera.location = Vector(axes @ (middle + np.array([0, 0, distance])))
    data.clip_start, data.clip_end = distance / 100, distance * 10


def add_lights(scene: bpy.types.Scene, side: float = 1.0) -> list[bpy.types.Object]:
    """Key, fill and rim light under a dim sky, which the camera sees as a dark backdrop.

    side: 1 for a camera on the subject's left, -1 for the mirror image of it.
    """
    lamps = []
    for name, sun in _SUNS.items():
        data = bpy.data.lights.new(f"Wrinkle {name}", "SUN")
        data.energy, data.angle, data.specular_factor = sun.energy, math.radians(sun.size), sun.gloss
        lamp = bpy.data.objects.new(data.name, data)
        lamp.rotation_euler = (math.radians(sun.tilt), 0.0, math.radians(side * sun.turn))
        scene.collection.objects.link(lamp)
        lamps.append(lamp)
    scene.world = _new_world()
    return lamps


def _new_world() -> bpy.types.World:
    world = bpy.data.worlds.new("Wrinkle Sky")
    if world.node_tree is None:  # Blender before 5.0
        world.use_nodes = True
    nodes, link = world.node_tree.nodes, world.node_tree.links.new
    nodes.clear()
    kinds = ("LightPath", "Background", "Background", "MixShader", "OutputWorld")
    path, sky, backdrop, mix, output = (nodes.new(f"ShaderNode{kind}") for kind in kinds)
    for place, node in enumerate((path, sky, backdrop, mix, output)):
        node.location = (220 * (place // 2), -160 * (place % 2))
    sky.inputs["Color"].default_value, sky.inputs["Strength"].default_value = _SKY, _SKY_STRENGTH
    backdrop.inputs["Color"].default_value = _BACKDROP
    link(path.outputs["Is Camera Ray"], mix.inputs[0])
    link(sky.outputs["Background"], mix.inputs[1])
    link(backdrop.outputs["Background"], mix.inputs[2])
    link(mix.outputs["Shader"], output.inputs["Surface"])
    return world


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
