# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages remembered for the faces worked on last, so that a change reruns only what lies behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.pipeline import Runner
    from ..core.settings import Settings

_MOST = 2
_kept: dict[str, Kept] = {}


@dataclass(frozen=True)
class Kept:
    """A runner with what it last worked on."""

    runner: Runner
    settings: Settings
    paths: list[Path]


def new_runner() -> Runner:
    """A runner that remembers nothing."""
    from ..core.pipeline import Runner

    return Runner()


def runner_for(key: str) -> Runner:
    """A runner of the caller's own that knows what is remembered of the face ``key``."""
    kept = _kept.get(key)
    return new_runner() if kept is None else kept.runner.copy()


def keep(key: str, kept: Kept) -> None:
    """Remember ``kept`` for the face ``key``, and forget the face that was longest not worked on."""
    _kept.pop(key, None)
    _kept[key] = kept
    while len(_kept) > _MOST:
        _kept.pop(next(iter(_kept)))


def look(key: str) -> Kept | None:
    """What is remembered of the face ``key``."""
    return _kept.get(key)


def clear() -> None:
    """Forget all."""
    _kept.clear()
