# SPDX-License-Identifier: GPL-3.0-or-later
"""A face as glTF, FBX or USD by Blender's own exporters: mesh, morph targets, base colour and normal map.

None of these formats carries the node group, so the files wear a plain material: base colour and the first wrinkle map.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..core.errors import WrinkleError
from ..core.progress import Progress, part, report, silent, steps
from . import ids, images, map_export, material, second_blender

_KEY_PATH = re.compile(r'key_blocks\["(.*)"\]\.value')
_FAILED = WrinkleError("The mesh files could not be made", "Leave out their formats, or check the exporter add-ons.")


def _gltf(path: Path) -> set[str]:
    return _call(
        bpy.ops.export_scene.gltf,
        filepath=str(path),
        export_format="GLB",
        use_active_scene=True,
        export_tangents=True,
        export_animations=False,
    )


def _fbx(path: Path) -> set[str]:
    return _call(
        bpy.ops.export_scene.fbx,
        filepath=str(path),
        object_types={"MESH"},
        use_mesh_modifiers=False,
        mesh_smooth_type="FACE",
        use_tspace=True,
        bake_anim=False,
        path_mode="COPY",
        embed_textures=True,
    )


def _usd(path: Path) -> set[str]:
    return _call(bpy.ops.wm.usd_export, filepath=str(path), export_animation=False, export_shapekeys=True)


FORMATS: dict[str, tuple[str, Callable[[Path], set[str]]]] = {
    "GLTF": ("face.glb", _gltf),
    "FBX": ("face.fbx", _fbx),
    "USD": ("face.usdz", _usd),
}
"""Each format's file, which holds its textures too, and what writes it."""
_OPERATORS = {"GLTF": "export_scene.gltf", "FBX": "export_scene.fbx", "USD": "wm.usd_export"}


def check_available(formats: Sequence[str]) -> None:
    """Raise WrinkleError for a format that this Blender cannot write; other names are passed over."""
    for name in _OPERATORS.keys() & set(formats):
        family, _, operator = _OPERATORS[name].partition(".")
        if operator not in dir(getattr(bpy.ops, family)):
            raise WrinkleError(
                f"This Blender cannot write {name}.", "Enable its exporter in the preferences, or leave the format out."
            )


def job(obj: bpy.types.Object, formats: Sequence[str], elsewhere: bool) -> Callable[[Progress], Path]:
    """The work that writes ``obj`` in each of ``formats`` into a new folder, which it returns.

    elsewhere: leave it to a second Blender; the work then needs no bpy.
    """
    check_available(formats)
    order = {"object": obj.name, "formats": list(formats)}
    if elsewhere:
        return second_blender.hand_over("mesh_files", "export_order", order, "meshes", _FAILED)

    def work(progress: Progress) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="wrinkle-")) / "meshes"
        try:
            write_meshes(obj, formats, folder, progress)
        except BaseException:
            folder.parent.rmdir()
            raise
        return folder

    return work


def export_order(order: dict[str, object]) -> None:
    """What the second Blender does."""
    write_meshes(bpy.data.objects[order["object"]], order["formats"], Path(order["made"]), second_blender.tell)


def write_meshes(
    obj: bpy.types.Object, formats: Sequence[str], folder: Path, progress: Progress = silent
) -> list[Path]:
    """Write ``obj`` alone in each of ``formats`` into ``folder``, which is made and appears when all are written.

    The user's scene, selection, object and images are left as they are. Raises Cancelled between two formats, and
    WrinkleError when an exporter refuses.
    """
    check_available(formats)
    with tempfile.TemporaryDirectory(prefix="wrinkle-") as temporary, _stand_in(obj, Path(temporary)) as scene:
        inside = Path(temporary) / "made"
        inside.mkdir()
        names = [FORMATS[name][0] for name in formats]
        for name, step in zip(formats, steps(progress, len(formats), "Writing the mesh"), strict=True):
            report(part(step, 0.0, 1.0), 0.0, f"Writing {FORMATS[name][0]}")
            with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
                try:
                    done = FORMATS[name][1](inside / FORMATS[name][0])
                except RuntimeError as error:  # what an exporter reported
                    raise WrinkleError(f"{FORMATS[name][0]} could not be written: {str(error).strip()}") from error
            if done != {"FINISHED"} or not (inside / FORMATS[name][0]).is_file():
                raise WrinkleError(f"{FORMATS[name][0]} could not be written.", _FAILED.hint)
        inside.rename(folder)
    return [folder / name for name in names]


def morphs(obj: bpy.types.Object) -> tuple[str, ...]:
    """The morph targets that the mesh files of ``obj`` hold, under the names that ``wrinkle.json`` uses."""
    keys = obj.data.shape_keys
    if keys is None:
        return ()
    names = _names_of_keys(obj)
    return tuple(names.get(key.name, key.name) for key in keys.key_blocks if key != keys.reference_key)


def _call(operator: Callable[..., set[str]], **options: object) -> set[str]:
    """Call an exporter with those options that this version of Blender knows."""
    known = operator.get_rna_type().properties.keys()
    return operator(**{name: value for name, value in options.items() if name in known})


def _names_of_keys(obj: bpy.types.Object) -> dict[str, str]:
    """Shape keys that were renamed after they drove an expression: their name to the expression's."""
    node = material.group_node(material.wrinkle_skin(obj))
    animation = None if node is None else node.id_data.animation_data
    names = {}
    for curve in animation.drivers if animation is not None else ():
        socket = next((s for s in node.inputs if s.path_from_id("default_value") == curve.data_path), None)
        target = curve.driver.variables[0].targets[0] if curve.driver.variables else None
        key = _KEY_PATH.fullmatch(target.data_path) if target is not None and target.id == obj.data.shape_keys else None
        if socket is not None and key is not None:
            names[bpy.utils.unescape_identifier(key[1])] = socket.name
    return names


@contextmanager
def _stand_in(obj: bpy.types.Object, folder: Path) -> Iterator[bpy.types.Scene]:
    """A scene that holds nothing but a copy of ``obj`` at rest, under its name, in a plain material."""
    owned = [block for block in (obj, obj.data) if block.library is None and block.override_library is None]
    names = [block.name for block in owned]
    scene = bpy.data.scenes.new("Wrinkle Export")
    made: list[bpy.types.ID] = []
    copy = obj.copy()
    try:
        copy.data = obj.data.copy()
        _rest(copy, _names_of_keys(obj))
        scene.collection.objects.link(copy)
        copy.data.materials.clear()
        copy.data.materials.append(_plain(obj, folder, made))
        for block, name in zip(owned, names, strict=True):
            block.name = f"{name}."
            (copy if block == obj else copy.data).name = name
        yield scene
    finally:
        data = copy.data
        bpy.data.objects.remove(copy)
        if data is not obj.data:
            bpy.data.meshes.remove(data)
        bpy.data.scenes.remove(scene)
        bpy.data.batch_remove(made)
        for block, name in zip(owned, names, strict=True):
            block.name = name


def _rest(copy: bpy.types.Object, names: dict[str, str]) -> None:
    """Take off what moves or hides the copy, and give its shape keys the expressions' names."""
    copy.modifiers.clear()
    copy.constraints.clear()
    copy.animation_data_clear()
    place = copy.matrix_world.copy()
    copy.parent = None
    copy.matrix_world = place
    copy.hide_viewport = copy.hide_render = False
    copy.show_only_shape_key = False
    keys = copy.data.shape_keys
    if keys is not None:
        keys.animation_data_clear()
        for key in keys.key_blocks:
            key.value = 0.0
            key.mute = False
            key.name = names.get(key.name, key.name)


def _plain(obj: bpy.types.Object, folder: Path, made: list[bpy.types.ID]) -> bpy.types.Material:
    """Base colour and normal map as every format can hold them; what is made goes on ``made``.

    The map shows with the share that the face shows at rest: the permanent lines in full, else the first layer.
    """
    node = material.group_node(material.wrinkle_skin(obj))
    if node is None:
        raise WrinkleError(f"{obj.name} has lost its wrinkle material.", "Reconstruct it again.")
    tree = node.node_tree
    lines = tree.nodes.get(f"{ids.NORMAL_IMAGE} {ids.PERMANENT}")
    bump = (lines or tree.nodes[ids.NORMAL_IMAGE]).image
    share = 1.0 if lines is not None else node.inputs[ids.PERMANENT].default_value
    plain = bpy.data.materials.new(f"{obj.name} Skin")
    made.append(plain)
    if plain.node_tree is None:  # Blender before 5.0
        plain.use_nodes = True
    nodes, link = plain.node_tree.nodes, plain.node_tree.links.new
    nodes.clear()
    output, skin = nodes.new("ShaderNodeOutputMaterial"), nodes.new("ShaderNodeBsdfPrincipled")
    link(skin.outputs["BSDF"], output.inputs["Surface"])
    own = map_export.surface(material.wrinkle_skin(obj))
    skin.inputs["Roughness"].default_value = own.get("roughness", 0.5)
    uv = nodes.new("ShaderNodeUVMap")
    uv.uv_map = ids.UV_LAYER

    def texture(name: str, image: bpy.types.Image) -> bpy.types.NodeSocket:
        # A file of a plain name: exporters stumble over packed images with spaces in theirs.
        path = folder / f"{name}.png"
        path.write_bytes(images.image_file(image))
        loaded = bpy.data.images.load(str(path))
        loaded.colorspace_settings.name = image.colorspace_settings.name
        made.append(loaded)
        shown = nodes.new("ShaderNodeTexImage")
        shown.image = loaded
        link(uv.outputs["UV"], shown.inputs["Vector"])
        return shown.outputs["Color"]

    colour = map_export.base_colour(material.wrinkle_skin(obj))
    if colour is not None:
        link(texture("texture", colour), skin.inputs["Base Color"])
    normal = nodes.new("ShaderNodeNormalMap")
    normal.uv_map = ids.UV_LAYER
    normal.inputs["Strength"].default_value = share * node.inputs[ids.STRENGTH].default_value
    link(texture("normal", bump), normal.inputs["Color"])
    link(normal.outputs["Normal"], skin.inputs["Normal"])
    return plain
