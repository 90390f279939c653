# SPDX-License-Identifier: GPL-3.0-or-later
"""Leads a batch: starts the processes, says how far it is, writes the report."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import Cancelled
from .items import Item
from .order import Order
from .report import write_report
from .store import Store

_LOOK_SECONDS = 0.25


class Crew(Protocol):
    """The processes of a batch, wherever they run."""

    def tend(self) -> bool:
        """Look after them; returns whether any is still at work."""


Hire = Callable[[Store, Order, Path], AbstractContextManager[Crew]]


@dataclass(frozen=True)
class Standing:
    """How far a batch is. seconds: since it was started; ``before`` items were done by then."""

    done: int
    failed: int
    total: int
    before: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Items finished per second in this run."""
        return max(self.done + self.failed - self.before, 0) / max(self.seconds, 1e-9)

    @property
    def remaining_seconds(self) -> float | None:
        """Time that the rest will take at this pace, None before the first is finished."""
        left = self.total - self.done - self.failed
        return left / self.per_second if self.per_second else None


Follow = Callable[[Standing, Sequence[Item]], bool]
"""Called several times a second with the standing and the items finished since; returns False to stop."""


def run(store: Store, order: Order, hire: Hire, follow: Follow, redo: bool = False) -> Standing:
    """Do a batch, or what is left of it, and write the report.

    redo: make finished results again. Items that failed earlier are tried again. Raises WrinkleError when no process
    can work, Cancelled when ``follow`` stopped it or on Ctrl-C; what is done by then stays, and is in the report.
    """
    for item in order.items:
        store.forget_failure(item)
        if redo:
            store.forget_result(item)
    left = [item for item in order.items if store.done(item) is None]
    watch = _Watch(store, order.items, left)
    path = store.folder("orders") / f"{secrets.token_hex(6)}.json"
    order.write(path)
    try:
        if left:
            with hire(store, order, path) as crew:
                while crew.tend():
                    if not follow(watch.standing(), watch.news()):
                        raise Cancelled("batch")
                    time.sleep(_LOOK_SECONDS)
        follow(watch.standing(), watch.news())
    except KeyboardInterrupt:
        raise Cancelled("batch") from None
    finally:
        path.unlink(missing_ok=True)
        write_report(store, order.items)
    return watch.standing()


class _Watch:
    """Sees in the output folder what was finished, by whichever process."""

    def __init__(self, store: Store, items: Sequence[Item], left: Sequence[Item]) -> None:
        self._store, self._left = store, list(left)
        self._total, self._before = len(items), len(items) - len(left)
        self._failed = 0
        self._start = time.monotonic()

    def news(self) -> list[Item]:
        """The items finished since the last call."""
        new = []
        for item in self._left:
            if self._store.done(item) is not None:
                new.append(item)
            elif self._store.failure(item) is not None:
                new.append(item)
                self._failed += 1
        self._left = [item for item in self._left if item not in new]
        return new

    def standing(self) -> Standing:
        """As of the last call of :meth:`news`."""
        done = self._total - len(self._left) - self._failed
        return Standing(done, self._failed, self._total, self._before, time.monotonic() - self._start)
