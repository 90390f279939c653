# SPDX-License-Identifier: GPL-3.0-or-later
"""Knowing what is already done: digests of inputs, stamps beside outputs, and one set-up at a time."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.layout import CACHE
from tools.progress import say

STAMP_NAME = "wrinkle-setup.json"
_BUILD_LEFTOVERS = {"build", "dist", "_skbuild", "__pycache__"}
_LEFTOVER_SUFFIXES = {".so", ".pyd", ".pyc", ".o", ".egg-info"}


def source_files(folder: Path) -> list[Path]:
    """Files under `folder` that a build reads, sorted: no hidden ones, no build products."""
    found = []
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if any(part in _BUILD_LEFTOVERS or part.startswith(".") for part in parts):
            continue
        if path.is_file() and path.suffix not in _LEFTOVER_SUFFIXES:
            found.append(path)
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def digest(files: Iterable[Path], *extra: str) -> str:
    """SHA-256 (hexadecimal) over names and contents of `files` and over `extra`."""
    total = hashlib.sha256("\0".join(extra).encode())
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"\0{path.name}\0{content}".encode())
    return total.hexdigest()


def is_done(folder: Path, what: str, value: str) -> bool:
    """Whether `what` was recorded in `folder` with this digest."""
    return _read(folder).get(what) == value


def record(folder: Path, what: str, value: str) -> None:
    """Remembers in `folder` that `what` is done with this digest."""
    stamps = {**_read(folder), what: value}
    temporary = folder / f"{STAMP_NAME}.{os.getpid()}"
    temporary.write_text(json.dumps(stamps, indent=1, sort_keys=True), encoding="utf-8")
    temporary.replace(folder / STAMP_NAME)


def _read(folder: Path) -> dict[str, str]:
    try:
        stamps = json.loads((folder / STAMP_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Waits while another process sets up this repository. The system lets go of the lock when its holder dies."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "setup.lock").open("a+b") as lock:
        told = False
        while not _try_lock(lock.fileno()):
            if not told:
                say("Another set-up of this folder is running: waiting for it")
                told = True
            time.sleep(0.5)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
