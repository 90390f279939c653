# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a target's worker and tells what became of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SILENCE_SECONDS = 60.0
"""A worker that is this long at a handful of cases hangs."""


def failure(target: str, first: int, count: int) -> str:
    """Empty when all cases from ``first`` on did well, else what went wrong in which case."""
    command = [sys.executable, "-m", "tests.fuzzing.worker", target, str(first), str(count)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=SILENCE_SECONDS + 0.2 * count, check=False
        )
    except subprocess.TimeoutExpired as stopped:
        return f"{target}: hangs at case {_last(stopped.stdout)}"
    if done.returncode == 0:
        return ""
    how = f"killed by signal {-done.returncode}" if done.returncode < 0 else done.stderr.strip().splitlines()[-1]
    return f"{target}: case {_last(done.stdout)}: {how}"


def _last(output: str | bytes | None) -> str:
    text = output.decode(errors="replace") if isinstance(output, bytes) else output or ""
    return (text.split() or ["?"])[-1]
