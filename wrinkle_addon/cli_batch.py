# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``batch``: ``reconstruct`` for every face of a folder or CSV file, on all cores and several machines."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .core.errors import Cancelled, WrinkleError

if TYPE_CHECKING:
    from .core.batch.items import Item
    from .core.batch.run import Hire, Standing
    from .core.batch.store import Store
    from .core.progress import Progress

_OWN = ("command", "run", "source", "out", "workers", "dask", "redo")
_ABOUT = """
FOLDER holds one photo per face; X.pts beside X.jpg gives its landmarks. A CSV file has the column photos and, if need
be, name and any option that takes a value (model, landmarks, expression, size ...); several values in a cell stand with
| between. Started again, the same command goes on where it was interrupted; started on several machines, they share the
work.
"""


def add_batch(commands: argparse._SubParsersAction, add_options: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the command to the parser. add_options: adds what ``reconstruct`` can do with one face."""
    command = commands.add_parser("batch", help="reconstruct for many faces", epilog=_ABOUT)
    command.add_argument("source", type=Path, metavar="FOLDER|CSV", help="the photos")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--workers", type=_count, metavar="N", help="processes; by default one per core")
    where.add_argument("--dask", metavar="ADDRESS|FILE", help="a Dask scheduler, or its file, instead of this machine")
    command.add_argument("--redo", action="store_true", help="make finished results again")
    add_options(command)
    command.set_defaults(run=_batch)


def _batch(options: argparse.Namespace) -> None:
    from .core.batch.items import read_items, signed
    from .core.batch.order import Order
    from .core.batch.run import run
    from .core.batch.store import Store
    from .core.models import load_model
    from .core.settings import Settings

    if options.landmarks:
        raise WrinkleError("--landmarks belongs to one photo.", "Name it in the CSV, or X.pts beside X.jpg.")
    Settings(size=options.size)
    arguments = _arguments(options)
    items = [signed(item, arguments) for item in read_items(options.source, _columns())]
    load_model(options.model, uv=options.uv)  # a mistake shows now, and the processes find it prepared
    store = Store(options.out)
    cores = os.cpu_count() or 1
    workers = min(options.workers or cores, len(items))
    order = Order(arguments, items, max(cores // workers, 1), _blender())
    teller = _Teller(store)
    try:
        standing = run(store, order, _hire(options.dask, workers), teller.follow, options.redo)
    except Cancelled:
        raise WrinkleError("Cancelled: what is done stays.", "The same command goes on from there.") from None
    finally:
        teller.clear()
    sys.stdout.write(f"{store.out / 'report.csv'}\n{store.out / 'report.html'}\n")
    if standing.failed:
        raise WrinkleError(f"{standing.failed} of {standing.total} faces failed.", "The report says why.")


def work_on(path: Path) -> None:
    """What each process of a batch runs: its share of the order in ``path``."""
    import cv2
    import wrinkle_native

    from .core.batch.order import Order, until_stopped
    from .core.batch.store import Store
    from .core.batch.work import work

    go_on = until_stopped(path)
    order = Order.read(path)
    wrinkle_native.set_threads(order.threads)
    cv2.setNumThreads(order.threads)

    def perform(item: Item, folder: Path, progress: Progress) -> Sequence[str]:
        return _reconstruct(item, order.arguments, folder, progress)

    work(Store(path.parents[2]), order.items, perform, go_on)


def _reconstruct(item: Item, arguments: Sequence[str], folder: Path, progress: Progress) -> Sequence[str]:
    from .cli import parser, reconstruct
    from .core.batch.report import write_strip

    own = [f"--{name}={value}" for name, values in item.options.items() for value in values]
    options = parser().parse_args(["reconstruct", *item.photos, f"--out={folder}", *arguments, *own])
    result, _ = reconstruct(options, progress)
    write_strip(folder, result.photos[0].pixels, result.texture.rgb, (result.normal >> 8).astype("uint8"))
    return result.warnings


def _arguments(options: argparse.Namespace) -> list[str]:
    """The options of ``reconstruct`` as they would be written, with paths that hold from any folder."""
    written = []
    for name, value in sorted(vars(options).items()):
        if name in _OWN or value is None or value is False:
            continue
        if value is True:
            written.append(f"--{name}")
            continue
        values = value if isinstance(value, list) else [value]
        written += [f"--{name}={_written(entry, name)}" for entry in values]
    return written


def _written(value: object, name: str) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, Path) or (name == "model" and value != "builtin"):
        return str(Path(str(value)).absolute())
    return str(value)


def _columns() -> list[str]:
    """The options of ``reconstruct`` that take a value and make sense for one face."""
    from .cli import parser

    options = vars(parser().parse_args(["reconstruct", "PHOTO", "--out", "DIR"]))
    return [name for name, value in options.items() if name not in (*_OWN, "photos") and not isinstance(value, bool)]


def _hire(dask: str | None, workers: int) -> Hire:
    if dask is not None:
        from .core.batch.dask_cluster import DaskCluster

        return lambda store, order, path: DaskCluster(store, order, path, dask)
    from .core.batch.processes import Processes

    return lambda store, order, path: Processes(store, order, path, workers)


def _blender() -> str:
    """The running Blender program, "" in a plain Python."""
    bpy = sys.modules.get("bpy")
    return str(bpy.app.binary_path) if bpy else ""


class _Teller:
    """Says what was finished, one line each, and on a terminal how far the batch is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def follow(self, standing: Standing, news: Sequence[Item]) -> bool:
        if news:
            self.clear()
        for item in news:
            failure = self._store.failure(item)
            said = f"failed: {failure['error']}" if failure else "done"
            sys.stdout.write(f"{item.name}: {said}\n")
        if news:
            sys.stdout.flush()
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{_standing(standing)}")
            sys.stderr.flush()
        return True

    def clear(self) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")


def _standing(standing: Standing) -> str:
    text = f"{standing.done + standing.failed}/{standing.total}"
    if standing.failed:
        text += f", {standing.failed} failed"
    left = standing.remaining_seconds
    if left is None:
        return text
    minutes, seconds = divmod(round(left), 60)
    return f"{text}, {60 * standing.per_second:.1f} a minute, {minutes}:{seconds:02d} left"


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1024:
        raise argparse.ArgumentTypeError(f"{text} is not a number of processes")
    return value
