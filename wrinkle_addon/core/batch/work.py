# SPDX-License-Identifier: GPL-3.0-or-later
"""One process's share of a batch: claim an item, make its result, hand it over, until nothing is open."""

from __future__ import annotations

import random
import shutil
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import Cancelled, WrinkleError
from ..progress import Progress
from .claims import Claim
from .items import Item
from .store import Store, record

Perform = Callable[[Item, Path, Progress], Sequence[str]]
"""Makes an item's result in an empty folder and returns warnings; raises WrinkleError when the input is at fault."""

WAIT_SECONDS = 1.0


def work(store: Store, items: Sequence[Item], perform: Perform, go_on: Callable[[], bool]) -> None:
    """Work until every item is done or has failed, by this process or another one.

    go_on: asked all the time; when it says no, the item in work is dropped as if it had never begun.
    """
    left = list(items)
    # Processes that begin together at different places rarely reach for the same item.
    start = random.SystemRandom().randrange(max(len(left), 1))
    left = left[start:] + left[:start]
    while left and go_on():
        still = []
        for item in left:
            if not go_on():
                return
            if store.open(item) and not _tried(store, item, perform, go_on):
                still.append(item)
        if still:  # others are at work on these; one of them may die
            time.sleep(WAIT_SECONDS)
        left = still


def _tried(store: Store, item: Item, perform: Perform, go_on: Callable[[], bool]) -> bool:
    """Whether the item need not be looked at again."""
    claim = store.claims.take(item.name)
    if claim is None:
        return False
    try:
        if not store.open(item):  # finished between the look and the claim
            return True
        return _one(store, item, claim, perform, go_on)
    finally:
        claim.release()


def _one(store: Store, item: Item, claim: Claim, perform: Perform, go_on: Callable[[], bool]) -> bool:
    store.journal("begin", item)
    start = time.perf_counter()
    folder = store.begin(claim)
    try:
        warnings = perform(item, folder, lambda fraction, text: go_on())
        seconds = time.perf_counter() - start
        finished = store.finish(item, claim, folder, record(item, seconds) | {"warnings": list(warnings)})
        store.journal("done" if finished else "too late", item)
        return finished
    except Cancelled:
        return False
    except Exception as error:  # one item's trouble, whatever it is, must not stop the others
        if not claim.held():  # its folder was taken away, together with the right to fail
            return False
        traceback.print_exc()
        store.fail(item, _sentence(error), time.perf_counter() - start)
        store.journal("failed", item)
        return True
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sentence(error: Exception) -> str:
    if isinstance(error, WrinkleError):
        return str(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory for this size. Choose a smaller --size or fewer --workers."
    return f"Unexpected {type(error).__name__}: {error}. The log in .batch/logs tells more."
