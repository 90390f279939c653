# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that begin another face or remove one."""

from __future__ import annotations

import bpy

from .. import current, face
from .task import free, in_object_mode, on_face


class WRINKLE_OT_new_face(bpy.types.Operator):
    """Leave this face as it is and begin another one with an empty photo list"""

    bl_idname = "wrinkle.new_face"
    bl_label = "New Face"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return in_object_mode(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        for obj in context.view_layer.objects:
            obj.select_set(False)
        context.view_layer.objects.active = None
        context.scene.wrinkle.photos.clear()
        return {"FINISHED"}


class WRINKLE_OT_remove_face(bpy.types.Operator):
    """Remove the face with its material, images and settings; nothing of it stays in the file"""

    bl_idname = "wrinkle.remove_face"
    bl_label = "Remove Face"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return on_face(cls, context) and in_object_mode(cls, context) and free(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        face.remove_face(current.face_object(context))
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((WRINKLE_OT_new_face, WRINKLE_OT_remove_face))
