# SPDX-License-Identifier: GPL-3.0-or-later
"""The command; see the package."""

from __future__ import annotations

import argparse
import sys
import time

from .campaign import failure
from .targets import TARGETS

PART = 1000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description="Feeds every reader damaged input.")
    parser.add_argument("--cases", type=int, default=10_000, help="of each target (default 10000)")
    parser.add_argument("--only", nargs="+", choices=TARGETS, default=TARGETS)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    given = parser.parse_args()
    bad = 0
    for target in given.only:
        started = time.monotonic()
        ends = range(given.first, given.first + given.cases, PART)
        problems = [failure(target, first, min(PART, given.first + given.cases - first)) for first in ends]
        problems = [problem for problem in problems if problem]
        bad += len(problems)
        seconds = time.monotonic() - started
        sys.stdout.write(f"{target}: {given.cases} cases, {len(problems)} failures, {seconds:.0f} s\n")
        sys.stdout.writelines(f"  {problem}\n" for problem in problems)
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
