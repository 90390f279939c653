# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 5: the preview."""

from __future__ import annotations

import bpy

from ..operators.preview import IMAGE_NAME
from .common import FaceStep

_SCALE = 8.0


class WRINKLE_PT_preview(FaceStep, bpy.types.Panel):
    """Step 5."""

    bl_label = "5  Preview"
    bl_order = 5

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        wanted = context.scene.wrinkle_preview
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(wanted, "kind")
        column.prop(wanted, "pose")
        column.prop(wanted, "engine")
        column.prop(wanted, "size")
        if wanted.kind in {"TURNTABLE", "SWEEP", "WIPE"}:
            column.prop(wanted, "frames")
            column.prop(wanted, "as_images")
        row = layout.row()
        row.scale_y = 1.4
        row.operator("wrinkle.preview", icon="RENDER_STILL")
        image = bpy.data.images.get(IMAGE_NAME)
        if image is not None:
            if image.preview is not None:
                layout.template_icon(icon_value=image.preview.icon_id, scale=_SCALE)
            layout.operator("wrinkle.show_preview", icon="WINDOW")


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_preview,))
