# SPDX-License-Identifier: GPL-3.0-or-later
"""The top of the tab: the big button, what is going on, and what is out of date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from .. import current, jobs
from .common import Step, messages_box, wrapped

if TYPE_CHECKING:
    from ..properties import WRINKLE_PG_face

_BIG = 1.8


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
            row = layout.row(align=True)
            row.scale_y = _BIG
            row.progress(factor=job.fraction, text=job.text)
            row.operator("wrinkle.cancel", text="", icon="X")
            layout.label(text="You can go on working. Esc cancels.", icon="INFO")
            return
        locked = current.why_locked(context)
        if locked:
            wrapped(layout, context, locked, "LOCKED")
            return
        stale = settings.stale()
        big = layout.row()
        big.scale_y = _BIG
        big.alert = bool(stale)
        big.operator("wrinkle.reconstruct", icon="FILE_REFRESH" if obj else "PLAY")
        _draw_status(layout, settings, obj)
        messages_box(layout, settings.messages)


def _draw_status(layout: bpy.types.UILayout, settings: WRINKLE_PG_face, obj: bpy.types.Object | None) -> None:
    """The line below the big button."""
    stale = settings.stale()
    if stale:
        layout.label(text=stale, icon="ERROR")
    elif not settings.photos:
        layout.label(text="Start with a photo of a face.", icon="INFO")
    elif obj is None:
        layout.label(text="Ready to reconstruct.", icon="INFO")
    else:
        layout.label(text="Up to date.", icon="CHECKMARK")


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_main,))
