# SPDX-License-Identifier: GPL-3.0-or-later
"""The system check in the tab."""

from __future__ import annotations

import bpy

from .. import preferences
from .common import Step


class WRINKLE_PT_system(Step, bpy.types.Panel):
    """Versions, for bug reports."""

    bl_label = "System"
    bl_order = 7
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender's convention

    def draw(self, context: bpy.types.Context) -> None:
        preferences.draw_system(self.layout)


register, unregister = bpy.utils.register_classes_factory((WRINKLE_PT_system,))
