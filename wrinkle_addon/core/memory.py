# SPDX-License-Identifier: GPL-3.0-or-later
"""Remembers the last result of every stage by the content of what went in."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Generic, TypeVar, cast

import numpy as np

T = TypeVar("T")


class Keyed(Generic[T]):
    """A stage's value with the key of everything that it was made from."""

    def __init__(self, value: T, key: str) -> None:
        self.value = value
        self.key = key


def digest(*parts: object) -> str:
    """Hexadecimal digest of arrays, by their content, and of anything else by its ``repr``."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, np.ndarray):
            state.update(f"{part.dtype}{part.shape}".encode())
            state.update(np.ascontiguousarray(part).data)
        else:
            state.update(repr(part).encode())
        state.update(b"\0")
    return state.hexdigest()


class StageMemory:
    """One remembered result per stage, so that a change reruns only what lies behind it.

    ``seconds`` holds how long each stage of the current run took; remembered stages cost nothing and are absent.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Keyed[object]] = {}
        self.seconds: dict[str, float] = {}

    def run(self, stage: str, key: str, compute: Callable[[], T]) -> Keyed[T]:
        """The remembered value of ``stage`` if it was made from ``key``, otherwise what ``compute`` yields."""
        kept = self._kept.get(stage)
        if kept is None or kept.key != key:
            start = time.perf_counter()
            kept = Keyed(compute(), key)
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start
            self._kept[stage] = kept
        return cast("Keyed[T]", kept)

    def last(self, stage: str) -> object | None:
        """What ``stage`` yielded last, whatever it was made from; None when it has not run."""
        kept = self._kept.get(stage)
        return None if kept is None else kept.value

    def copy(self) -> StageMemory:
        """Another memory that knows the same results and then goes its own way."""
        other = StageMemory()
        other._kept = dict(self._kept)
        return other

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self.seconds = {}
