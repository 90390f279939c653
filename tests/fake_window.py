# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a job operator as Blender's window does, without one: invoke, timer events, keys."""

from __future__ import annotations

import time
from types import ModuleType, SimpleNamespace


class FakeContext:
    """Blender's context, with a window that counts its timers and a status bar that remembers what it was given."""

    def __init__(self, bpy: ModuleType) -> None:
        self._bpy = bpy
        self.window = "window"
        self.timers = 0
        self.status: list[object] = []
        self.workspace = SimpleNamespace(status_text_set=self.status.append)
        self.window_manager = SimpleNamespace(
            event_timer_add=self._add_timer,
            event_timer_remove=self._remove_timer,
            modal_handler_add=lambda operator: True,
            windows=(),
        )

    def __getattr__(self, name: str) -> object:
        return getattr(self._bpy.context, name)

    def _add_timer(self, seconds: float, window: object) -> str:
        self.timers += 1
        return "timer"

    def _remove_timer(self, timer: str) -> None:
        self.timers -= 1


class Windowed:
    """One run of ``operator``; ``properties`` are those it would be called with."""

    def __init__(self, bpy: ModuleType, operator: type, **properties: object) -> None:
        from wrinkle_addon.blender.operators.task import JobOperator

        self.reports: list[tuple[set[str], str]] = []
        self.context = FakeContext(bpy)
        own = {name: value for name, value in vars(operator).items() if not name.startswith("__") and name != "bl_rna"}
        own["report"] = lambda _, level, text: self.reports.append((level, text))
        self.operator = type("Driven", (JobOperator,), own | properties)()
        self.operator.options = SimpleNamespace(is_invoke=True)

    def start(self) -> set[str]:
        return self.operator.invoke(self.context, None)

    def event(self, kind: str) -> set[str]:
        return self.operator.modal(self.context, SimpleNamespace(type=kind, value="PRESS"))

    def run(self, seconds: float = 10.0) -> set[str]:
        """Timer events until the job ends; what the operator then answers."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = self.event("TIMER")
            if answer != {"PASS_THROUGH"}:
                return answer
            time.sleep(0.01)
        raise AssertionError("the job did not end")

    def wait_for(self, text: str, seconds: float = 10.0) -> None:
        """Timer events until the job says ``text``."""
        end = time.monotonic() + seconds
        while self.operator._job.text != text:
            assert time.monotonic() < end, f"never got to {text!r}"
            assert self.event("TIMER") == {"PASS_THROUGH"}
            time.sleep(0.01)


class Gate:
    """Stands in for an event that holds a worker: lets ``passes`` waits through, then none until it is opened."""

    def __init__(self, passes: int) -> None:
        self._passes = passes
        self._open = False

    def wait(self, seconds: float) -> bool:
        if self._open:
            return True
        if self._passes > 0:
            self._passes -= 1
            return True
        time.sleep(seconds)
        return False

    def set(self) -> None:
        self._open = True
