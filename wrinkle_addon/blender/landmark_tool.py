# SPDX-License-Identifier: GPL-3.0-or-later
"""The landmark tool of the Image Editor: what mouse and keys do, and the help for it in the status bar."""

from __future__ import annotations

from typing import Any

import bpy

from . import ids

KEYS = (
    ("M", "wrinkle.mirror_landmarks", "Mirror"),
    ("R", "wrinkle.reset_landmarks", "Reset"),
    ("C", "wrinkle.copy_landmarks", "Copy to Next Photo"),
    ("N", "wrinkle.next_photo", "Next Photo"),
)
"""Key, operator, and what the status bar says."""


class WRINKLE_WT_landmarks(bpy.types.WorkSpaceTool):
    """Drags landmarks."""

    bl_space_type = "IMAGE_EDITOR"
    bl_context_mode = "VIEW"
    bl_idname = ids.LANDMARK_TOOL
    bl_label = "Landmarks"
    bl_description = "Correct the landmarks of a wrinkle face's photo.\nDrag a point; the fitted face follows"
    bl_icon = "ops.transform.translate"
    bl_keymap: tuple[Any, ...] = (
        ("wrinkle.move_landmark", {"type": "LEFTMOUSE", "value": "PRESS"}, None),
        *((operator, {"type": key, "value": "PRESS"}, None) for key, operator, _ in KEYS),
    )


def _draw_help(self: bpy.types.Header, context: bpy.types.Context) -> None:
    """The tool's keys, while it is the active one of an Image Editor in this window; the mouse Blender explains."""
    if not _active(context):
        return
    row = self.layout.row(align=True)
    for key, _, text in KEYS:
        row.label(text=text, icon=f"EVENT_{key}")


def _active(context: bpy.types.Context) -> bool:
    screen, workspace = context.screen, context.workspace
    if screen is None or workspace is None or not any(area.type == "IMAGE_EDITOR" for area in screen.areas):
        return False
    tool = workspace.tools.from_space_image_mode("VIEW")
    return tool is not None and tool.idname == ids.LANDMARK_TOOL


def keep_help() -> None:
    """Have the help drawn again. Whoever takes a text of its own off the status bar may take the help off with it:
    Blender then puts back what was drawn when the first such text came."""
    header = bpy.types.STATUSBAR_HT_header
    if _draw_help not in getattr(header.draw, "_draw_funcs", ()):
        header.prepend(_draw_help)


def register() -> None:
    bpy.utils.register_tool(WRINKLE_WT_landmarks, separator=True)
    keep_help()


def unregister() -> None:
    bpy.types.STATUSBAR_HT_header.remove(_draw_help)
    bpy.utils.unregister_tool(WRINKLE_WT_landmarks)
