# SPDX-License-Identifier: GPL-3.0-or-later
"""`dog_thres` takes effect while its slider moves.

With a window a small map is shown at once, and the full ones are made in a thread as soon as the slider rests. Scripts
and Blender without a window get the full ones in place. What the maps in the file were made with is noted on the mesh,
so that undo, which brings back older maps or a small one, is noticed and made good.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import bpy

from ..core.errors import WrinkleError
from ..core.progress import silent
from . import current, face, jobs, maps, material, migrate, runners
from .request import Made, Request, request_of
from .skin import painted

if TYPE_CHECKING:
    from ..core.settings import Settings

SMALL = 512
"""Edge of the map that is shown while the slider moves."""
_REST_SECONDS = 0.25
_POLL_SECONDS = 0.05
_SHOWN = "wrinkle_shown"
"""Custom property of the mesh: the dog_thres that its maps were made with, and 1 when they are the full ones."""

log = logging.getLogger(__name__)
_pending: dict[str, _Pending] = {}
_drawn: dict[str, tuple[float, float]] = {}
"""What was put into each face's images last; undo does not change it back."""


@dataclass
class _Pending:
    """The full maps that a face waits for."""

    due: float = field(default_factory=lambda: time.monotonic() + _REST_SECONDS)
    job: jobs.Job[Made] | None = None

    def put_off(self) -> None:
        """Wait for the slider to rest again."""
        self.cancel()
        self.due = time.monotonic() + _REST_SECONDS

    def cancel(self) -> None:
        if self.job is not None:
            self.job.cancel()
            self.job = None


def changed(obj: bpy.types.Object) -> None:
    """The slider of the face ``obj`` moved. Where nothing is remembered of the face, it stays out of date."""
    if not _can_follow(obj):
        return
    key, settings = current.key_of(obj), obj.wrinkle
    if not has_window():
        _finish(key, obj)
        return
    size = min(SMALL, int(settings.size))
    kept = runners.look(key)
    layer = None if kept is None else kept.runner.glimpse(_with_slope_of(obj, current.core_settings(settings)), size)
    if layer is not None:
        maps.own_maps(obj)
        maps.put_layer(obj, painted(layer))
        _note(key, obj, settings.dog_thres, whole=False)
    settings.made_with_threshold(settings.dog_thres)
    _ask(key)


def note_made(obj: bpy.types.Object, dog_thres: float) -> None:
    """The face ``obj`` has just been made with ``dog_thres``; the slider may have moved meanwhile."""
    _note(current.key_of(obj), obj, dog_thres, whole=True)
    if obj.wrinkle.stale_parts() == ["dog_thres"]:
        changed(obj)


def has_window() -> bool:
    """Whether somebody watches: Blender's main loop runs, and its timers with it."""
    return not bpy.app.background


def settle(obj: bpy.types.Object) -> None:
    """Make the full maps now, when ``obj`` still waits for them, because they are about to be read."""
    key = current.key_of(obj)
    if _pending.get(key) is not None:
        _drop(key)
        _finish(key, obj)


def waits(key: str) -> bool:
    """Whether the face ``key`` waits for its full maps."""
    return key in _pending


def _can_follow(obj: bpy.types.Object) -> bool:
    """Whether the maps can be made anew from what is remembered: nothing else has changed, and nothing else works."""
    if not face.is_face(obj) or not (obj.is_editable and obj.data.is_editable) or migrate.is_newer(obj.wrinkle):
        return False
    key = current.key_of(obj)
    if runners.look(key) is None or jobs.job_of(key) is not None or not obj.wrinkle.made_with:
        return False
    return set(obj.wrinkle.stale_parts()) <= {"dog_thres"} and material.group_node(obj.active_material) is not None


def _with_slope_of(obj: bpy.types.Object, settings: Settings) -> Settings:
    """The normal map keeps the slope scale that it was made with: the material scales from there."""
    return replace(settings, dis2normal_coff=float(obj.data.get(face.COFF, settings.dis2normal_coff)))


def _request(obj: bpy.types.Object) -> Request:
    request = request_of(obj.wrinkle)
    return replace(request, settings=_with_slope_of(obj, request.settings))


def _note(key: str, obj: bpy.types.Object, dog_thres: float, *, whole: bool) -> None:
    _drawn[key] = (round(dog_thres, 3), float(whole))
    obj.data[_SHOWN] = _drawn[key]


def _shown(obj: bpy.types.Object) -> tuple[float, float]:
    """What the maps in the file were made with, see `_SHOWN`."""
    value, whole = obj.data.get(_SHOWN, (round(obj.wrinkle.dog_thres, 3), 1.0))
    return float(value), float(whole)


def _ask(key: str) -> None:
    if key in _pending:
        _pending[key].put_off()
    else:
        _pending[key] = _Pending()
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_POLL_SECONDS)


def _tick() -> float | None:
    for key, pending in list(_pending.items()):
        _advance(key, pending)
    return _POLL_SECONDS if _pending else None


def _advance(key: str, pending: _Pending) -> None:
    """One look at a face that waits."""
    obj = current.find_object(key)
    if obj is None or not face.is_face(obj):
        _drop(key)
    elif jobs.job_of(key) is not None or bpy.app.is_job_running("RENDER"):
        pending.put_off()
    elif _shown(obj) == (round(obj.wrinkle.dog_thres, 3), 1.0):  # a whole run has come in between
        _drop(key)
    elif pending.job is None:
        if time.monotonic() >= pending.due:
            _begin(key, obj, pending)
    elif pending.job.finished:
        job = pending.job
        pending.job = None
        _drop(key)
        _take(key, obj, job)


def _begin(key: str, obj: bpy.types.Object, pending: _Pending) -> None:
    try:
        request = _request(obj)
    except WrinkleError:  # the photo is gone: the panel says that the threshold has changed
        _drop(key)
        _stay_stale(obj)
        return
    runner = runners.runner_for(key)
    pending.job = jobs.Job(key, lambda progress: request.run(runner, progress))
    pending.job.start_beside()


def _finish(key: str, obj: bpy.types.Object) -> None:
    """Make the full maps in place."""
    try:
        request = _request(obj)
    except WrinkleError:
        _stay_stale(obj)
        return
    runner = runners.runner_for(key)
    job = jobs.Job(key, lambda progress: request.run(runner, progress))
    job.run_here(silent)
    _take(key, obj, job)


def _take(key: str, obj: bpy.types.Object, job: jobs.Job[Made]) -> None:
    """Put the full maps into the file; when there are none, the face is out of date and its panel says so."""
    if job.error is not None and not isinstance(job.error, WrinkleError):
        log.error("dog_thres could not take effect", exc_info=job.error)
    made = job.value
    if made is None or not maps.fits(obj, made.skin):
        _stay_stale(obj)
        return
    maps.own_maps(obj)
    maps.put_skin(obj, made.skin)
    obj.data[face.TELLING] = face.telling_expression(made.result)
    dog_thres = made.kept.settings.wrinkles.dog_thres
    obj.wrinkle.made_with_threshold(dog_thres)
    runners.keep(key, made.kept)
    _note(key, obj, dog_thres, whole=True)


def _stay_stale(obj: bpy.types.Object) -> None:
    obj.wrinkle.made_with_threshold(_shown(obj)[0] if _shown(obj)[1] else -1.0)


def _drop(key: str) -> None:
    pending = _pending.pop(key, None)
    if pending is not None:
        pending.cancel()


def _drop_all() -> None:
    for key in list(_pending):
        _drop(key)
    _drawn.clear()


@bpy.app.handlers.persistent
def _after_undo(*_: object) -> None:
    """Show the maps that undo has brought back, and make the full ones when those were small."""
    for obj in bpy.data.objects:
        key = current.key_of(obj)
        if key not in _drawn or not face.is_face(obj):
            continue
        if _shown(obj) != _drawn[key]:
            maps.reread(obj)
            _drawn[key] = _shown(obj)
        if _shown(obj) != (round(obj.wrinkle.dog_thres, 3), 1.0) and _can_follow(obj):
            _ask(key)


@bpy.app.handlers.persistent
def _before_saving(*_: object) -> None:
    for key in list(_pending):
        obj = current.find_object(key)
        if obj is not None:
            settle(obj)


@bpy.app.handlers.persistent
def _before_loading(*_: object) -> None:
    _drop_all()


_HANDLERS = (
    ("undo_post", _after_undo),
    ("redo_post", _after_undo),
    ("save_pre", _before_saving),
    ("load_pre", _before_loading),
)


def register() -> None:
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    for name, handler in reversed(_HANDLERS):
        getattr(bpy.app.handlers, name).remove(handler)
    _drop_all()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
