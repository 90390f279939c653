# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 3: the wrinkles, on the whole and region by region."""

from __future__ import annotations

import bpy

from .. import current
from ..presets import WRINKLE_PT_presets
from .common import FaceStep, Step, stale_row


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


def region_label(name: str) -> str:
    """A region's name for people."""
    words = name.replace("_", " ")
    for short, long in ((" L", " (left)"), (" R", " (right)")):
        if words.endswith(short):
            words = words.removesuffix(short) + long
    return words[:1].upper() + words[1:]


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_wrinkles, WRINKLE_PT_regions))
