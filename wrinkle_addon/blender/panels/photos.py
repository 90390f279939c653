# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 1: the list of photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from .. import current, thumbnails
from ..photo_properties import UNSURE
from .common import Step, stacked, stale_row, wrapped

if TYPE_CHECKING:
    from ..photo_properties import WRINKLE_PG_photo
    from ..properties import WRINKLE_PG_face


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
            row.label(text=item.name, icon_value=picture)
        else:
            row.label(text=item.name, icon="IMAGE_DATA" if there else "ERROR")
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
        if not settings.photos:
            _draw_first(layout, context)
            return
        row = layout.row()
        row.template_list("WRINKLE_UL_photos", "", settings, "photos", settings, "active_photo", rows=3)
        column = row.column(align=True)
        column.operator("wrinkle.add_photos", text="", icon="ADD")
        column.operator("wrinkle.remove_photo", text="", icon="REMOVE")
        column.separator()
        column.operator("wrinkle.add_open_image", text="", icon="IMAGE_REFERENCE")
        stale_row(layout, settings, {"photos", "points"})
        photo = _active(settings)
        unsure = int((photo.confidence() < UNSURE).sum())
        if unsure:
            wrapped(layout, context, f"{unsure} of its landmarks are uncertain: look at them.", "ERROR")
        elif photo.status:
            wrapped(layout, context, photo.status, "CHECKMARK")
        layout.operator("wrinkle.edit_landmarks", icon="EMPTY_AXIS")


class WRINKLE_PT_photo_files(Step, bpy.types.Panel):
    """Step 1, the files of the highlighted photo."""

    bl_label = "Files"
    bl_parent_id = "WRINKLE_PT_photos"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(current.face_settings(context).photos)

    def draw(self, context: bpy.types.Context) -> None:
        photo = _active(current.face_settings(context))
        stacked(self.layout, photo, "path")
        stacked(self.layout, photo, "landmarks")


def _draw_first(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What an empty list offers."""
    big = layout.row()
    big.scale_y = 1.4
    big.operator("wrinkle.add_photos", icon="FILE_FOLDER")
    layout.operator("wrinkle.add_open_image", icon="IMAGE_REFERENCE")
    wrapped(layout, context, "Or drop photos onto the view.", "IMPORT")


def _active(settings: WRINKLE_PG_face) -> WRINKLE_PG_photo:
    """The highlighted photo of a list that is not empty."""
    return settings.photos[min(settings.active_photo, len(settings.photos) - 1)]


register, unregister = bpy.utils.register_classes_factory(
    (WRINKLE_UL_photos, WRINKLE_PT_photos, WRINKLE_PT_photo_files)
)
