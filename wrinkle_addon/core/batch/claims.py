# SPDX-License-Identifier: GPL-3.0-or-later
"""Who works on which item: claims as files, for processes on any number of machines that share a folder.

A claim is a file ``NAME/GENERATION`` that only one process can create (O_EXCL). Its owner touches it every few seconds.
A claim counts as dead when its owner's process is gone on this machine, or when it was not touched for a minute by the
file server's own clock. Others never remove a dead claim, lest they hit a living one that has just replaced it: they
create the next generation beside it, and the owner of the highest generation is the one that counts (a fencing token).
So a process that slept through its own death notices before it hands its result over.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import threading
from pathlib import Path

BEAT_SECONDS = 5.0
DEAD_SECONDS = 60.0


class Claim:
    """The right to work on one item, kept alive by a thread until :meth:`release`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.name = file.parent.name
        self.generation = int(file.name)
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    def held(self) -> bool:
        """Whether no other process has taken the item over."""
        return max(_generations(self.file.parent), default=0) == self.generation

    def release(self) -> None:
        """Give the item up: it is done, failed, or open to all again."""
        self._over.set()
        self._heart.join()
        if self.held():
            shutil.rmtree(self.file.parent, ignore_errors=True)

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            with contextlib.suppress(OSError):  # a file server that is away for a moment; the next beat tells
                os.utime(self.file)


class Claims:
    """All claims of one output folder, as seen by this process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owner = {"host": host(), "pid": os.getpid()}
        self.file_name = re.sub(r"\W+", "_", f"{host()}-{os.getpid()}")
        self._clock = folder / f".{self.file_name}"

    def take(self, name: str) -> Claim | None:
        """Claim an item; None when a living process has it."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        last = max(_generations(folder), default=0)
        if last and self._alive(folder / str(last)):
            return None
        try:
            with (folder / str(last + 1)).open("x", encoding="utf-8") as file:
                json.dump(self._owner, file)
        except (FileExistsError, FileNotFoundError):  # another was faster, or has just finished
            return None
        return Claim(folder / str(last + 1))

    def of_process(self, where: str, pid: int) -> list[str]:
        """Names of the items that a process holds."""
        owner = {"host": where, "pid": pid}
        folders = [folder for folder in self._folder.iterdir() if folder.is_dir()]
        return [folder.name for folder in folders if self._owner_of(folder) == owner]

    def _owner_of(self, folder: Path) -> object:
        last = max(_generations(folder), default=0)
        with contextlib.suppress(OSError, ValueError):
            return json.loads((folder / str(last)).read_text(encoding="utf-8"))
        return None

    def _alive(self, file: Path) -> bool:
        try:
            touched = file.stat().st_mtime
            owner = json.loads(file.read_text(encoding="utf-8"))
            gone = owner["host"] == self._owner["host"] and not _running(owner["pid"])
        except FileNotFoundError:  # just released
            return True
        except (ValueError, KeyError):  # created but not filled yet, or never
            gone = False
        return not gone and self._now() - touched < DEAD_SECONDS

    def _now(self) -> float:
        """The file server's time: clocks of other machines may differ."""
        self._clock.touch()
        return self._clock.stat().st_mtime


def host() -> str:
    """This machine and, for containers that share its name, the space of its process ids."""
    name = platform.node()
    with contextlib.suppress(OSError):
        name += f" {Path('/proc/self/ns/pid').readlink()}"
    return name


def _generations(folder: Path) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        return [int(file.name) for file in folder.iterdir() if file.name.isdigit()]
    return []


def _running(pid: int) -> bool:
    if os.name != "posix":
        return True  # there only the heartbeat tells
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
