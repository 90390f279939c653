# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that find, show and move the landmarks of a photo.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
from bpy.props import FloatVectorProperty, IntProperty

from ...core.progress import Progress
from .. import current, landmark_tool, overlay, photo_view, runners, wireframe
from ..runners import Kept
from .task import JobOperator, free

_REACH_PX = 14.0
_FINE = 0.2
_HELP = "Drag the landmark - Shift moves it finely - Esc or right click puts it back"


class WRINKLE_OT_edit_landmarks(JobOperator, bpy.types.Operator):
    """Find the face in every photo and show the highlighted one with its 68 landmarks, to be corrected by hand"""

    bl_idname = "wrinkle.edit_landmarks"
    bl_label = "Edit Landmarks"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not current.face_settings(context).photos:
            cls.poll_message_set("Add a photo in step 1 first.")
            return False
        return free(cls, context)

    def prepare(self, context: bpy.types.Context) -> Callable[[Progress], Any]:
        settings = current.face_settings(context)
        paths = current.photo_paths(settings)
        given = current.given_landmarks(settings)
        chosen = current.core_settings(settings)
        self._key = key = current.job_key(context)
        index = min(settings.active_photo, len(paths) - 1)
        self._path = paths[index]
        runner = runners.runner_for(key)

        def work(progress: Progress) -> Any:
            laid = runner.lay(paths, chosen, landmarks=given, progress=progress)
            photo = laid.photos[index].value
            return laid, photo, photo_view.encoded(photo), Kept(runner, chosen, paths)

        return work

    def done(self, context: bpy.types.Context, value: Any) -> str:
        laid, photo, data, kept = value
        block = current.find_block(self._key)
        if block is None:
            return "The face was removed meanwhile."
        settings = block.wrinkle
        for entry, marks in zip(settings.photos, laid.marks, strict=False):
            entry.remember(marks.value)
        runners.keep(self._key, kept)
        wireframe.keep(self._key, settings, laid)
        photo_view.show(context, photo_view.put(self._path, photo, data))
        return f"Drag the landmarks of {photo.name} where they belong, then reconstruct."


class _OnLandmarks:
    """An operator on the landmarks of the photo in this Image Editor, or of the highlighted photo."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        photo = _photo(context)
        if photo is None or not photo.points:
            cls.poll_message_set("Press Edit Landmarks in step 1 first.")
            return False
        return free(cls, context)


class WRINKLE_OT_move_landmark(_OnLandmarks, bpy.types.Operator):
    """Drag the landmark under the mouse; the fitted face follows"""

    bl_idname = "wrinkle.move_landmark"
    bl_label = "Move Landmark"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    index: IntProperty(name="Landmark", description="Which of the 68, from 0", min=0, max=67, options={"SKIP_SAVE"})
    to: FloatVectorProperty(
        name="To", description="Pixels of the upright photo, x right and y down", size=2, options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        point = _photo(context).points[self.index]
        point.co, point.moved = self.to, True
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        shown = overlay.shown_photo(context)
        if shown is None:
            return {"PASS_THROUGH"}
        self._scale, offset = overlay.to_region(context.region, tuple(context.space_data.image.size))
        mouse = np.array([event.mouse_region_x, event.mouse_region_y], np.float32)
        away = np.linalg.norm(shown.photo.places() * self._scale + offset - mouse, axis=1)
        self.index = int(away.argmin())
        if away[self.index] > _REACH_PX * context.preferences.system.ui_scale:
            return {"PASS_THROUGH"}
        point = shown.photo.points[self.index]
        self._before = (tuple(point.co), point.moved)
        self._mouse, self.to = mouse, point.co
        context.window_manager.modal_handler_add(self)
        context.workspace.status_text_set(_HELP)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        photo = _photo(context)
        if photo is None or self.index >= len(photo.points):
            return self._leave(context, "CANCELLED")
        point = photo.points[self.index]
        if event.type == "MOUSEMOVE":
            mouse = np.array([event.mouse_region_x, event.mouse_region_y], np.float32)
            step = (mouse - self._mouse) / self._scale * (_FINE if event.shift else 1.0)
            self._mouse, self.to = mouse, np.array(self.to) + step
            self.execute(context)
            context.area.tag_redraw()
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            changed = tuple(point.co) != self._before[0]
            return self._leave(context, "FINISHED" if changed else "CANCELLED")
        elif event.type in {"ESC", "RIGHTMOUSE"}:
            point.co, point.moved = self._before
            return self._leave(context, "CANCELLED")
        return {"RUNNING_MODAL"}

    def _leave(self, context: bpy.types.Context, answer: str) -> set[str]:
        context.workspace.status_text_set(None)
        landmark_tool.keep_help()
        wireframe.redraw()
        return {answer}


class WRINKLE_OT_mirror_landmarks(_OnLandmarks, bpy.types.Operator):
    """Move the landmarks of the other side as far as you moved their partners, in mirror image"""

    bl_idname = "wrinkle.mirror_landmarks"
    bl_label = "Mirror Landmarks"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    def execute(self, context: bpy.types.Context) -> set[str]:
        photo = _photo(context)
        found = photo.found()
        if found is None or not photo.edited:
            self.report({"INFO"}, "Move a landmark of this photo first.")
            return {"CANCELLED"}
        from ...core.landmarks import edit

        photo.place(*edit.mirrored(photo.places(), found, photo.moved))
        wireframe.redraw()
        return {"FINISHED"}


class WRINKLE_OT_reset_landmarks(_OnLandmarks, bpy.types.Operator):
    """Put all landmarks of this photo back to where they were found"""

    bl_idname = "wrinkle.reset_landmarks"
    bl_label = "Reset Landmarks"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    def execute(self, context: bpy.types.Context) -> set[str]:
        photo = _photo(context)
        found = photo.found()
        if found is None:
            photo.forget_landmarks()
        else:
            photo.place(found, np.zeros(len(found), bool))
        wireframe.redraw()
        return {"FINISHED"}


class WRINKLE_OT_copy_landmarks(_OnLandmarks, bpy.types.Operator):
    """Make the same corrections in the next photo, scaled and turned to its face, and show it"""

    bl_idname = "wrinkle.copy_landmarks"
    bl_label = "Copy to Next Photo"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if len(current.face_settings(context).photos) < 2:
            cls.poll_message_set("There is no other photo in the list.")
            return False
        return super().poll(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        photo = _photo(context)
        index, following = _next(context)
        found, target = photo.found(), following.found()
        if found is None or target is None or not photo.edited:
            self.report({"INFO"}, "Move a landmark of this photo first.")
            return {"CANCELLED"}
        from ...core.landmarks import edit

        places = edit.edits_onto(photo.places(), found, following.places(), photo.moved)
        following.place(places, photo.moved | following.moved)
        _show_photo(context, index)
        return {"FINISHED"}


class WRINKLE_OT_next_photo(_OnLandmarks, bpy.types.Operator):
    """Show the next photo of the face"""

    bl_idname = "wrinkle.next_photo"
    bl_label = "Next Photo"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if len(current.face_settings(context).photos) < 2:
            cls.poll_message_set("There is no other photo in the list.")
            return False
        return super().poll(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        _show_photo(context, _next(context)[0])
        return {"FINISHED"}


def _photo(context: bpy.types.Context) -> Any:
    """The photo in this Image Editor, else the highlighted one; None when the list is empty."""
    shown = overlay.shown_photo(context)
    if shown is not None:
        return shown.photo
    settings = current.face_settings(context)
    return settings.photos[min(settings.active_photo, len(settings.photos) - 1)] if settings.photos else None


def _next(context: bpy.types.Context) -> tuple[int, Any]:
    shown, settings = overlay.shown_photo(context), current.face_settings(context)
    index = ((shown.index if shown else settings.active_photo) + 1) % len(settings.photos)
    return index, settings.photos[index]


def _show_photo(context: bpy.types.Context, index: int) -> None:
    """Highlight a photo and, where an Image Editor shows another one of the face, show it there."""
    settings = current.face_settings(context)
    settings.active_photo = index
    if overlay.shown_photo(context) is not None:
        bpy.ops.wrinkle.edit_landmarks("INVOKE_DEFAULT")
    wireframe.redraw()


register, unregister = bpy.utils.register_classes_factory(
    (
        WRINKLE_OT_edit_landmarks,
        WRINKLE_OT_move_landmark,
        WRINKLE_OT_mirror_landmarks,
        WRINKLE_OT_reset_landmarks,
        WRINKLE_OT_copy_landmarks,
        WRINKLE_OT_next_photo,
    )
)
