# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 6: export."""

from __future__ import annotations

import bpy

from .common import FaceStep


class WRINKLE_PT_export(FaceStep, bpy.types.Panel):
    """Step 6."""

    bl_label = "6  Export"
    bl_order = 6

    def draw(self, context: bpy.types.Context) -> None:
        row = self.layout.row()
        row.scale_y = 1.4
        row.operator("wrinkle.export_maps", icon="EXPORT")


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_export,))
