# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 2: the face model."""

from __future__ import annotations

import bpy

from .. import current
from .common import Step, stacked, stale_row


class WRINKLE_PT_face(Step, bpy.types.Panel):
    """Step 2."""

    bl_label = "2  Face"
    bl_order = 2
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's convention

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = current.face_settings(context)
        layout.prop(settings, "model", text="")
        if settings.model == "FILE":
            stacked(layout, settings, "model_path")
            stacked(layout, settings, "uv_path")
            layout.operator("wrinkle.check_model", icon="CHECKMARK").in_preferences = False
        stale_row(layout, settings, {"model"})


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_face,))
