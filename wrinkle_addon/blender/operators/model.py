# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators of step 2 and of the preferences: checking a face model, clearing prepared ones.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, StringProperty

from ...core.errors import WrinkleError
from ...core.progress import Progress
from .. import current, preferences
from .task import JobOperator, free


class WRINKLE_OT_check_model(JobOperator, bpy.types.Operator):
    """Read the face model and say what it is. The first time a large model takes a minute; it is remembered"""

    bl_idname = "wrinkle.check_model"
    bl_label = "Check Model"

    in_preferences: BoolProperty(
        name="In Preferences",
        description="Check the preferences' model instead of the active face's",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return free(cls, context)

    def prepare(self, context: bpy.types.Context) -> Callable[[Progress], Any]:
        from ...core.models import describe, load_model

        settings = current.face_settings(context)
        if self.in_preferences:
            source, uv = preferences.model_path(), None
            if not source:
                raise WrinkleError("No model file is chosen.", "Add one to the list first.")
        else:
            source = current.model_source(settings)
            uv = Path(bpy.path.abspath(settings.uv_path)) if settings.uv_path and source != "builtin" else None
        cache = preferences.cache_folder()
        return lambda progress: describe(load_model(source, uv=uv, cache=cache, progress=progress))

    def done(self, context: bpy.types.Context, value: dict[str, Any]) -> str:
        text = summary(value)
        if self.in_preferences:
            preferences.stored().chosen_model().report = text
        return text.replace("\n", " ")


class WRINKLE_OT_add_model(bpy.types.Operator):
    """Choose a face model of yours: Basel Face Model (.h5), eos model (.bin) or ICT-FaceKit folder"""

    bl_idname = "wrinkle.add_model"
    bl_label = "Add Model"

    filepath: StringProperty(
        name="File", description="The model's file or folder", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _has_preferences(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not Path(self.filepath).exists():
            self.report({"ERROR"}, f"The model {self.filepath!r} does not exist. Choose a file or a folder.")
            return {"CANCELLED"}
        found = preferences.stored()
        found.models.add().path = self.filepath
        found.active_model = len(found.models) - 1
        return {"FINISHED"}


class WRINKLE_OT_remove_model(bpy.types.Operator):
    """Take the highlighted model off the list; the file itself stays"""

    bl_idname = "wrinkle.remove_model"
    bl_label = "Remove Model"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _has_preferences(cls):
            return False
        if preferences.stored().chosen_model() is None:
            cls.poll_message_set("The list has no model.")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = preferences.stored()
        found.models.remove(found.active_model)
        found.active_model = max(0, min(found.active_model, len(found.models) - 1))
        return {"FINISHED"}


class WRINKLE_OT_clear_cache(bpy.types.Operator):
    """Delete prepared models from the disk; they are prepared again when next used"""

    bl_idname = "wrinkle.clear_cache"
    bl_label = "Clear Prepared Models"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...core.models.cache import default_folder

        shutil.rmtree(preferences.cache_folder() or default_folder(), ignore_errors=True)
        self.report({"INFO"}, "Prepared models are deleted.")
        return {"FINISHED"}


def summary(model: dict[str, Any]) -> str:
    """What the description of a model says, on a few lines for people."""
    return (
        f"{model['name']} ({model['kind']}): {model['vertices']:,} vertices, {model['shape_components']} shape and "
        f"{model['expression_components']} expression components.\n"
        f"{len(model['arkit_expressions'])} of 52 ARKit expressions, {model['landmarks']} of 68 landmarks, UV stretch "
        f"{model['uv_stretch']:.2f}, {model['memory_mb']:.0f} MB.\nLicence: {model['licence'] or 'not stated'}."
    )


def _has_preferences(cls: type[bpy.types.Operator]) -> bool:
    """Poll: the add-on is enabled in Blender's preferences; says so otherwise."""
    if preferences.stored() is not None:
        return True
    cls.poll_message_set("Enable the add-on in the preferences first.")
    return False


register, unregister = bpy.utils.register_classes_factory(
    (WRINKLE_OT_check_model, WRINKLE_OT_add_model, WRINKLE_OT_remove_model, WRINKLE_OT_clear_cache)
)
