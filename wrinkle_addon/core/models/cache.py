# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of memory-mapped arrays per model, keyed by content, so that the second start is fast.

An entry is written under a temporary name and renamed: two processes that read the same model at once both succeed, and
an interrupted one leaves nothing that would be taken for a whole entry. Bases stay float32 and are mapped, not read:
a BFM 2017 with 199 + 100 components takes 190 MB of disk and page cache, and only the pages in use of memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..npy import UNREADABLE

FORMAT = 4
_STALE_SECONDS = 3600.0
Arrays = dict[str, npt.NDArray[Any]]


def default_folder() -> Path:
    """``WRINKLE_CACHE`` when it is set, else the user's cache folder of the platform."""
    named = os.environ.get("WRINKLE_CACHE")
    if named:
        return Path(named)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "wrinkle_addon"


def digest_of(*parts: bytes | str) -> str:
    """A short hexadecimal digest of ``parts`` and of the cache's format."""
    hashed = hashlib.blake2b(f"format {FORMAT}".encode(), digest_size=16)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        hashed.update(len(data).to_bytes(8, "little") + data)
    return hashed.hexdigest()


def file_digest(path: Path, folder: Path) -> str:
    """The digest of a file's bytes; remembered in ``folder`` by path, size and time so that it is computed once."""
    stat = path.stat()
    note = folder / "digests" / digest_of(str(path.resolve()), str(stat.st_size), str(stat.st_mtime_ns))
    with contextlib.suppress(OSError, ValueError):
        remembered = note.read_text("ascii")
        if len(remembered) == 32:
            return remembered
    hashed = hashlib.blake2b(digest_size=16)
    with path.open("rb") as stream:
        while block := stream.read(1 << 22):
            hashed.update(block)
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        temporary = note.with_name(f"{note.name}.{os.getpid()}.tmp")
        temporary.write_text(hashed.hexdigest(), "ascii")
        temporary.replace(note)
    return hashed.hexdigest()


def read_entry(folder: Path, key: str) -> tuple[dict[str, Any], Arrays] | None:
    """The entry's meta data and its arrays (memory-mapped, read-only), or None when there is none or it is damaged."""
    place = folder / "models" / key
    try:
        meta = json.loads((place / "meta.json").read_text("utf-8"))
        arrays: Arrays = {}
        for name, (shape, kind) in meta["arrays"].items():
            array = np.load(
                place / f"{name}.npy", mmap_mode="r" if np.prod(shape) > 1 << 16 else None, allow_pickle=False
            )
            if list(array.shape) != shape or str(array.dtype) != kind:
                return None
            arrays[name] = array
        return meta["values"], arrays
    except (*UNREADABLE, TypeError, AttributeError):
        return None


def _sweep(folder: Path) -> None:
    """Remove what writers that were killed left in ``folder`` more than an hour ago."""
    for left in folder.glob(".*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def write_entry(folder: Path, key: str, values: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
    """Store an entry whole or not at all; False when the folder cannot be written (the caller goes on without)."""
    place = folder / "models" / key
    temporary: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _sweep(place.parent)
        temporary = Path(tempfile.mkdtemp(prefix=f".{key}.", dir=place.parent))
        for name, array in arrays.items():
            np.save(temporary / f"{name}.npy", array, allow_pickle=False)
        meta = {"values": values, "arrays": {n: [list(a.shape), str(a.dtype)] for n, a in arrays.items()}}
        (temporary / "meta.json").write_text(json.dumps(meta), "utf-8")
        if place.exists() and read_entry(folder, key) is None:
            shutil.rmtree(place, ignore_errors=True)
        temporary.rename(place)
        return True
    except OSError:
        return place.exists()
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
