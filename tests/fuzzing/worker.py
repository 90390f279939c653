# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs cases of one target and says which one it is at: ``python -m tests.fuzzing.worker TARGET FIRST COUNT``."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

from .targets import READERS, expect_clear, found, run_case

MOST_SECONDS = 10.0
"""Of processor time, so that a busy machine is no failure; the campaign notices who stands still."""
MOST_GROWTH = 1 << 30
"""Bytes by which the process may grow over all its cases."""


def main(target: str, first: int, count: int) -> int:
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in found(target):
            sys.stdout.write(f"found {path.name}\n")
            sys.stdout.flush()
            expect_clear(READERS[target][1], path)
        before = 0
        for case in range(first, first + count):
            sys.stdout.write(f"{case}\n")
            sys.stdout.flush()
            started = time.process_time()
            run_case(target, case, folder)
            before = before or _peak()  # what the modules and libraries take when first used is not the input's doing
            if time.process_time() - started > MOST_SECONDS:
                raise AssertionError(f"case {case} took more than {MOST_SECONDS:g} s")
            if _peak() - before > MOST_GROWTH:
                raise AssertionError(f"case {case} took more than {MOST_GROWTH >> 20} MiB")
    return 0


def _peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
