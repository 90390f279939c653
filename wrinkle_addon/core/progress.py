# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress and cancellation for everything that can take over a tenth of a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .errors import Cancelled

Progress = Callable[[float, str], bool]
"""Called with a fraction in 0..1 and what is being done; returns False to cancel."""


def silent(fraction: float, text: str) -> bool:
    """The default callback: say nothing, go on."""
    return True


def report(progress: Progress, fraction: float, text: str) -> None:
    """Call ``progress`` and raise :class:`Cancelled` when it asks to stop."""
    if not progress(fraction, text):
        raise Cancelled(text)


def part(progress: Progress, start: float, end: float) -> Progress:
    """A callback for a stage that covers ``start``..``end`` of the whole."""

    def inner(fraction: float, text: str) -> bool:
        return progress(start + (end - start) * fraction, text)

    return inner


def steps(progress: Progress, count: int, text: str) -> Iterator[Progress]:
    """One callback for each of ``count`` equal steps; each is announced when it is asked for."""
    for index in range(count):
        step = part(progress, index / count, (index + 1) / count)
        report(step, 0.0, f"{text} {index + 1}/{count}" if count > 1 else text)
        yield step
