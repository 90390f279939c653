# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 3: the wrinkles, on the whole and region by region."""

from __future__ import annotations

import bpy

from .. import current, mask
from ..photo_properties import region_label
from ..presets import WRINKLE_PT_presets
from .common import FaceStep, Step, split_column, stacked, stale_row


class WRINKLE_PT_wrinkles(Step, bpy.types.Panel):
    """Step 3."""

    bl_label = "3  Wrinkles"
    bl_order = 3

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        WRINKLE_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        settings = current.face_settings(context)
        column = split_column(self.layout)
        for name in ("strength", "dog_thres", "dis2normal_coff", "permanent"):
            column.prop(settings, name, slider=True)
        stale_row(self.layout, settings, {"size", "detector", "dog_thres"})
        if current.face_object(context) is not None:
            _draw_mask(self.layout, context)
            _offer_shading(self.layout, context)


def _offer_shading(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """A button that makes the wrinkles visible, in a view that does not show them."""
    shading = context.space_data.shading
    if shading.type in {"WIREFRAME", "SOLID"}:
        column = layout.column(align=True)
        column.label(text="This shading shows no wrinkles.", icon="INFO")
        column.prop_enum(shading, "type", "MATERIAL", text="Show Wrinkles")


class WRINKLE_PT_maps(Step, bpy.types.Panel):
    """Step 3, how the maps are made."""

    bl_label = "Maps"
    bl_parent_id = "WRINKLE_PT_wrinkles"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's convention
    bl_order = 3

    def draw(self, context: bpy.types.Context) -> None:
        settings = current.face_settings(context)
        column = split_column(self.layout)
        column.prop(settings, "size")
        column.prop(settings, "detector")
        if current.face_object(context) is not None:
            column.prop(settings, "displacement")


class WRINKLE_PT_regions(FaceStep, bpy.types.Panel):
    """Step 3, region by region."""

    bl_label = "Regions"
    bl_parent_id = "WRINKLE_PT_wrinkles"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's convention
    bl_order = 1

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
    bl_order = 2

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


register, unregister = bpy.utils.register_classes_factory(
    (WRINKLE_PT_wrinkles, WRINKLE_PT_regions, WRINKLE_PT_sources, WRINKLE_PT_maps)
)
