# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of an operator that works long: in a thread with a window, in place without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from ...core.errors import WrinkleError
from ...core.progress import Progress
from .. import current, jobs

_POLL_SECONDS = 0.1


class JobOperator:
    """Mix-in. A subclass says what to do (``prepare``) and what to make of the result (``done``).

    With a window a thread works while a timer polls it and Esc cancels; from scripts and without a window the same work
    is done in place. Nothing in the file changes before ``done``.
    """

    _job: jobs.Job[Any]
    _timer: bpy.types.Timer | None = None

    def prepare(self, context: bpy.types.Context) -> Callable[[Progress], Any]:
        """Collect what the work needs from Blender; the function returned must not touch bpy when run in a thread."""
        raise NotImplementedError

    def done(self, context: bpy.types.Context, value: Any) -> str:
        """Put the result into the file; returns a sentence for the user."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        manager = context.window_manager
        manager.progress_begin(0.0, 1.0)
        try:
            self._job = jobs.Job(current.job_key(context), self.prepare(context))
            self._job.run_here(lambda fraction, text: manager.progress_update(fraction) is None)
        except WrinkleError as error:
            return self._fail(error)
        finally:
            manager.progress_end()
        return self._end(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if bpy.app.background or context.window is None:
            return self.execute(context)
        try:
            self._job = jobs.Job(current.job_key(context), self.prepare(context))
            self._job.start()
        except WrinkleError as error:
            return self._fail(error)
        self._timer = context.window_manager.event_timer_add(_POLL_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self._job.cancel()
        if self._job.stopping:
            self._leave(context)
            self.report({"INFO"}, "Cancelled: nothing was changed.")
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if self._job.finished:
            self._leave(context)
            return self._end(context)
        self._show(context)
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender when it takes the operator away, as when another file is opened."""
        self._job.cancel()
        self._leave(context)

    def _show(self, context: bpy.types.Context) -> None:
        if context.workspace is not None:
            context.workspace.status_text_set(f"{self._job.text} ({self._job.fraction:.0%}) - Esc cancels")
        redraw(context)

    def _leave(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        redraw(context)

    def _end(self, context: bpy.types.Context) -> set[str]:
        job = self._job
        job.forget()
        if job.cancelled:
            self.report({"INFO"}, "Cancelled: nothing was changed.")
            return {"CANCELLED"}
        if job.error is not None:
            return self._fail(job.error)
        try:
            text = self.done(context, job.value)
        except WrinkleError as error:
            return self._fail(error)
        self.report({"INFO"}, text)
        return {"FINISHED"}

    def _fail(self, error: BaseException) -> set[str]:
        self.report({"ERROR"}, jobs.sentence(error))
        return {"CANCELLED"}


def redraw(context: bpy.types.Context) -> None:
    """Draw the sidebars again."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


def free(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Poll: nothing works on the active face; says so otherwise."""
    if jobs.job_of(current.job_key(context)) is None:
        return True
    cls.poll_message_set("This face is being worked on; wait for it, or cancel it with Esc.")
    return False


def on_face(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Poll: the active object is a face; says so otherwise."""
    if current.face_object(context) is not None:
        return True
    cls.poll_message_set("Select a face made by Reconstruct first.")
    return False


def in_object_mode(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Poll: Blender is in object mode; says so otherwise."""
    if context.mode == "OBJECT":
        return True
    cls.poll_message_set("Leave edit, sculpt or paint mode first (Object Mode).")
    return False
