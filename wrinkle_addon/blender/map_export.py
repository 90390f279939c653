# SPDX-License-Identifier: GPL-3.0-or-later
"""A face's maps as files, with a JSON description and shaders from which other programs compute the same normals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import cv2
import numpy as np

from ..core import files
from ..core.activation import Response
from ..core.encode import encode_png
from ..core.errors import WrinkleError
from ..core.progress import Progress, report, silent
from ..core.recipe import Expression, Maps, Recipe, ResponseMap, engine_files, engine_images
from ..core.recipe.region_images import Corners, mask_image, response_image
from ..core.regions import EXCLUDED, REGIONS
from ..core.types import Float
from . import drivers, ids, images, mask, material

_GONE = "Reconstruct it again."
_TEXTURE, _MOTION, _RESPONSE, _MASK = "texture.png", "motion.png", "response.png", "mask.png"
_DESCRIPTION = "wrinkle.json"


@dataclass(frozen=True, eq=False)
class Export:
    """All that the files need of Blender. images: files by name; corners: the mesh in UV, None when it has none.

    changes: (V, 3), how the regions answer, see mesh.set_region_response; masks: (V,) by region.
    """

    recipe: Recipe
    images: Mapping[str, bytes]
    corners: Corners | None = None
    changes: Float | None = None
    masks: Mapping[str, Float] | None = None


def collect(obj: bpy.types.Object, drives: Mapping[str, drivers.Drive] | None = None, directx: bool = False) -> Export:
    """Take what is to be exported of ``obj`` out of Blender.

    drives: how expressions answer; directx: green of the normal maps is to point down. Raises WrinkleError when the
    face has lost its material or an image.
    """
    skin = material.wrinkle_skin(obj)
    node = material.group_node(skin)
    if node is None or ids.TILES not in node.node_tree:
        raise WrinkleError(f"{obj.name} has lost its wrinkle material.", _GONE)
    tree = node.node_tree
    answers = {name: drive.response for name, drive in (drives or {}).items()}
    found: dict[str, bytes] = {_MOTION: images.image_file(_image(tree, f"{ids.MOTION_IMAGE} 1"))}
    layers = [_maps(tree, "", "", found)]
    while f"{ids.NORMAL_IMAGE} {len(layers) + 1}" in tree.nodes:
        layers.append(_maps(tree, f" {len(layers) + 1}", f"_{len(layers) + 1}", found))
    lines = None
    if f"{ids.NORMAL_IMAGE} {ids.PERMANENT}" in tree.nodes:
        lines = _maps(tree, f" {ids.PERMANENT}", "_permanent", found)
    photo = base_colour(skin)
    if photo is not None:
        found[_TEXTURE] = images.image_file(photo)
    strength = node.inputs[ids.STRENGTH].default_value
    painted = _painted(node)
    if painted is not None:
        found[_MASK] = encode_png(mask.pixels(painted))
    elif not node.inputs[ids.MASK].is_linked:
        strength *= node.inputs[ids.MASK].default_value
    corners = _corners(obj.data)
    changes = None if corners is None else _changes(obj.data)
    masks = {} if corners is None else _weights(obj)
    recipe = Recipe(
        name=obj.name,
        motion=_MOTION,
        layers=tuple(layers),
        expressions={
            name: _expression(entry, answers.get(name)) for name, entry in json.loads(tree[ids.TILES]).items()
        },
        texture=None if photo is None else _TEXTURE,
        permanent_lines=lines,
        whole={name: answers.get(name, Response()) for name in (ids.PHOTO_KEY,) if name in node.inputs},
        response=None if changes is None else ResponseMap(_RESPONSE),
        masks={name: f"masks/{name}.png" for name in masks},
        mask=None if painted is None else _MASK,
        strength=strength,
        permanent=node.inputs[ids.PERMANENT].default_value,
        **surface(skin),
        directx=directx,
    )
    return Export(recipe, found, corners, changes, masks)


def write(
    export: Export,
    folder: Path,
    engines: Iterable[str] = ("REFERENCE",),
    meshes: Iterable[Path] = (),
    morphs: Iterable[str] = (),
    progress: Progress = silent,
) -> list[Path]:
    """Write the files of an export into ``folder``, each whole or not at all, and the description last.

    engines: see core.recipe.ENGINES; meshes: files that are put beside the maps, with ``morphs`` in them. Needs no
    Blender. Returns the paths; raises Cancelled, or WrinkleError when the folder cannot be written.
    """
    recipe = replace(export.recipe, morphs=tuple(morphs))
    folder = files.output_folder(folder)
    contents = dict(export.images)
    report(progress, 0.0, "Writing the maps")
    if recipe.directx:
        for maps in (*recipe.layers, *([recipe.permanent_lines] if recipe.permanent_lines else [])):
            contents[maps.normal] = green_down(contents[maps.normal])
    if export.corners is not None:
        if export.changes is not None and recipe.response is not None:
            contents[_RESPONSE] = encode_png(response_image(export.corners, export.changes, recipe.response))
        for name, weights in (export.masks or {}).items():
            report(progress, 0.5, "Writing the masks")
            contents[recipe.masks[name]] = encode_png(mask_image(export.corners, weights))
    for engine in engines:
        report(progress, 0.6, "Writing the shaders")
        contents |= {name: text.encode() for name, text in engine_files(recipe, engine).items()}
        contents |= engine_images(recipe, engine, contents)
    contents |= {path.name: path.read_bytes() for path in meshes}
    report(progress, 0.8, "Writing the maps")
    if recipe.masks:
        files.output_folder(folder / "masks")
    for name, data in contents.items():
        files.write_atomic(folder / name, data)
    files.write_json(folder / _DESCRIPTION, recipe.as_json())
    return [*(folder / name for name in contents), folder / _DESCRIPTION]


def green_down(png: bytes) -> bytes:
    """A normal map, 8 or 16 bit, in the other convention."""
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)[..., 2::-1].copy()
    pixels[..., 1] = np.iinfo(pixels.dtype).max - pixels[..., 1]
    return encode_png(pixels)


def base_colour(skin: bpy.types.Material) -> bpy.types.Image | None:
    """The image that colours ``skin``; None when something else does."""
    shader = _shader(skin)
    links = () if shader is None else shader.inputs["Base Color"].links
    return next((link.from_node.image for link in links if link.from_node.bl_idname == "ShaderNodeTexImage"), None)


def _shader(skin: bpy.types.Material) -> bpy.types.Node | None:
    return next((node for node in skin.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled"), None)


def surface(skin: bpy.types.Material) -> dict[str, object]:
    """Roughness and scattering of a recipe."""
    shader = _shader(skin)
    if shader is None:
        return {}
    weight, radius, scale = (shader.inputs[f"Subsurface {name}"] for name in ("Weight", "Radius", "Scale"))
    scatter = tuple(1000 * scale.default_value * value for value in radius.default_value)
    return {
        "roughness": shader.inputs["Roughness"].default_value,
        "scatter_mm": scatter if weight.default_value > 0 else None,
    }


def _painted(node: bpy.types.ShaderNodeGroup) -> bpy.types.Image | None:
    """The image that is plugged into the group's mask."""
    sources = [link.from_node for link in node.inputs[ids.MASK].links]
    return next((source.image for source in sources if source.bl_idname == "ShaderNodeTexImage"), None)


def _image(tree: bpy.types.NodeTree, name: str) -> bpy.types.Image:
    node = tree.nodes.get(name)
    if node is None or node.image is None:
        raise WrinkleError(f"The wrinkle material has lost its {name}.", _GONE)
    return node.image


def _maps(tree: bpy.types.NodeTree, suffix: str, ending: str, found: dict[str, bytes]) -> Maps:
    """Add the files of one wrinkle map to ``found``."""
    maps = Maps(f"normal{ending}.png", f"displacement{ending}.exr")
    found[maps.normal] = images.image_file(_image(tree, f"{ids.NORMAL_IMAGE}{suffix}"))
    found[maps.displacement] = images.image_file(_image(tree, f"{ids.HEIGHT_IMAGE}{suffix}"), exr=True)
    return maps


def _expression(place: Mapping[str, object], response: Response | None) -> Expression:
    scale, offset = tuple(place["scale"]), tuple(place["offset"])
    return Expression(place.get("layer", 0), place["channel"], scale, offset, response or Response())


def _corners(mesh: bpy.types.Mesh) -> Corners | None:
    layer = mesh.uv_layers.get(ids.UV_LAYER)
    if layer is None or not mesh.polygons:
        return None
    mesh.calc_loop_triangles()
    loops = np.empty(3 * len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("loops", loops)
    uv = np.empty(2 * len(mesh.loops), np.float32)
    layer.uv.foreach_get("vector", uv)
    vertices = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", vertices)
    return Corners(np.ascontiguousarray(uv.reshape(-1, 2)[loops]), vertices[loops])


def _changes(mesh: bpy.types.Mesh) -> Float | None:
    """(V, 3) of the region attribute; None when no region differs."""
    attribute = mesh.attributes.get(ids.REGION_ATTRIBUTE)
    if attribute is None or attribute.domain != "POINT" or attribute.data_type != "FLOAT_VECTOR":
        return None
    values = np.empty(3 * len(mesh.vertices), np.float32)
    attribute.data.foreach_get("vector", values)
    return values.reshape(-1, 3) if values.any() else None


def _weights(obj: bpy.types.Object) -> dict[str, Float]:
    """(V,) by region, from the vertex groups that still bear its name."""
    groups = {group.index: group.name for group in obj.vertex_groups if group.name in (*REGIONS, *EXCLUDED)}
    weights = {name: np.zeros(len(obj.data.vertices), np.float32) for name in groups.values()}
    for vertex in obj.data.vertices:
        for entry in vertex.groups:
            if entry.group in groups:
                weights[groups[entry.group]][vertex.index] = entry.weight
    return weights
