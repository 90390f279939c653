# SPDX-License-Identifier: GPL-3.0-or-later
"""Object > Wrinkle: every operator once more, because the menu search (F3) finds only what stands in a menu."""

from __future__ import annotations

import bpy

OPERATORS = (
    ("add_photos", "IMAGE_DATA"),
    ("add_open_image", "NONE"),
    ("remove_photo", "NONE"),
    None,
    ("edit_landmarks", "EMPTY_AXIS"),
    ("move_landmark", "NONE"),
    ("mirror_landmarks", "MOD_MIRROR"),
    ("reset_landmarks", "NONE"),
    ("copy_landmarks", "NONE"),
    ("next_photo", "NONE"),
    None,
    ("reconstruct", "PLAY"),
    ("cancel", "NONE"),
    ("check_model", "NONE"),
    None,
    ("paint_mask", "BRUSH_DATA"),
    ("finish_mask", "CHECKMARK"),
    ("remove_mask", "NONE"),
    None,
    ("try_expression", "SHAPEKEY_DATA"),
    ("rest", "NONE"),
    ("customize_drive", "DRIVER"),
    ("bake_drivers", "KEY_HLT"),
    ("drive_again", "NONE"),
    ("copy_to_mesh", "NONE"),
    None,
    ("preview", "RENDER_STILL"),
    ("show_preview", "NONE"),
    ("export", "EXPORT"),
    None,
    ("new_face", "ADD"),
    ("remove_face", "TRASH"),
    None,
    ("add_model", "NONE"),
    ("remove_model", "NONE"),
    ("copy_system", "COPYDOWN"),
    ("clear_cache", "NONE"),
)
"""Operators and their icons in the order of the steps; None is a line between two groups."""


class WRINKLE_MT_object(bpy.types.Menu):
    """Everything the Wrinkle tab can do."""

    bl_label = "Wrinkle"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        # Without this an entry would run in place, and Blender would stand still while it works.
        layout.operator_context = "INVOKE_DEFAULT"
        for entry in OPERATORS:
            if entry is None:
                layout.separator()
            else:
                name, icon = entry
                layout.operator(f"wrinkle.{name}", icon=icon)


def _draw_entry(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    self.layout.separator()
    self.layout.menu(WRINKLE_MT_object.__name__, icon="USER")


_register, _unregister = bpy.utils.register_classes_factory((WRINKLE_MT_object,))


def register() -> None:
    _register()
    bpy.types.VIEW3D_MT_object.append(_draw_entry)


def unregister() -> None:
    bpy.types.VIEW3D_MT_object.remove(_draw_entry)
    _unregister()
