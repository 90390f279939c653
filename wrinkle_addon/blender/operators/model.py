# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators of step 2 and of the preferences: checking a face model, clearing prepared ones.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty

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
            source, uv = bpy.path.abspath(preferences.value("model_path", "")), None
            if not source:
                raise WrinkleError("No model file is chosen.", "Choose a file first.")
        else:
            source = current.model_source(settings)
            uv = Path(bpy.path.abspath(settings.uv_path)) if settings.uv_path and source != "builtin" else None
        cache = preferences.cache_folder()
        return lambda progress: describe(load_model(source, uv=uv, cache=cache, progress=progress))

    def done(self, context: bpy.types.Context, value: dict[str, Any]) -> str:
        text = summary(value)
        if self.in_preferences:
            context.preferences.addons[preferences.ids.ADDON].preferences.model_report = text
        return text.replace("\n", " ")


class WRINKLE_OT_clear_cache(bpy.types.Operator):
    """Delete prepared models from the disk; they are prepared again when next used"""

    bl_idname = "wrinkle.clear_cache"
    bl_label = "Clear"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...core.models.cache import default_folder

        shutil.rmtree(preferences.cache_folder() or default_folder(), ignore_errors=True)
        self.report({"INFO"}, "Prepared models are deleted.")
        return {"FINISHED"}


def summary(description: dict[str, Any]) -> str:
    """What the description of a model says, on one or two lines."""
    return "\n".join(f"{name}: {value}" for name, value in description.items() if isinstance(value, (str, int, float)))


register, unregister = bpy.utils.register_classes_factory((WRINKLE_OT_check_model, WRINKLE_OT_clear_cache))
