# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress lines with the time elapsed, and running other programs so that a failure says what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.layout import CACHE

HEARTBEAT_SECONDS = 15.0
LINES_SHOWN = 25
_STARTED = time.monotonic()


class SetupError(Exception):
    """Something is missing or broken, said in words for the person at the keyboard."""


def say(text: str) -> None:
    """Prints one line, headed by the time since the start."""
    sys.stdout.write(f"[{time.monotonic() - _STARTED:6.1f} s] {text}\n")
    sys.stdout.flush()


@contextmanager
def step(text: str) -> Iterator[None]:
    """Says `text`, then every 15 seconds that it still goes on, then that it is done."""
    say(f"{text} ...")
    started = time.monotonic()
    finished = threading.Event()

    def heartbeat() -> None:
        while not finished.wait(HEARTBEAT_SECONDS):
            say(f"{text}: still at it after {time.monotonic() - started:.0f} s")

    watcher = threading.Thread(target=heartbeat, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()
    say(f"{text}: done in {time.monotonic() - started:.1f} s")


def run(command: Sequence[str | Path], log_name: str, environment: Mapping[str, str] | None = None) -> str:
    """Runs a program, keeps what it prints in .cache/logs/LOG_NAME.log, and returns it.

    Raises SetupError with the end of the log, and with the cure where the log tells of a known trouble.
    """
    log = CACHE / "logs" / f"{log_name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        finished = subprocess.run(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **(environment or {})},
        )
    except OSError as error:
        raise SetupError(f"{command[0]} cannot be started: {error.strerror or error}.") from error
    log.write_text(finished.stdout, encoding="utf-8")
    if finished.returncode != 0:
        end = "\n".join(f"    {line}" for line in finished.stdout.splitlines()[-LINES_SHOWN:])
        cure = diagnose(finished.stdout)
        name = Path(str(command[0])).name
        raise SetupError(
            f"{name} failed with exit code {finished.returncode}. {cure}\nIts last lines:\n{end}\nAll: {log}"
        )
    return finished.stdout


NETWORK_SIGNS = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "NameResolutionError",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "Connection refused",
    "ProxyError",
    "Read timed out",
    "(from versions: none)",
)
KNOWN_TROUBLES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        NETWORK_SIGNS,
        "The Python package index cannot be reached. Set-up needs it once: connect this machine to the internet, "
        "or point pip to your own index (PIP_INDEX_URL) or folder of wheels (PIP_FIND_LINKS), then run this again.",
    ),
    (
        ("THESE PACKAGES DO NOT MATCH THE HASHES",),
        "A downloaded file is not the one this project was made with (its SHA-256 differs): "
        "a broken download or a changed package. Try again; if it stays, report it and do not install the file.",
    ),
    (("No space left on device",), "The disk is full: set-up needs about 4 GB."),
    (
        ("Python.h: No such file", "Could NOT find Python (missing: Python_INCLUDE", "Development.Module"),
        "The header files of this Python are missing: on Debian or Ubuntu `sudo apt-get install python3-dev` "
        "(or python3.11-dev, python3.13-dev), on Fedora `sudo dnf install python3-devel`.",
    ),
    (
        (
            "No CMAKE_CXX_COMPILER could be found",
            "CMAKE_CXX_COMPILER not set",
            "is not able to compile a simple test program",
        ),
        "There is no working C++ compiler. See README.md, 'What you need'.",
    ),
)


def diagnose(output: str) -> str:
    """What to do about a known trouble in a program's output, or nothing."""
    for signs, cure in KNOWN_TROUBLES:
        if any(sign in output for sign in signs):
            return cure
    return ""
