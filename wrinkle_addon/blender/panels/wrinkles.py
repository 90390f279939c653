# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 3: the wrinkles, on the whole and region by region."""

from __future__ import annotations

import bpy

from .. import current, mask
from ..photo_properties import region_label
from ..presets import WRINKLE_PT_presets
from .common import FaceStep, Step, stacked, stale_row


class WRINKLE_PT_wrinkles(Step, bpy.types.Panel):
    """Step 3."""

    bl_label = "3  Wrinkles"
    bl_order = 3

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        WRINKLE_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = current.face_settings(context)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "size")
        column.prop(settings, "detector")
        column.prop(settings, "dog_thres", slider=True)
        stale_row(layout, settings, {"size", "detector", "dog_thres"})
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "strength", slider=True)
        column.prop(settings, "dis2normal_coff", slider=True)
        column.prop(settings, "permanent", slider=True)
        if current.face_object(context) is not None:
            column.prop(settings, "displacement")
            _draw_mask(layout, context)


class WRINKLE_PT_regions(FaceStep, bpy.types.Panel):
    """Step 3, region by region."""

    bl_label = "Regions"
    bl_parent_id = "WRINKLE_PT_wrinkles"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's convention

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        for region in current.face_settings(context).regions:
            row = column.row(align=True)
            row.prop(region, "enabled", text="")
            slider = row.row(align=True)
            slider.active = region.enabled
            slider.prop(region, "strength", text=region_label(region.name), slider=True)


class WRINKLE_PT_sources(Step, bpy.types.Panel):
    """Step 3, photo by photo."""

    bl_label = "Part of Each Photo"
    bl_parent_id = "WRINKLE_PT_wrinkles"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return len(current.face_settings(context).photos) > 1

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = current.face_settings(context)
        layout.template_list("WRINKLE_UL_photos", "sources", settings, "photos", settings, "active_photo", rows=2)
        photo = settings.photos[min(settings.active_photo, len(settings.photos) - 1)]
        stacked(layout, photo, "shows")
        column = layout.column(align=True)
        column.label(text="Gives These Regions Alone")
        column.grid_flow(columns=2, align=True).prop(photo, "regions")
        column = layout.column(align=True)
        column.label(text="Mask")
        row = column.row(align=True)
        row.prop(photo, "mask", text="")
        if current.face_object(context) is not None:
            row.operator("wrinkle.paint_mask", text="", icon="BRUSH_DATA").of_photo = True
        stale_row(layout, settings, {"shows", "parts"})


def _draw_mask(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The mask of the face, or the way out of painting one."""
    if context.mode == "PAINT_TEXTURE":
        layout.operator("wrinkle.finish_mask", icon="CHECKMARK")
        return
    row = layout.row(align=True)
    row.operator("wrinkle.paint_mask", icon="BRUSH_DATA")
    if mask.mask_of(current.face_object(context)) is not None:
        row.operator("wrinkle.remove_mask", text="", icon="X")


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_wrinkles, WRINKLE_PT_regions, WRINKLE_PT_sources))
