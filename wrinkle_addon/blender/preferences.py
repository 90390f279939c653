# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences; they register even when a compiled part is missing, and then say what to do.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

import importlib
from pathlib import Path
from typing import Any

import bpy
from bpy.props import CollectionProperty, EnumProperty, IntProperty, StringProperty

from . import ids, system

ENGINES = [
    ("CYCLES", "Cycles", "Path tracing; works everywhere, also without a graphics card", "NONE", 0),
    ("EEVEE", "EEVEE", "Fast; needs a graphics card", "NONE", 1),
    ("WORKBENCH", "Workbench", "Shape and texture only: it shows no wrinkles", "NONE", 2),
]


def _threads_changed(self: "WRINKLE_AP_preferences", context: bpy.types.Context) -> None:
    apply_threads(self.threads)


def _path_changed(self: "WRINKLE_PG_model", context: bpy.types.Context) -> None:
    self.report = ""


class WRINKLE_PG_model(bpy.types.PropertyGroup):
    """A face model on this computer."""

    path: StringProperty(
        name="File",
        description="Basel Face Model (.h5), eos model (.bin) or ICT-FaceKit folder",
        subtype="FILE_PATH",
        update=_path_changed,
    )
    report: StringProperty(
        name="Report", description="What the last check said of this model", options={"HIDDEN", "SKIP_SAVE"}
    )


class WRINKLE_UL_models(bpy.types.UIList):
    """One row per face model."""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: object,
        item: WRINKLE_PG_model,
        icon: int,
        active_data: object,
        active_property: str,
        index: int = 0,
        flt_flag: int = 0,
    ) -> None:
        row = layout.row(align=True)
        row.alert = bool(item.path) and not Path(bpy.path.abspath(item.path)).exists()
        row.prop(item, "path", text="", emboss=False, icon="CHECKMARK" if item.report else "MESH_MONKEY")


class WRINKLE_AP_preferences(bpy.types.AddonPreferences):
    """Preferences of the add-on."""

    bl_idname = ids.ADDON

    models: CollectionProperty(
        name="Face Models", description="Face models of yours on this computer", type=WRINKLE_PG_model
    )
    active_model: IntProperty(
        name="Active Model", description="The model for faces that use a file and name none themselves"
    )
    preview_engine: EnumProperty(
        name="Preview Engine",
        description="The engine of previews in scenes that name none themselves",
        items=ENGINES,
        default="CYCLES",
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
            self._draw_models(layout)
            column = layout.column()
            column.use_property_split = True
            column.use_property_decorate = False
            column.prop(self, "preview_engine")
            column.prop(self, "threads")
            row = layout.row()
            row.label(text="Prepared models on disk")
            row.label(text=system.size_text(cache_folder()))
            row.operator("wrinkle.clear_cache", icon="TRASH")
        draw_system(layout)

    def _draw_models(self, layout: bpy.types.UILayout) -> None:
        layout.label(text="Face Models")
        row = layout.row()
        row.template_list("WRINKLE_UL_models", "", self, "models", self, "active_model", rows=2)
        column = row.column(align=True)
        column.operator("wrinkle.add_model", text="", icon="ADD")
        column.operator("wrinkle.remove_model", text="", icon="REMOVE")
        column.operator("wrinkle.check_model", text="", icon="CHECKMARK").in_preferences = True
        model = self.chosen_model()
        if model is not None:
            for line in model.report.splitlines():
                layout.label(text=line)

    def chosen_model(self) -> WRINKLE_PG_model | None:
        """The highlighted model, for faces that name none themselves."""
        return self.models[self.active_model] if 0 <= self.active_model < len(self.models) else None


class WRINKLE_OT_copy_system(bpy.types.Operator):
    """Copy the versions of everything involved to the clipboard, to paste into a bug report"""

    bl_idname = "wrinkle.copy_system"
    bl_label = "Copy System Check"

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.clipboard = system.report_text(choices())
        self.report({"INFO"}, "The system check is on the clipboard.")
        return {"FINISHED"}


def draw_missing(layout: bpy.types.UILayout, missing: list[str]) -> None:
    """Say which compiled parts are missing and what to do."""
    box = layout.box()
    box.alert = True
    box.label(text="Cannot be used yet. Missing:", icon="ERROR")
    for name in missing:
        box.label(text=name, translate=False)
    for line in system.advice():
        box.label(text=line)


def draw_system(layout: bpy.types.UILayout) -> None:
    """The system check."""
    box = layout.box()
    row = box.row()
    row.label(text="System Check", icon="INFO")
    row.operator(WRINKLE_OT_copy_system.bl_idname, text="Copy", icon="COPYDOWN")
    column = box.column(align=True)
    for name, fact in [*system.facts(), *choices()]:
        split = column.split(factor=0.3)
        split.label(text=name)
        split.label(text=fact, translate=False)


def stored() -> WRINKLE_AP_preferences | None:
    """The preferences; None when the add-on runs without, as in tests and scripts."""
    addon = bpy.context.preferences.addons.get(ids.ADDON)
    return addon.preferences if addon else None


def value(name: str, default: Any) -> Any:
    """One preference; ``default`` when the add-on runs without preferences, as in tests and scripts."""
    return getattr(stored(), name, default)


def model_path() -> str:
    """The face model for faces that use a file and name none themselves; empty when there is none."""
    found = stored()
    model = None if found is None else found.chosen_model()
    return "" if model is None else bpy.path.abspath(model.path)


def choices() -> list[tuple[str, str]]:
    """What the user chose, for the system check."""
    found = stored()
    if found is None:
        return []
    rows = [("Preview engine", found.preview_engine), ("Threads", str(found.threads or "all"))]
    for model in found.models:
        told = model.report.partition("\n")[0] or ("not checked" if Path(model.path).exists() else "not found")
        rows.append(("Face model", f"{Path(model.path).name}: {told}"))
    return rows


def cache_folder() -> Path | None:
    """Where prepared models are kept; None (the user's cache folder) when the add-on is no installed extension."""
    if not ids.ADDON.startswith("bl_ext."):
        return None
    return Path(bpy.utils.extension_path_user(ids.ADDON, path="models", create=True))


def apply_threads(count: int) -> None:
    """Tell the native part how many threads it may use; 0 = all."""
    importlib.import_module("wrinkle_native").set_threads(count)


CLASSES = (WRINKLE_OT_copy_system, WRINKLE_PG_model, WRINKLE_UL_models, WRINKLE_AP_preferences)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
