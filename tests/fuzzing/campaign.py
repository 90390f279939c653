# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a target's worker and tells what became of it."""

from __future__ import annotations

import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SILENCE_SECONDS = 120.0
"""A worker that is this long at one case hangs; what a case may compute is held by the worker itself."""


def failure(target: str, first: int, count: int) -> str:
    """Empty when all cases from ``first`` on did well, else what went wrong in which case."""
    command = [sys.executable, "-m", "tests.fuzzing.worker", target, str(first), str(count)]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as worker,
    ):
        last, ended = _follow(worker)
        if not ended:
            worker.kill()
            return f"{target}: hangs at case {last}"
        code = worker.wait()
        errors.seek(0)
        said = errors.read().strip().splitlines()
    if code == 0:
        return ""
    how = f"killed by signal {-code}" if code < 0 else (said or ["nothing said"])[-1]
    return f"{target}: case {last}: {how}"


def _follow(worker: subprocess.Popen[str]) -> tuple[str, bool]:
    """The last case that the worker began, and whether it came to its end by itself."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert worker.stdout is not None
        for line in worker.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    last = "?"
    while True:
        try:
            line = lines.get(timeout=SILENCE_SECONDS)
        except queue.Empty:
            return last, False
        if line is None:
            return last, True
        last = line.strip() or last
