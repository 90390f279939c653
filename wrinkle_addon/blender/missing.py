# SPDX-License-Identifier: GPL-3.0-or-later
"""The only panel of an add-on whose compiled parts are missing: what is wrong and what to do."""

from __future__ import annotations

import bpy

from . import ids, preferences, system


class WRINKLE_PT_missing(bpy.types.Panel):
    """Stands in for all panels."""

    bl_label = "Wrinkle"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = ids.TAB

    def draw(self, context: bpy.types.Context) -> None:
        preferences.draw_missing(self.layout, system.missing_parts())
        preferences.draw_system(self.layout)


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_missing,))
