# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands a batch over to a Dask cluster: one process of the batch beside each Dask worker.

Thin on purpose: claims in the output folder already share the work and survive whatever dies, so Dask only finds the
machines, starts a process on each, and ends it. ``dask`` and ``distributed`` are optional packages.
"""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import WrinkleError
from .order import Order
from .processes import fail_items_of, start_process
from .store import Store

_CONNECT_SECONDS = 30


class DaskCluster:
    """All workers of a Dask scheduler; those that join later are put to work too."""

    def __init__(self, store: Store, order: Order, path: Path, scheduler: str) -> None:
        """scheduler: an address such as ``tcp://host:8786``, or the path of a scheduler file. Raises WrinkleError."""
        try:
            from distributed import Client
        except ImportError as error:
            raise WrinkleError("The package 'distributed' is not installed.", "pip install distributed.") from error
        address = {"scheduler_file": scheduler} if Path(scheduler).is_file() else {"address": scheduler}
        try:
            self._client = Client(**address, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise WrinkleError(f"There is no Dask scheduler at {scheduler!r}.", "Start one: dask scheduler.") from error
        self._store, self._order, self._path = store, order, path
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> DaskCluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._path.unlink(missing_ok=True)  # tells the processes to stop
        self._client.close()

    def tend(self) -> bool:
        """Put new workers to work; returns False when one has found that nothing is left to do."""
        for address, worker in self._client.scheduler_info(n_workers=-1)["workers"].items():
            task = self._tasks.get(address)
            if task is not None and task.status == "error":
                raise WrinkleError(f"The Dask worker {address} failed ({task.exception()}).", "See its log.")
            if task is None or (task.done() and not task.result()):
                self._tasks[address] = self._client.submit(
                    _finished, str(self._path), worker["nthreads"], workers=[address], pure=False
                )
        return not any(task.status == "finished" and task.result() for task in self._tasks.values())


def _finished(path: str, threads: int) -> bool:
    """On a Dask worker: do a share of the order in ``path``; False when the process died over an item.

    When the worker dies, the process sees its standard input close and stops too.
    """
    file = Path(path)
    order = replace(Order.read(file), threads=threads, blender="")
    store = Store(file.parents[2])
    log = store.folder("logs") / f"{file.stem}-{platform.node()}.txt"
    with start_process(order, file, log) as process:
        code = process.wait()
    if code:
        fail_items_of(store, order, process.pid, code, log)
    return code == 0
