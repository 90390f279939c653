# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences; they register even when a compiled part is missing, and then say what to do.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

import importlib
from pathlib import Path
from typing import Any

import bpy
from bpy.props import IntProperty, StringProperty

from . import ids, system


def _threads_changed(self: "WRINKLE_AP_preferences", context: bpy.types.Context) -> None:
    apply_threads(self.threads)


class WRINKLE_AP_preferences(bpy.types.AddonPreferences):
    """Preferences of the add-on."""

    bl_idname = ids.ADDON

    model_path: StringProperty(
        name="Face Model",
        description="The model that faces use when they are set to use a file and name none themselves",
        subtype="FILE_PATH",
    )
    model_report: StringProperty(
        name="Report", description="What the last check said of the model", options={"HIDDEN", "SKIP_SAVE"}
    )
    threads: IntProperty(
        name="Threads",
        description="How many processor threads a reconstruction may use; 0 uses all",
        default=0,
        min=0,
        max=256,
        update=_threads_changed,
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        missing = system.missing_parts()
        if missing:
            draw_missing(layout, missing)
        else:
            self._draw_model(layout)
            column = layout.column()
            column.prop(self, "threads")
            row = layout.row()
            row.label(text=f"Prepared models on disk: {system.size_text(cache_folder())}")
            row.operator("wrinkle.clear_cache", icon="TRASH")
        draw_system(layout)

    def _draw_model(self, layout: bpy.types.UILayout) -> None:
        row = layout.row(align=True)
        row.prop(self, "model_path")
        row.operator("wrinkle.check_model", text="Check", icon="CHECKMARK").in_preferences = True
        for line in self.model_report.splitlines():
            layout.label(text=line)


class WRINKLE_OT_copy_system(bpy.types.Operator):
    """Copy the versions of everything involved to the clipboard, to paste into a bug report"""

    bl_idname = "wrinkle.copy_system"
    bl_label = "Copy System Check"

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.clipboard = system.report_text()
        self.report({"INFO"}, "The system check is on the clipboard.")
        return {"FINISHED"}


def draw_missing(layout: bpy.types.UILayout, missing: list[str]) -> None:
    """Say which compiled parts are missing and what to do."""
    box = layout.box()
    box.alert = True
    box.label(text=f"Cannot be used yet: {', '.join(missing)} is missing.", icon="ERROR")
    for line in system.advice():
        box.label(text=line)


def draw_system(layout: bpy.types.UILayout) -> None:
    """The system check."""
    box = layout.box()
    row = box.row()
    row.label(text="System check", icon="INFO")
    row.operator(WRINKLE_OT_copy_system.bl_idname, text="Copy", icon="COPYDOWN")
    column = box.column(align=True)
    for name, value in system.facts():
        split = column.split(factor=0.3)
        split.label(text=name)
        split.label(text=value)


def value(name: str, default: Any) -> Any:
    """One preference; ``default`` when the add-on runs without preferences, as in tests and scripts."""
    addon = bpy.context.preferences.addons.get(ids.ADDON)
    return getattr(addon.preferences, name, default) if addon and addon.preferences else default


def cache_folder() -> Path | None:
    """Where prepared models are kept; None (the user's cache folder) when the add-on is no installed extension."""
    if not ids.ADDON.startswith("bl_ext."):
        return None
    return Path(bpy.utils.extension_path_user(ids.ADDON, path="models", create=True))


def apply_threads(count: int) -> None:
    """Tell the native part how many threads it may use; 0 = all."""
    importlib.import_module("wrinkle_native").set_threads(count)


CLASSES = (WRINKLE_OT_copy_system, WRINKLE_AP_preferences)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
