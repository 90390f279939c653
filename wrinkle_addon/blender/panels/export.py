# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 6: export."""

from __future__ import annotations

import bpy

from .common import FaceStep, stacked


class WRINKLE_PT_export(FaceStep, bpy.types.Panel):
    """Step 6."""

    bl_label = "6  Export"
    bl_order = 6

    def draw(self, context: bpy.types.Context) -> None:
        layout, wanted = self.layout, context.scene.wrinkle_export
        stacked(layout, wanted, "folder")
        for name in ("formats", "engines", "convention"):
            column = layout.column(align=True)
            column.label(text=wanted.bl_rna.properties[name].name)
            column.row(align=True).prop(wanted, name, expand=True)
        row = layout.row()
        row.scale_y = 1.4
        row.operator("wrinkle.export", icon="EXPORT")


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_export,))
