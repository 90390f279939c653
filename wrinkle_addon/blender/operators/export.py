# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator of step 6: the face, its maps and shaders for other programs, in one folder.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import bpy
from bpy.props import StringProperty

from ...core.errors import WrinkleError
from ...core.files import output_folder
from ...core.progress import Progress, part
from .. import current, live, map_export, mesh_files, second_blender, threshold
from .task import JobOperator, idle, in_object_mode, on_face

_MESHES = 0.8
"""Share of the work that is done when the mesh files are there."""
_NAMED = 3
"""How many of the lost shape keys are named."""


class WRINKLE_OT_export(JobOperator, bpy.types.Operator):
    """Write the face with its expressions, its maps, and shaders that wake them, for other programs"""

    bl_idname = "wrinkle.export"
    bl_label = "Export"

    directory: StringProperty(
        name="Folder",
        description="The folder for the files; empty for the one chosen in step 6",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return on_face(cls, context) and in_object_mode(cls, context) and idle(cls, context)

    def prepare(self, context: bpy.types.Context) -> Callable[[Progress], tuple[list[Path], tuple[str, ...]]]:
        obj, wanted = current.face_object(context), context.scene.wrinkle_export
        threshold.settle(obj)
        folder = output_folder(chosen_folder(self.directory or wanted.folder))
        engines, formats = sorted(wanted.engines), [name for name in mesh_files.FORMATS if name in wanted.formats]
        export = map_export.collect(obj, live.drives_of(obj), wanted.convention == "DIRECTX")
        morphs = mesh_files.morphs(obj)
        meshes = None
        if formats:
            meshes = mesh_files.job(obj, formats, self.options.is_invoke and second_blender.available())

        def work(progress: Progress) -> tuple[list[Path], tuple[str, ...]]:
            made = meshes(part(progress, 0.0, _MESHES)) if meshes is not None else None
            try:
                files = sorted(made.iterdir()) if made is not None else []
                rest = part(progress, _MESHES if files else 0.0, 1.0)
                return map_export.write(export, folder, engines, files, morphs, rest), morphs
            finally:
                if made is not None:
                    shutil.rmtree(made.parent)

        self._expected = set(export.recipe.weights)
        return work

    def done(self, context: bpy.types.Context, value: tuple[list[Path], tuple[str, ...]]) -> str:
        paths, morphs = value
        said = f"{len(paths)} files are in {paths[-1].parent}."
        lost = sorted(self._expected - set(morphs))
        if lost:
            named = ", ".join(lost[:_NAMED]) + (" ..." if len(lost) > _NAMED else "")
            said += f" The face has lost {len(lost)} of its shape keys: {named}."
        return said


def chosen_folder(path: str) -> Path:
    """The folder that a user named. Raises WrinkleError when it cannot be told where it is."""
    if not path:
        raise WrinkleError("No folder is chosen.", "Choose one in step 6.")
    if path.startswith("//") and not bpy.data.filepath:
        raise WrinkleError("The .blend file has no folder yet.", "Save it first, or choose another folder in step 6.")
    return Path(bpy.path.abspath(path))


register, unregister = bpy.utils.register_classes_factory((WRINKLE_OT_export,))
