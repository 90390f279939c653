# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels of the tab share."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import bpy

from .. import current, ids

if TYPE_CHECKING:
    from ..properties import WRINKLE_PG_face


class Step:
    """What all panels of the tab share."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = ids.TAB


class FaceStep(Step):
    """A panel that only applies to a finished face."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return current.face_object(context) is not None


def split_column(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """A column of labels at the left and values at the right."""
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


def stacked(layout: bpy.types.UILayout, data: object, name: str) -> None:
    """A path with its label above it: the sidebar is too narrow for both on one line."""
    column = layout.column(align=True)
    column.label(text=data.bl_rna.properties[name].name)
    column.prop(data, name, text="")


def wrapped(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str) -> None:
    """A sentence on as many lines as the sidebar's width asks for."""
    width = context.region.width if context.region else 300
    room = max(16, int(width / (7.0 * context.preferences.system.ui_scale)) - 8)
    column = layout.column(align=True)
    lines = textwrap.wrap(bpy.app.translations.pgettext_iface(text), room)
    for number, line in enumerate(lines):
        column.label(text=line, translate=False, icon=icon if number == 0 else "BLANK1")


def messages_box(layout: bpy.types.UILayout, messages: str) -> None:
    """One entry for each line of ``messages``; nothing for an empty text."""
    if messages:
        box = layout.box()
        for message in messages.splitlines():
            wrapped(box, bpy.context, message, "INFO")


def stale_row(layout: bpy.types.UILayout, settings: WRINKLE_PG_face, parts: set[str]) -> None:
    """What of ``parts`` of the recipe has changed since the face was made, with the button that mends it."""
    stale = settings.stale(parts)
    if stale:
        column = layout.column(align=True)
        column.alert = True
        column.label(text=stale, icon="ERROR")
        column.operator("wrinkle.reconstruct", text="Update", icon="FILE_REFRESH")
