# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in a thread: one job per face, polled from Blender's main thread; the thread itself never touches bpy."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from ..core.errors import Cancelled, WrinkleError
from ..core.progress import Progress

T = TypeVar("T")
_running: dict[str, Job] = {}


class Job(Generic[T]):
    """One piece of work. ``work`` gets a progress callback and returns a value or raises.

    ``fraction`` (0..1) and ``text`` say how far it is. After the end ``finished`` is true, and the job either was
    cancelled, or has an error, or has a value.
    """

    def __init__(self, key: str, work: Callable[[Progress], T]) -> None:
        self.key = key
        self.fraction = 0.0
        self.text = "Starting"
        self.value: T | None = None
        self.error: BaseException | None = None
        self.cancelled = False
        self.finished = False
        self._outer: Progress | None = None
        self._seen = (0.0, "")
        self._work = work
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; WrinkleError when this face already has a job."""
        check_free(self.key)
        _running[self.key] = self
        self.start_beside()

    def start_beside(self) -> None:
        """Begin without claiming the face: whoever starts this must ask :func:`job_of` before using the value."""
        self._thread = threading.Thread(target=self._run, name=f"wrinkle {self.key}", daemon=True)
        self._thread.start()

    def run_here(self, progress: Progress) -> None:
        """Do the work in the calling thread, for scripts and headless Blender."""
        check_free(self.key)
        self._outer = progress
        self._run()

    def moved(self) -> bool:
        """Whether there is progress that was not asked for yet."""
        seen, self._seen = self._seen, (self.fraction, self.text)
        return seen != self._seen

    @property
    def stopping(self) -> bool:
        """Whether the job was asked to stop."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Ask the work to stop; its result, should it still come, is thrown away."""
        self._stop.set()
        self.forget()

    def forget(self) -> None:
        """Free the face for the next job."""
        if _running.get(self.key) is self:
            del _running[self.key]

    def join(self, seconds: float) -> None:
        """Wait for the thread to end."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _progress(self, fraction: float, text: str) -> bool:
        self.fraction, self.text = fraction, text
        if self._outer is not None and not self._outer(fraction, text):
            self._stop.set()
        return not self._stop.is_set()

    def _run(self) -> None:
        try:
            value = self._work(self._progress)
            if self._stop.is_set():
                self.cancelled = True
            else:
                self.value = value
        except Cancelled:
            self.cancelled = True
        except BaseException as error:  # handed to the main thread, which reports it
            self.error = error
        finally:
            self.finished = True


def check_free(key: str) -> None:
    """Raise WrinkleError when a job works on this face."""
    if key in _running:
        raise WrinkleError("This face is already being worked on.", "Wait for it, or cancel it with Esc.")


def job_of(key: str) -> Job | None:
    """The job that works on this face now."""
    return _running.get(key)


def sentence(error: BaseException) -> str:
    """What to tell the user about ``error``."""
    if isinstance(error, WrinkleError):
        return str(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory for this size. Choose a smaller one."
    return f"Something went wrong that should not ({type(error).__name__}: {error}). The console shows where."
