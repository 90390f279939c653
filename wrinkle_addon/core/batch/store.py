# SPDX-License-Identifier: GPL-3.0-or-later
"""The output folder of a batch: which items are done or failed, and how a result gets there whole.

::

    OUT/NAME/             one result; its batch.json was written last, before the folder got its name
    OUT/report.csv, .html
    OUT/.batch/claims/    who works on what, see claims.py
    OUT/.batch/work/      results in the making
    OUT/.batch/failed/    one sentence per item that failed
    OUT/.batch/journal/   what each process began and finished
    OUT/.batch/orders/    what running batches are to do; a process whose order is gone stops
    OUT/.batch/logs/      what the processes printed
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from ..errors import WrinkleError
from ..files import output_folder, write_json
from .claims import Claim, Claims
from .items import Item

MARK = "batch.json"
STATE = ".batch"


class Store:
    """One output folder."""

    def __init__(self, out: Path) -> None:
        """Make the folder if need be; raises WrinkleError when it cannot be written."""
        self.out = output_folder(out).absolute()
        for name in ("claims", "work", "failed", "journal", "orders", "logs"):
            (self.folder(name)).mkdir(parents=True, exist_ok=True)
        self.claims = Claims(self.folder("claims"))

    def folder(self, name: str) -> Path:
        """A folder of the batch's own state."""
        return self.out / STATE / name

    def done(self, item: Item) -> dict[str, Any] | None:
        """What ``batch.json`` says of the item's result, None when there is none or it was made from other input."""
        return self._record(self.out / item.name / MARK, item)

    def failure(self, item: Item) -> dict[str, Any] | None:
        """What was recorded when the item failed, None when it did not."""
        return self._record(self._failed(item), item)

    def open(self, item: Item) -> bool:
        """Whether the item is neither done nor failed."""
        return self.done(item) is None and self.failure(item) is None

    def fail(self, item: Item, sentence: str, seconds: float = 0.0) -> None:
        """Record why the item failed."""
        write_json(self._failed(item), record(item, seconds) | {"error": sentence})

    def forget_failure(self, item: Item) -> None:
        """Let a failed item be tried again."""
        self._failed(item).unlink(missing_ok=True)

    def forget_result(self, item: Item) -> None:
        """Remove the item's result, if it is one of a batch."""
        if (self.out / item.name / MARK).is_file():
            aside = self.folder("work") / f"{item.name}.old"
            shutil.rmtree(aside, ignore_errors=True)
            (self.out / item.name).rename(aside)
            shutil.rmtree(aside, ignore_errors=True)

    def begin(self, claim: Claim) -> Path:
        """An empty folder for a result in the making; what was left of the same item's interrupted ones goes."""
        work = self.folder("work")
        for left in work.iterdir():
            if left.name.rpartition(".")[0] == claim.name:
                shutil.rmtree(left, ignore_errors=True)
        own = work / f"{claim.name}.{claim.generation}"
        own.mkdir()
        return own

    def finish(self, item: Item, claim: Claim, work: Path, values: dict[str, Any]) -> bool:
        """Give the result its name; False when another process was faster or has taken the item over.

        Raises WrinkleError when a folder of that name is there that no batch made.
        """
        write_json(work / MARK, values)
        if not claim.held() or self.done(item) is not None:
            return False
        target = self.out / item.name
        if target.exists() and not (target / MARK).is_file():
            raise WrinkleError(f"{str(target)!r} is there already and not of a batch.", "Choose another --out.")
        self.forget_result(item)
        try:
            work.rename(target)
        except OSError:
            if self.done(item) is None:
                raise
            return False
        return True

    def journal(self, event: str, item: Item) -> None:
        """Note what this process does; each process has a file of its own."""
        line = json.dumps({"event": event, "name": item.name, "signature": item.signature, "time": time.time()})
        with (self.folder("journal") / f"{self.claims.file_name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _failed(self, item: Item) -> Path:
        return self.folder("failed") / f"{item.name}.json"

    def _record(self, path: Path, item: Item) -> dict[str, Any] | None:
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(found, dict) and found.get("signature") == item.signature:
                return found
        return None


def record(item: Item, seconds: float) -> dict[str, Any]:
    """What results and failures alike remember."""
    return {
        "name": item.name,
        "photos": [Path(photo).name for photo in item.photos],
        "signature": item.signature,
        "seconds": round(seconds, 3),
        "cores": os.cpu_count(),
    }
