# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a face's maps as files, with a JSON description from which another program recomputes the same normals."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np

from ..core import files
from ..core.errors import WrinkleError
from . import ids, images, material

_FORMULA = [
    "activation = min(1, permanent + photo + sum over expressions of weight * motion(u', v')[channel])",
    "u' = u * scale[0] + offset[0]; v' = v * scale[1] + offset[1]; row 0 of every image is v = 1",
    "slope = normal.xy / normal.z * activation * strength, with normal = 2 * colour - 1",
    "shaded normal = normalise(slope.x, slope.y, 1) in tangent space",
    "height in metres = 0.001 * displacement * activation * strength",
]


def export_maps(obj: bpy.types.Object, folder: Path, directx: bool = False) -> list[Path]:
    """Write normal map, displacement, motion atlas, texture and ``wrinkle.json`` of ``obj`` into ``folder``.

    directx: green of the normal map points down. Returns the paths. Raises WrinkleError when the face has lost its
    material or the folder cannot be written.
    """
    skin = obj.active_material
    node = material.group_node(skin)
    if node is None:
        raise WrinkleError(f"{obj.name} has lost its wrinkle material.", "Reconstruct it again.")
    folder = files.output_folder(folder)
    tree = node.node_tree
    normal = tree.nodes[ids.NORMAL_IMAGE].image
    written = {
        "normal": _write(normal, folder / "normal.png"),
        "displacement": _write(tree.nodes[ids.HEIGHT_IMAGE].image, folder / "displacement.exr"),
        "motion": _write(tree.nodes[f"{ids.MOTION_IMAGE} 1"].image, folder / "motion.png"),
    }
    if directx:
        files.write_png(written["normal"], _flipped(normal))
    photo = next((entry.image for entry in skin.node_tree.nodes if entry.bl_idname == "ShaderNodeTexImage"), None)
    if photo is not None:
        written["texture"] = _write(photo, folder / "texture.png")
    description = {
        "version": ids.FACE_VERSION,
        "files": {name: path.name for name, path in written.items()},
        "normal_convention": "DirectX" if directx else "OpenGL",
        "strength": node.inputs[ids.STRENGTH].default_value,
        "permanent": node.inputs[ids.PERMANENT].default_value,
        "expressions": json.loads(tree[ids.TILES]),
        "formula": _FORMULA,
    }
    files.write_json(folder / "wrinkle.json", description)
    return [*written.values(), folder / "wrinkle.json"]


def _write(image: bpy.types.Image, path: Path) -> Path:
    files.write_atomic(path, images.packed_bytes(image))
    return path


def _flipped(image: bpy.types.Image) -> np.ndarray:
    """The image with its green turned over, (H, W, 3) uint16, row 0 on top."""
    width, height = image.size
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    rgb = pixels.reshape(height, width, -1)[::-1, :, :3].copy()
    rgb[..., 1] = 1 - rgb[..., 1]
    return np.rint(rgb * 65535).astype(np.uint16)
