# SPDX-License-Identifier: GPL-3.0-or-later
"""The Wrinkle tab of the Image Editor: what can be done with the landmarks of the photo."""

from __future__ import annotations

import bpy

from .. import current, ids, jobs, overlay, photo_properties, runners, wireframe
from .common import messages_box, wrapped


class WRINKLE_PT_landmarks(bpy.types.Panel):
    """Beside the photo."""

    bl_label = "Landmarks"
    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "UI"
    bl_category = ids.TAB

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        key, settings = current.job_key(context), current.face_settings(context)
        job = jobs.job_of(key)
        if job is not None:
            layout.progress(factor=job.fraction, text=job.text)
            layout.operator("wrinkle.cancel", icon="X")
            return
        shown = overlay.shown_photo(context)
        if shown is None:
            layout.operator("wrinkle.edit_landmarks", icon="EMPTY_AXIS")
            wrapped(layout, context, "Shows the highlighted photo of the active face.", "INFO")
            return
        self._draw_photo(context, shown)
        column = layout.column(align=True)
        column.prop(context.scene.wrinkle_overlay, "points")
        column.prop(context.scene.wrinkle_overlay, "wireframe")
        wires = wireframe.wires_of(key, settings)
        if runners.look(key) is None:
            layout.operator("wrinkle.edit_landmarks", text="Show Fitted Face", icon="MESH_DATA")
        elif wires is not None:
            messages_box(layout, wires.problem)
        big = layout.row()
        big.scale_y = 1.6
        big.alert = bool(settings.stale_parts())
        big.operator("wrinkle.reconstruct", icon="FILE_REFRESH")

    def _draw_photo(self, context: bpy.types.Context, shown: overlay.Shown) -> None:
        layout, photo = self.layout, shown.photo
        layout.label(text=photo.name, icon="IMAGE_DATA")
        moved = int(photo.moved.sum())
        unsure = int((photo.confidence() < photo_properties.UNSURE).sum())
        layout.label(text=f"{moved} of {len(photo.points)} moved by hand", icon="TRACKER")
        if unsure:
            row = layout.row()
            row.alert = True
            row.label(text=f"{unsure} uncertain, ringed in red", icon="ERROR")
        column = layout.column(align=True)
        column.operator("wrinkle.mirror_landmarks", text="Mirror", icon="MOD_MIRROR")
        column.operator("wrinkle.reset_landmarks", text="Reset", icon="LOOP_BACK")
        column.operator("wrinkle.copy_landmarks", icon="COPYDOWN")
        column.operator("wrinkle.next_photo", icon="FORWARD")


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_landmarks,))
