# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets: the settings of step 3 under a name, for the next face."""

from __future__ import annotations

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

from . import ids

_FOLDER = "wrinkle/face"
_VALUES = ("size", "detector", "dog_thres", "strength", "dis2normal_coff", "permanent")


class WRINKLE_PT_presets(PresetPanel, bpy.types.Panel):
    """Chooses, adds and removes presets."""

    bl_label = "Wrinkle Presets"
    preset_subdir = _FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "wrinkle.add_preset"


class WRINKLE_OT_add_preset(AddPresetBase, bpy.types.Operator):
    """Keep the settings of the wrinkles under a name, or remove the preset of that name"""

    bl_idname = "wrinkle.add_preset"
    bl_label = "Add Wrinkle Preset"
    preset_menu = "WRINKLE_PT_presets"
    preset_subdir = _FOLDER
    # A preset is a script of its own: it must find the face's settings without importing the add-on.
    preset_defines = (
        "face = bpy.context.object",
        f"is_face = face is not None and face.type == 'MESH' and {ids.FACE_MARK!r} in face.data",
        "settings = (face if is_face else bpy.context.scene).wrinkle",
    )
    preset_values = tuple(f"settings.{name}" for name in _VALUES)


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_presets, WRINKLE_OT_add_preset))
