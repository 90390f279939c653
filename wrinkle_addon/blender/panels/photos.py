# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 1: the list of photos."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import current
from .common import Step, stacked, wrapped


class WRINKLE_UL_photos(bpy.types.UIList):
    """One row per photo."""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: object,
        item: bpy.types.PropertyGroup,
        icon: int,
        active_data: object,
        active_property: str,
        index: int = 0,
        flt_flag: int = 0,
    ) -> None:
        there = Path(bpy.path.abspath(item.path)).is_file()
        row = layout.row(align=True)
        row.alert = not there
        row.label(text=item.name, icon="IMAGE_DATA" if there else "ERROR")
        if item.status:
            row.label(text="", icon="CHECKMARK")


class WRINKLE_PT_photos(Step, bpy.types.Panel):
    """Step 1."""

    bl_label = "1  Photos"
    bl_order = 1

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = current.face_settings(context)
        row = layout.row()
        row.template_list("WRINKLE_UL_photos", "", settings, "photos", settings, "active_photo", rows=3)
        column = row.column(align=True)
        column.operator("wrinkle.add_photos", text="", icon="ADD")
        column.operator("wrinkle.remove_photo", text="", icon="REMOVE")
        column.operator("wrinkle.add_open_image", text="", icon="IMAGE_REFERENCE")
        if not settings.photos:
            layout.operator("wrinkle.add_photos", icon="FILE_FOLDER")
            return
        photo = settings.photos[min(settings.active_photo, len(settings.photos) - 1)]
        stacked(layout, photo, "path")
        stacked(layout, photo, "landmarks")
        layout.operator("wrinkle.edit_landmarks", icon="EMPTY_AXIS")
        if photo.status:
            wrapped(layout, context, photo.status, "CHECKMARK")


register, unregister = bpy.utils.register_classes_factory((WRINKLE_UL_photos, WRINKLE_PT_photos))
