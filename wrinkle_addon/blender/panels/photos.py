# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 1: the list of photos."""

from __future__ import annotations

import bpy

from .. import current, thumbnails
from ..photo_properties import UNSURE
from .common import Step, stacked, stale_row, wrapped

_ROW_SCALE = 1.6


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
        there = item.file.is_file()
        row = layout.row(align=True)
        row.alert = not there
        picture = thumbnails.icon_of(item.file)
        if picture:
            row.template_icon(icon_value=picture, scale=_ROW_SCALE)
        row.label(text=item.name, icon="NONE" if there else "ERROR")
        detail = row.row(align=True)
        detail.alignment = "RIGHT"
        detail.label(text=item.expression)
        if item.edited:
            detail.label(text="", icon="TRACKER")
        if item.status:
            detail.label(text="", icon="CHECKMARK")


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
        stale_row(layout, settings, {"photos", "points"})
        stacked(layout, photo, "path")
        stacked(layout, photo, "landmarks")
        layout.operator("wrinkle.edit_landmarks", icon="EMPTY_AXIS")
        unsure = int((photo.confidence() < UNSURE).sum())
        if unsure:
            wrapped(layout, context, f"{unsure} of its landmarks are uncertain: look at them.", "ERROR")
        if photo.status:
            wrapped(layout, context, photo.status, "CHECKMARK")


register, unregister = bpy.utils.register_classes_factory((WRINKLE_UL_photos, WRINKLE_PT_photos))
