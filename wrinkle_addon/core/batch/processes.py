# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that work on an order, on this machine."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType

from ..errors import WrinkleError
from .claims import host
from .order import Order
from .store import Store

_PATIENCE_SECONDS = 20.0


class Processes:
    """``count`` processes; one that dies is replaced, and what it was at work on has failed."""

    def __init__(self, store: Store, order: Order, path: Path, count: int) -> None:
        self._store, self._order, self._path = store, order, path
        self._running = [self._start(place) for place in range(count)]

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def tend(self) -> bool:
        """Replace what died. Returns whether a process is still at work; raises WrinkleError when one cannot work."""
        for place, process in enumerate(self._running):
            if process.poll() not in (None, 0):
                fail_items_of(self._store, self._order, process.pid, process.returncode, self._log(place))
                self._running[place] = self._start(place)
        return any(process.poll() is None for process in self._running)

    def stop(self) -> None:
        """End all processes: first kindly, so that they clean up."""
        for process in self._running:
            if process.stdin:
                with contextlib.suppress(OSError):
                    process.stdin.close()
        last = time.monotonic() + _PATIENCE_SECONDS
        for process in self._running:
            try:
                process.wait(max(last - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _log(self, place: int) -> Path:
        return self._store.folder("logs") / f"{self._path.stem}-{place + 1}.txt"

    def _start(self, place: int) -> subprocess.Popen[bytes]:
        return start_process(self._order, self._path, self._log(place))


def start_process(order: Order, path: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a process on the order in ``path``; it stops when its standard input is closed.

    It has a session of its own, so that Ctrl-C reaches the process that leads and not each one at once.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            order.command(path),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=order.environment(),
            start_new_session=True,
        )


def fail_items_of(store: Store, order: Order, pid: int, code: int, log: Path) -> None:
    """Record that a process of this machine died over what it was at work on.

    Raises WrinkleError when it was at work on nothing: another one would die too.
    """
    items = {item.name: item for item in order.items}
    held = [items[name] for name in store.claims.of_process(host(), pid) if name in items]
    why = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    if not held:
        said = [line for line in log.read_text("utf-8", errors="replace").splitlines() if line.strip()]
        raise WrinkleError(
            f"A process of the batch ended with {why} ({said[-1] if said else 'no word'}).", f"See {log}."
        )
    for item in held:
        store.fail(
            item, f"The process that worked on it ended with {why}. Fewer --workers or a smaller --size may help."
        )
