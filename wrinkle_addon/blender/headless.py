# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's part of the command line: the .blend file and the preview picture."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.files import write_atomic
from ..core.progress import Progress, part, silent
from ..core.recipe import ENGINES
from ..core.types import Reconstruction
from . import displacement, face, map_export, mesh, mesh_files, preview, studio

if TYPE_CHECKING:
    from ..core.settings import Settings


def write_blend_and_preview(
    result: Reconstruction,
    settings: Settings,
    folder: Path,
    expressions: Sequence[str] = (),
    progress: Progress = silent,
    displaced: bool = False,
    targets: Sequence[str] = (),
) -> list[Path]:
    """Write ``face.blend`` and ``preview.png`` into ``folder``, and for ``targets`` a folder ``export`` in it.

    expressions: what the preview shows at full weight; empty for the expression that wakes most wrinkles. displaced:
    the wrinkles move the surface, otherwise they shade it. targets: names of mesh_files.FORMATS and core.recipe.ENGINES
    in lower case. The file open in this Blender is replaced by an empty one: call this in a session that nobody works
    in.
    """
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    obj = face.build_face(result, "Face", dis2normal_coff=settings.dis2normal_coff)
    displacement.show(obj, bpy.context.scene, displaced)
    weights = preview.telling_weights(obj, expressions)
    picture = preview.render_preview(
        obj, folder / "preview.png", preview.before_after(weights), progress=part(progress, 0.0, 0.8)
    )
    paths = [save_face(obj, folder / "face.blend"), picture]
    return paths + (_exported(obj, folder / "export", targets, part(progress, 0.8, 1.0)) if targets else [])


def _exported(obj: bpy.types.Object, folder: Path, targets: Sequence[str], progress: Progress) -> list[Path]:
    names = [name.upper() for name in targets]
    formats = [name for name in names if name in mesh_files.FORMATS]
    with tempfile.TemporaryDirectory(prefix="wrinkle-") as temporary:
        meshes = mesh_files.write_meshes(obj, formats, Path(temporary) / "meshes", progress) if formats else []
        engines = [name for name in names if name in ENGINES]
        return map_export.write(map_export.collect(obj), folder, engines, meshes, mesh_files.morphs(obj), progress)


def save_face(obj: bpy.types.Object, path: Path) -> Path:
    """Save the open file, with a camera and lights for ``obj``, as ``path``; the file is whole or not written."""
    scene = bpy.context.scene
    scene.name = "Wrinkle"
    studio.add_camera(scene, mesh.face_points(obj), face.side(obj) * studio.TURN)
    studio.add_lights(scene, face.side(obj))
    studio.set_engine(scene, "CYCLES", preview.SAMPLES["CYCLES"])
    scene.view_settings.view_transform = "Standard"
    bpy.context.view_layer.objects.active = obj
    obj.select_set(True)
    with tempfile.TemporaryDirectory(prefix="wrinkle-") as folder:
        temporary = Path(folder) / path.name
        bpy.ops.wm.save_as_mainfile(filepath=str(temporary), copy=True, compress=True, relative_remap=False)
        write_atomic(path, temporary.read_bytes())
    return path
