# SPDX-License-Identifier: GPL-3.0-or-later
"""Step 4: expressions."""

from __future__ import annotations

import bpy

from .. import current, ids
from .common import FaceStep


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


class WRINKLE_PT_drive(FaceStep, bpy.types.Panel):
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
        _draw_drive(layout, obj)


class WRINKLE_PT_drive_elsewhere(FaceStep, bpy.types.Panel):
    """Step 4, for other programs and other meshes."""

    bl_label = "Bake and Copy"
    bl_parent_id = "WRINKLE_PT_drive"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's convention

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.operator("wrinkle.bake_drivers", icon="KEY_HLT")
        column.operator("wrinkle.drive_again", icon="DRIVER")
        self.layout.operator("wrinkle.copy_to_mesh", icon="DUPLICATE")


def _draw_drive(layout: bpy.types.UILayout, obj: bpy.types.Object) -> None:
    """How the chosen expression drives the wrinkles."""
    key = obj.active_shape_key
    if key is None or key.name == ids.BASIS:
        return
    box = layout.box()
    row = box.row()
    row.label(text=key.name, icon="DRIVER")
    drive = obj.wrinkle.drives.get(key.name)
    row.operator("wrinkle.customize_drive", text="Reset" if drive else "Customize")
    if drive is None:
        return
    column = box.column()
    column.use_property_split = True
    column.use_property_decorate = False
    for name in ("strength", "onset", "power"):
        column.prop(drive, name, slider=True)
    column.prop(drive, "source")
    if drive.source is not None:
        column.prop(drive, "data_path")
        column.prop(drive, "full")


register, unregister = bpy.utils.register_classes_factory(
    (WRINKLE_UL_expressions, WRINKLE_PT_drive, WRINKLE_PT_drive_elsewhere)
)
