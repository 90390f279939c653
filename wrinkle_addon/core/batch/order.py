# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch tells the processes that do it: a file in the output folder, and how a process is started with it."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import WrinkleError
from ..files import write_json
from .items import Item

_PACKAGE = Path(__file__).parents[2]
_BOOT = (
    "import importlib, json, pathlib, sys\n"
    "order = json.loads(pathlib.Path(sys.argv[-1]).read_text(encoding='utf-8'))\n"
    "sys.path[:0] = [entry for entry in order['path'] if entry not in sys.path]\n"
    "importlib.import_module(order['module']).work_on(pathlib.Path(sys.argv[-1]))\n"
)
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Order:
    """arguments: options that hold for every item, as on a command line. threads: of each process. blender: a Blender
    program to work in, "" for this Python.
    """

    arguments: Sequence[str]
    items: Sequence[Item]
    threads: int
    blender: str = ""

    def write(self, path: Path) -> None:
        """Write the file. Where the add-on lies goes with it: inside Blender it has another name and place."""
        where = {"path": [str(_PACKAGE.parent), *sys.path], "module": f"{_PACKAGE.name}.cli_batch"}
        write_json(path, vars(self) | {"items": [item.as_json() for item in self.items]} | where)

    @classmethod
    def read(cls, path: Path) -> Order:
        """The order of a file; raises WrinkleError when it is gone or damaged."""
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            items = [Item.from_json(item) for item in value["items"]]
            rest = {name: value[name] for name in ("arguments", "threads", "blender")}
        except (OSError, ValueError, KeyError) as error:
            raise WrinkleError(
                f"The order {path.name!r} cannot be read ({error}).", "Start the batch again."
            ) from error
        return cls(items=items, **rest)

    def command(self, path: Path) -> list[str]:
        """The command line of a process that works on the order written to ``path``."""
        if not self.blender:
            return [sys.executable, "-c", _BOOT, str(path)]
        quiet = ["--background", "--factory-startup", "--python-exit-code", "3"]
        return [self.blender, *quiet, "--python-expr", _BOOT, "--", str(path)]

    def environment(self) -> dict[str, str]:
        """The variables of such a process, with its threads limited before any library is loaded."""
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
        return dict(os.environ) | dict.fromkeys(names, str(self.threads))


def until_stopped(path: Path) -> Callable[[], bool]:
    """A function that says whether to go on: while the order is there and whoever started this process lives.

    The second shows in standard input, which the starter holds open and the system closes when it dies.
    """
    stopped = threading.Event()

    def listen() -> None:
        os.read(sys.stdin.fileno(), 1)
        stopped.set()

    def look() -> None:
        while not stopped.wait(_LOOK_SECONDS):
            if not path.exists():
                stopped.set()

    for target in (listen, look):
        threading.Thread(target=target, daemon=True).start()
    return lambda: not stopped.is_set()
