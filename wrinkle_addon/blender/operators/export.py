# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator of step 6: the maps as files, with a description of how they are put together.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

from pathlib import Path

import bpy
from bpy.props import EnumProperty, StringProperty

from ...core.errors import WrinkleError
from .. import current, jobs, map_export
from .task import on_face


class WRINKLE_OT_export_maps(bpy.types.Operator):
    """Write the maps and a JSON description of how expressions wake them into a folder, for other programs"""

    bl_idname = "wrinkle.export_maps"
    bl_label = "Export Maps"
    bl_options = {"PRESET"}  # noqa: RUF012 - Blender's convention

    directory: StringProperty(name="Folder", description="The folder for the files", subtype="DIR_PATH")
    convention: EnumProperty(
        name="Normals",
        description="Which way green points",
        items=[
            ("OPENGL", "OpenGL", "Green is up: Blender, Unity, Godot, Maya"),
            ("DIRECTX", "DirectX", "Green is down: Unreal, 3ds Max"),
        ],
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return on_face(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            folder = Path(bpy.path.abspath(self.directory))
            paths = map_export.export_maps(current.face_object(context), folder, self.convention == "DIRECTX")
        except WrinkleError as error:
            self.report({"ERROR"}, jobs.sentence(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"{len(paths)} files are in {folder}.")
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((WRINKLE_OT_export_maps,))
