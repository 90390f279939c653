# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of an operator that works long: in a thread with a window, in place without one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import bpy

from ...core.errors import WrinkleError
from ...core.progress import Progress
from .. import current, jobs, landmark_tool

_POLL_SECONDS = 0.1
_LAST_WAIT_SECONDS = 5.0
_BAR_UNITS = 12
_SIDEBARS = {"VIEW_3D", "IMAGE_EDITOR"}

log = logging.getLogger(__name__)
_timers: dict[jobs.Job[Any], bpy.types.Timer] = {}
"""The jobs that a window polls. Kept outside the operators, which Blender frees at moments of its own."""


class JobOperator:
    """Mix-in. A subclass says what to do (``prepare``) and what to make of the result (``done``).

    With a window a thread works while a timer polls it and Esc cancels; from scripts and without a window the same work
    is done in place. Nothing in the file changes before ``done``.
    """

    _job: jobs.Job[Any]

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
        except Exception as error:  # said in one sentence, like an error of the work itself
            return self._fail(error)
        finally:
            manager.progress_end()
        return self._end(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not has_window(context):
            return self.execute(context)
        try:
            jobs.check_free(current.job_key(context))
            self._job = jobs.Job(current.job_key(context), self.prepare(context))
            self._job.start()
        except Exception as error:  # said in one sentence, like an error of the work itself
            return self._fail(error)
        _timers[self._job] = context.window_manager.event_timer_add(_POLL_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        show_progress(context)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self._job.cancel()
        if self._job.stopping:
            _release(context, self._job)
            self.report({"INFO"}, "Cancelled: nothing was changed.")
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if self._job.finished:
            _release(context, self._job)
            return self._end(context)
        if self._job.moved():
            show_progress(context)
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender when it takes the operator away, as when another file is opened."""
        self._job.cancel()
        _release(context, self._job)

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
        except Exception as error:  # said in one sentence, like an error of the work itself
            return self._fail(error)
        self.report({"INFO"}, text)
        return {"FINISHED"}

    def _fail(self, error: BaseException) -> set[str]:
        if not isinstance(error, WrinkleError):
            log.error("%s failed", self.bl_label, exc_info=error)
        self.report({"ERROR"}, jobs.sentence(error))
        return {"CANCELLED"}


def has_window(context: bpy.types.Context) -> bool:
    """Whether there is a window whose timer can poll a job."""
    return not bpy.app.background and context.window is not None


def stop_all(context: bpy.types.Context, wait: float = 0.0) -> None:
    """Cancel every job and take its timer away; ``wait`` seconds for each thread to end."""
    stopped = list(_timers)
    for job in stopped:
        job.cancel()
        _release(context, job)
    for job in stopped:
        job.join(wait)


def _release(context: bpy.types.Context, job: jobs.Job[Any]) -> None:
    timer = _timers.pop(job, None)
    if timer is not None:
        context.window_manager.event_timer_remove(timer)
    show_progress(context)


def show_progress(context: bpy.types.Context) -> None:
    """Draw the jobs anew in the sidebars and in the status bar, which gets back its own contents after the last job."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in _SIDEBARS:
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
    if context.workspace is not None:
        context.workspace.status_text_set(draw_status if _timers else None)
        if not _timers:
            landmark_tool.keep_help()


def draw_status(header: bpy.types.Header, context: bpy.types.Context) -> None:
    """What the status bar shows while jobs run: a bar for each, and how to stop it."""
    row = header.layout.row()
    row.label(text="Cancel", icon="EVENT_ESC")
    for job in _timers:
        bar = row.row()
        bar.ui_units_x = _BAR_UNITS
        bar.progress(factor=job.fraction, text=job.text)


def free(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Poll: the active face may be changed, and nothing works on it; says why not otherwise."""
    locked = current.why_locked(context)
    if locked:
        cls.poll_message_set(locked)
        return False
    return idle(cls, context)


def idle(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
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


def expressive(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Poll: the active object is a face whose expressions can be moved; says why not otherwise."""
    if not on_face(cls, context):
        return False
    keys = current.face_object(context).data.shape_keys
    if keys is None:
        cls.poll_message_set("The face has lost its shape keys. Reconstruct it again.")
        return False
    if not keys.is_editable:
        cls.poll_message_set(current.why_locked(context))
        return False
    return True


def in_object_mode(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Poll: Blender is in object mode; says so otherwise."""
    if context.mode == "OBJECT":
        return True
    cls.poll_message_set("Leave edit, sculpt or paint mode first (Object Mode).")
    return False


@bpy.app.handlers.persistent
def _stop_before_loading(*_: object) -> None:
    stop_all(bpy.context)


def register() -> None:
    bpy.app.handlers.load_pre.append(_stop_before_loading)


def unregister() -> None:
    """To be called before the operators go: Blender then drops those that wait for a job without a word to them."""
    stop_all(bpy.context, wait=_LAST_WAIT_SECONDS)
    bpy.app.handlers.load_pre.remove(_stop_before_loading)
