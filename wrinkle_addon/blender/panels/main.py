# SPDX-License-Identifier: GPL-3.0-or-later
"""The top of the tab: the big button, what is going on, and what is out of date."""

from __future__ import annotations

import bpy

from .. import current, jobs
from .common import Step, messages_box, wrapped


class WRINKLE_PT_main(Step, bpy.types.Panel):
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
        locked = current.why_locked(context)
        if locked:
            wrapped(layout, context, locked, "LOCKED")
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
        messages_box(layout, settings.messages)


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_main,))
