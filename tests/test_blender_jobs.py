# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs in a thread, as a window drives them: progress, cancelling anywhere, errors, and files that change meanwhile."""

from __future__ import annotations

import gc
import time
import weakref
from types import SimpleNamespace

import pytest
import test_blender_operators as operators
from fake_window import FakeContext, Gate, Windowed

from wrinkle_addon.core.errors import Cancelled, WrinkleError
from wrinkle_addon.core.progress import report

STAGES, counts, make_face = operators.STAGES, operators.counts, operators.make_face
runner, photo = operators.runner, operators.photo


@pytest.fixture
def in_window(addon, monkeypatch):
    """Operators find a window, and leave no job behind."""
    from wrinkle_addon.blender import jobs
    from wrinkle_addon.blender.operators import task

    monkeypatch.setattr(task, "has_window", lambda context: True)
    yield addon
    assert not task._timers
    assert not jobs._running


@pytest.fixture
def windowed(in_window, runner, photo):
    from wrinkle_addon.blender.operators.reconstruct import WRINKLE_OT_reconstruct

    in_window.ops.wrinkle.add_photos(filepath=str(photo))
    return Windowed(in_window, WRINKLE_OT_reconstruct)


def faces(bpy) -> list[object]:
    return [obj for obj in bpy.data.objects if obj.type == "MESH"]


def test_the_job_shows_progress_and_finishes(addon, runner, windowed):
    from wrinkle_addon.blender.operators import task

    runner.hold = Gate(1)
    assert windowed.start() == {"RUNNING_MODAL"}
    assert windowed.context.timers == 1
    windowed.wait_for(STAGES[1])
    assert windowed.event("MOUSEMOVE") == {"PASS_THROUGH"}
    assert windowed.context.status[-1] is task.draw_status
    runner.hold.set()
    assert windowed.run() == {"FINISHED"}
    assert windowed.context.status[-1] is None
    assert windowed.context.timers == 0
    assert windowed.reports[-1][0] == {"INFO"}
    assert len(faces(addon)) == 1


def test_the_status_bar_shows_a_bar_for_each_job_and_how_to_stop_it(addon, runner, windowed):
    from wrinkle_addon.blender.operators import task

    drawn = []
    row = SimpleNamespace(
        label=lambda text, icon: drawn.append((text, icon)),
        progress=lambda factor, text: drawn.append((factor, text)),
        row=lambda: row,
    )
    runner.hold = Gate(2)
    windowed.start()
    windowed.wait_for(STAGES[2])
    task.draw_status(SimpleNamespace(layout=SimpleNamespace(row=lambda: row)), windowed.context)
    assert drawn == [("Cancel", "EVENT_ESC"), (pytest.approx(0.4), STAGES[2])]
    assert windowed.event("ESC") == {"CANCELLED"}


@pytest.mark.parametrize("stage", range(len(STAGES)))
def test_escape_cancels_at_once_at_every_stage_and_changes_nothing(addon, runner, windowed, stage):
    from wrinkle_addon.blender import current, jobs

    before = counts(addon)
    runner.hold = Gate(stage)
    windowed.start()
    windowed.wait_for(STAGES[stage])
    start = time.monotonic()
    assert windowed.event("ESC") == {"CANCELLED"}
    assert jobs.job_of(current.key_of(addon.context.scene)) is None
    windowed.operator._job.join(5)
    assert time.monotonic() - start < 0.3
    assert windowed.operator._job.cancelled
    assert counts(addon) == before
    assert len(addon.context.scene.wrinkle.photos) == 1
    assert windowed.context.timers == 0
    runner.hold.set()
    assert windowed.start() == {"RUNNING_MODAL"}
    assert windowed.run() == {"FINISHED"}


def test_the_cancel_button_stops_the_job_at_the_next_event(addon, runner, windowed):
    runner.hold = Gate(0)
    windowed.start()
    assert not addon.ops.wrinkle.reconstruct.poll()
    assert addon.ops.wrinkle.cancel() == {"FINISHED"}
    assert windowed.run() == {"CANCELLED"}
    assert not faces(addon)


def test_two_jobs_never_work_on_one_face(addon, runner, windowed):
    from wrinkle_addon.blender.operators.model import WRINKLE_OT_check_model
    from wrinkle_addon.blender.operators.reconstruct import WRINKLE_OT_reconstruct

    runner.hold = Gate(0)
    windowed.start()
    for other in (
        Windowed(addon, WRINKLE_OT_reconstruct),
        Windowed(addon, WRINKLE_OT_check_model, in_preferences=False),
    ):
        assert other.start() == {"CANCELLED"}
        assert "already being worked on" in other.reports[-1][1]
        assert other.context.timers == 0
    assert windowed.event("ESC") == {"CANCELLED"}


def test_two_faces_are_worked_on_at_once_and_escape_stops_one(addon, runner, windowed, photo):
    from wrinkle_addon.blender.operators.reconstruct import WRINKLE_OT_reconstruct

    face = make_face(addon, photo)
    runner.hold = Gate(0)
    first = Windowed(addon, WRINKLE_OT_reconstruct)
    assert first.start() == {"RUNNING_MODAL"}
    addon.ops.wrinkle.new_face()
    addon.ops.wrinkle.add_photos(filepath=str(photo))
    second = Windowed(addon, WRINKLE_OT_reconstruct)
    assert second.start() == {"RUNNING_MODAL"}
    assert first.event("ESC") == {"CANCELLED"}
    assert first.context.status[-1] is not None
    runner.hold.set()
    assert second.run() == {"FINISHED"}
    assert second.context.status[-1] is None
    assert len(faces(addon)) == 2
    assert face in faces(addon)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (WrinkleError("The photo shows no face.", "Use another."), "The photo shows no face. Use another."),
        (MemoryError(), "There is not enough memory for this size. Choose a smaller one."),
        (ValueError("boom"), "Something went wrong that should not (ValueError: boom). The console shows where."),
    ],
)
def test_an_error_in_the_thread_becomes_one_sentence(addon, runner, windowed, stage, error, sentence):
    before = counts(addon)
    runner.fail_at, runner.error = stage, error
    windowed.start()
    assert windowed.run() == {"CANCELLED"}
    assert windowed.reports == [({"ERROR"}, sentence)]
    assert counts(addon) == before
    assert windowed.context.timers == 0


def test_an_error_before_or_after_the_thread_becomes_one_sentence_too(addon, runner, windowed, monkeypatch, caplog):
    from wrinkle_addon.blender import current, face

    def broken(*_, **__):
        raise ValueError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(face, "build_face", broken)
        windowed.start()
        assert windowed.run() == {"CANCELLED"}
    with monkeypatch.context() as patch:
        patch.setattr(current, "core_settings", broken)
        assert windowed.start() == {"CANCELLED"}
    assert [text for _, text in windowed.reports] == [
        "Something went wrong that should not (ValueError: boom). The console shows where."
    ] * 2
    assert caplog.text.count("boom") >= 2
    assert windowed.context.timers == 0


@pytest.fixture
def shared_context(monkeypatch, windowed):
    """What runs between events, such as a handler, meets the same fake window."""
    from wrinkle_addon.blender.operators import task

    stop_all = task.stop_all
    monkeypatch.setattr(task, "stop_all", lambda context, **options: stop_all(windowed.context, **options))


@pytest.mark.parametrize("how", ["open", "new", "factory"])
def test_another_file_stops_the_job(addon, runner, windowed, shared_context, tmp_path, how):
    addon.ops.wm.save_as_mainfile(filepath=str(tmp_path / "file.blend"))
    runner.hold = Gate(1)
    windowed.start()
    windowed.wait_for(STAGES[1])
    if how == "open":
        addon.ops.wm.open_mainfile(filepath=str(tmp_path / "file.blend"))
    elif how == "new":
        addon.ops.wm.read_homefile(use_empty=True)
    else:
        addon.ops.wm.read_factory_settings(use_empty=True)
    windowed.operator.cancel(windowed.context)  # Blender calls it too
    windowed.operator._job.join(5)
    assert windowed.operator._job.cancelled
    assert windowed.context.timers == 0
    assert windowed.context.status[-1] is None
    assert not faces(addon)


def test_disabling_the_add_on_stops_the_job(addon, runner, windowed, shared_context):
    import wrinkle_addon

    runner.hold = Gate(1)
    windowed.start()
    wrinkle_addon.unregister()
    assert windowed.operator._job.cancelled
    assert windowed.context.timers == 0
    assert windowed.context.status[-1] is None
    wrinkle_addon.register()


def test_a_face_removed_meanwhile_is_not_brought_back(in_window, runner, photo):
    from wrinkle_addon.blender import face
    from wrinkle_addon.blender.operators.reconstruct import WRINKLE_OT_reconstruct

    obj = make_face(in_window, photo)
    driven = Windowed(in_window, WRINKLE_OT_reconstruct)
    runner.hold = Gate(0)
    driven.start()
    face.remove_face(obj)
    runner.hold.set()
    assert driven.run() == {"CANCELLED"}
    assert "removed meanwhile" in driven.reports[-1][1]
    assert not faces(in_window)


def test_a_face_renamed_and_deselected_meanwhile_gets_its_result(in_window, runner, photo):
    from wrinkle_addon.blender.operators.reconstruct import WRINKLE_OT_reconstruct

    obj = make_face(in_window, photo)
    driven = Windowed(in_window, WRINKLE_OT_reconstruct)
    runner.hold = Gate(0)
    mesh = obj.data.session_uid
    driven.start()
    obj.name = "Renamed"
    in_window.context.view_layer.objects.active = None
    runner.hold.set()
    assert driven.run() == {"FINISHED"}
    assert faces(in_window) == [obj]
    assert obj.data.session_uid != mesh


def test_undo_meanwhile_does_not_take_the_photos_from_the_face(in_window, runner, photo):
    from wrinkle_addon.blender.operators.reconstruct import WRINKLE_OT_reconstruct

    in_window.ops.ed.undo_push(message="start")
    in_window.ops.wrinkle.add_photos(filepath=str(photo))
    in_window.ops.ed.undo_push(message="photo")
    driven = Windowed(in_window, WRINKLE_OT_reconstruct)
    runner.hold = Gate(0)
    driven.start()
    in_window.ops.ed.undo()
    assert not in_window.context.scene.wrinkle.photos
    runner.hold.set()
    assert driven.run() == {"FINISHED"}
    (obj,) = faces(in_window)
    assert [entry.path for entry in obj.wrinkle.photos] == [str(photo)]
    assert obj.wrinkle.stale() == ""


@pytest.mark.parametrize("removed", [False, True])
def test_a_face_goes_to_the_scene_that_asked_for_it(in_window, runner, photo, removed):
    from wrinkle_addon.blender.operators.reconstruct import WRINKLE_OT_reconstruct

    first = in_window.context.scene
    in_window.ops.wrinkle.add_photos(filepath=str(photo))
    driven = Windowed(in_window, WRINKLE_OT_reconstruct)
    runner.hold = Gate(0)
    driven.start()
    second = in_window.data.scenes.new("Second")
    if removed:
        in_window.data.scenes.remove(first)
    else:
        driven.context.scene = second
        driven.context.view_layer = second.view_layers[0]
        driven.context.collection = second.collection
    runner.hold.set()
    if removed:
        assert driven.run() == {"CANCELLED"}
        assert "The scene was removed meanwhile" in driven.reports[-1][1]
        assert not faces(in_window)
    else:
        assert driven.run() == {"FINISHED"}
        assert list(first.collection.objects) == faces(in_window)
        assert not second.collection.objects


def test_checking_a_model_and_rendering_a_preview_are_jobs_too(in_window, runner, photo, monkeypatch, tmp_path):
    from wrinkle_addon.blender import second_blender
    from wrinkle_addon.blender.operators.model import WRINKLE_OT_check_model
    from wrinkle_addon.blender.operators.preview import WRINKLE_OT_preview
    from wrinkle_addon.core import models

    make_face(in_window, photo)

    def endless(progress, *_):
        while True:
            report(progress, 0.5, "Working")
            time.sleep(0.01)

    monkeypatch.setattr(second_blender, "available", lambda: True)
    monkeypatch.setattr(second_blender, "render_job", lambda *_: endless)
    monkeypatch.setattr(models, "load_model", lambda *_, progress, **__: endless(progress))
    before = counts(in_window)
    for driven in (
        Windowed(in_window, WRINKLE_OT_check_model, in_preferences=False),
        Windowed(in_window, WRINKLE_OT_preview, filepath=""),
    ):
        assert driven.start() == {"RUNNING_MODAL"}
        driven.wait_for("Working")
        assert driven.event("ESC") == {"CANCELLED"}
        driven.operator._job.join(5)
        assert driven.operator._job.cancelled
        assert driven.context.timers == 0
    assert counts(in_window) == before


def test_a_script_gets_the_result_in_place_and_can_cancel_through_progress(addon):
    from wrinkle_addon.blender import jobs

    seen = []

    def work(progress):
        for fraction in (0.0, 0.5, 1.0):
            report(progress, fraction, "Working")
        return "value"

    job = jobs.Job("face", work)
    job.run_here(lambda fraction, text: seen.append(fraction) is None)
    assert (job.value, job.finished, seen) == ("value", True, [0.0, 0.5, 1.0])
    stopped = jobs.Job("face", work)
    stopped.run_here(lambda fraction, text: fraction < 0.5)
    assert (stopped.value, stopped.cancelled, stopped.fraction) == (None, True, 0.5)


def test_cancelling_work_that_ends_anyway_throws_its_value_away(addon):
    from wrinkle_addon.blender import jobs

    job = jobs.Job("face", lambda progress: "late")
    job.cancel()
    job.run_here(lambda fraction, text: True)
    assert (job.value, job.cancelled) == (None, True)
    raised = jobs.Job("face", lambda progress: (_ for _ in ()).throw(Cancelled("here")))
    raised.run_here(lambda fraction, text: True)
    assert (raised.error, raised.cancelled) == (None, True)


@pytest.mark.parametrize("threaded", [False, True])
def test_a_finished_job_is_freed_with_its_value(addon, threaded):
    """By its last reference, not by the cycle collector: results are large, and it counts objects, not bytes."""
    from wrinkle_addon.blender import jobs

    job = jobs.Job("face", lambda progress: "value")
    if threaded:
        job.start()
        job.join(5)
        job.forget()
    else:
        job.run_here(lambda fraction, text: True)
    last = weakref.ref(job)
    gc.disable()
    del job
    assert last() is None
    gc.enable()


def test_a_window_without_a_workspace_is_no_problem(addon):
    from wrinkle_addon.blender.operators import task

    context = FakeContext(addon)
    context.workspace = None
    task.show_progress(context)
    task.stop_all(context)
