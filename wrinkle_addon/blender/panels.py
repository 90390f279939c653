# SPDX-License-Identifier: GPL-3.0-or-later
"""The Wrinkle tab of the 3D view's sidebar: one big button, and one panel per step."""

from __future__ import annotations

import textwrap
from pathlib import Path

import bpy

from . import current, ids, jobs, preferences
from .operators import preview as preview_operators

_PREVIEW_SCALE = 8.0


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


class WRINKLE_UL_expressions(bpy.types.UIList):
    """One slider per expression; it is the shape key's own value."""

    use_filter_show = False

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: object,
        item: bpy.types.ShapeKey,
        icon: int,
        active_data: object,
        active_property: str,
        index: int = 0,
        flt_flag: int = 0,
    ) -> None:
        layout.prop(item, "value", text=item.name, slider=True)

    def filter_items(self, context: bpy.types.Context, data: object, property_name: str) -> tuple[list[int], list[int]]:
        keys = getattr(data, property_name)
        wanted = self.filter_name.lower()
        shown = [
            self.bitflag_filter_item if key.name != ids.BASIS and wanted in key.name.lower() else 0 for key in keys
        ]
        return shown, []


class _Step:
    """What all panels of the tab share."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = ids.TAB


class _FaceStep(_Step):
    """A panel that only applies to a finished face."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return current.face_object(context) is not None


class WRINKLE_PT_main(_Step, bpy.types.Panel):
    """The big button, what is going on, and what is out of date."""

    bl_label = "Wrinkle"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        obj, settings = current.face_object(context), current.face_settings(context)
        row = layout.row(align=True)
        row.label(text=obj.name if obj else "New face", icon="USER")
        if obj:
            row.operator("wrinkle.new_face", text="", icon="ADD")
            row.operator("wrinkle.remove_face", text="", icon="TRASH")
        job = jobs.job_of(current.job_key(context))
        if job is not None:
            layout.progress(factor=job.fraction, text=job.text)
            layout.operator("wrinkle.cancel", icon="X")
            return
        stale = settings.stale()
        big = layout.row()
        big.scale_y = 1.8
        big.alert = bool(stale)
        big.operator("wrinkle.reconstruct", icon="FILE_REFRESH" if obj else "PLAY")
        if stale:
            layout.label(text=stale, icon="ERROR")
        elif not settings.photos and obj is None:
            layout.label(text="Start with a photo of a face.", icon="INFO")
        _messages(layout, settings.messages)


class WRINKLE_PT_photos(_Step, bpy.types.Panel):
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
        _stacked(layout, photo, "path")
        _stacked(layout, photo, "landmarks")
        if photo.status:
            _wrapped(layout, context, photo.status, "CHECKMARK")


class WRINKLE_PT_face(_Step, bpy.types.Panel):
    """Step 2."""

    bl_label = "2  Face"
    bl_order = 2

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = current.face_settings(context)
        layout.prop(settings, "model", text="")
        if settings.model == "FILE":
            _stacked(layout, settings, "model_path")
            _stacked(layout, settings, "uv_path")
        layout.operator("wrinkle.check_model", icon="CHECKMARK").in_preferences = False


class WRINKLE_PT_wrinkles(_Step, bpy.types.Panel):
    """Step 3."""

    bl_label = "3  Wrinkles"
    bl_order = 3

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = current.face_settings(context)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "size")
        column.prop(settings, "detector")
        column.prop(settings, "dog_thres", slider=True)
        column.separator()
        column.prop(settings, "strength", slider=True)
        column.prop(settings, "dis2normal_coff", slider=True)
        column.prop(settings, "permanent", slider=True)
        if current.face_object(context) is not None:
            column.prop(settings, "displacement")


class WRINKLE_PT_regions(_FaceStep, bpy.types.Panel):
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


class WRINKLE_PT_drive(_FaceStep, bpy.types.Panel):
    """Step 4."""

    bl_label = "4  Drive"
    bl_order = 4

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        obj = current.face_object(context)
        row = layout.row(align=True)
        row.operator("wrinkle.try_expression", text="Try One", icon="SHAPEKEY_DATA")
        row.operator("wrinkle.rest", icon="LOOP_BACK")
        keys = obj.data.shape_keys
        if keys is not None:
            layout.template_list(
                "WRINKLE_UL_expressions", "", keys, "key_blocks", obj, "active_shape_key_index", rows=8
            )
        layout.operator("wrinkle.copy_to_mesh", icon="DUPLICATE")


class WRINKLE_PT_preview(_FaceStep, bpy.types.Panel):
    """Step 5."""

    bl_label = "5  Preview"
    bl_order = 5

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        wanted = context.scene.wrinkle_preview
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(wanted, "pose")
        column.prop(wanted, "engine")
        column.prop(wanted, "size")
        row = layout.row()
        row.scale_y = 1.4
        row.operator("wrinkle.preview", icon="RENDER_STILL")
        image = bpy.data.images.get(preview_operators.IMAGE_NAME)
        if image is not None:
            if image.preview is not None:
                layout.template_icon(icon_value=image.preview.icon_id, scale=_PREVIEW_SCALE)
            layout.operator("wrinkle.show_preview", icon="WINDOW")


class WRINKLE_PT_export(_FaceStep, bpy.types.Panel):
    """Step 6."""

    bl_label = "6  Export"
    bl_order = 6

    def draw(self, context: bpy.types.Context) -> None:
        row = self.layout.row()
        row.scale_y = 1.4
        row.operator("wrinkle.export_maps", icon="EXPORT")


class WRINKLE_PT_system(_Step, bpy.types.Panel):
    """Versions, for bug reports."""

    bl_label = "System"
    bl_order = 7
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's convention

    def draw(self, context: bpy.types.Context) -> None:
        preferences.draw_system(self.layout)


def region_label(name: str) -> str:
    """A region's name for people."""
    words = name.replace("_", " ")
    for short, long in ((" L", " (left)"), (" R", " (right)")):
        if words.endswith(short):
            words = words.removesuffix(short) + long
    return words[:1].upper() + words[1:]


def _stacked(layout: bpy.types.UILayout, data: object, name: str) -> None:
    """A path with its label above it: the sidebar is too narrow for both on one line."""
    column = layout.column(align=True)
    column.label(text=data.bl_rna.properties[name].name)
    column.prop(data, name, text="")


def _messages(layout: bpy.types.UILayout, messages: str) -> None:
    if messages:
        box = layout.box()
        for message in messages.splitlines():
            _wrapped(box, bpy.context, message, "INFO")


def _wrapped(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str) -> None:
    """A sentence on as many lines as the sidebar's width asks for."""
    width = context.region.width if context.region else 300
    room = max(16, int(width / (7.0 * context.preferences.system.ui_scale)) - 8)
    column = layout.column(align=True)
    lines = textwrap.wrap(text, room)
    for number, line in enumerate(lines):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


CLASSES = (
    WRINKLE_UL_photos,
    WRINKLE_UL_expressions,
    WRINKLE_PT_main,
    WRINKLE_PT_photos,
    WRINKLE_PT_face,
    WRINKLE_PT_wrinkles,
    WRINKLE_PT_regions,
    WRINKLE_PT_drive,
    WRINKLE_PT_preview,
    WRINKLE_PT_export,
    WRINKLE_PT_system,
)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
