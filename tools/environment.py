# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual environment that the demo, the tests and the benchmark run in."""

from __future__ import annotations

import re
from pathlib import Path

from tools.interpreters import Interpreter
from tools.layout import REQUIREMENTS, ROOT, folder_in_environment
from tools.networks import ensure_networks
from tools.progress import run, say, step
from tools.stamps import digest, is_done, one_at_a_time, record
from tools.wheels import eos_digest, eos_wheel, native_digest, native_wheel

DESCRIPTIONS = {
    "runtime": "Blender as a module, NumPy, OpenCV and h5py (a 400 MB download the first time)",
    "test": "pytest and what the tests use",
}


def version_of(folder: Path) -> str | None:
    """The Python version, such as `3.11`, that an environment was made with; None where there is none."""
    try:
        text = (folder / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", text, re.MULTILINE)
    return found[1] if found else None


def environment_folder(interpreter: Interpreter) -> Path:
    """`.venv` for the Python that was set up first, `.venv-VERSION` for another one beside it."""
    first = ROOT / ".venv"
    if version_of(first) in (None, interpreter.version):
        return first
    return ROOT / f".venv-{interpreter.version}"


def ensure_environment(interpreter: Interpreter, groups: tuple[str, ...] = ("runtime",)) -> Path:
    """The Python of a complete environment: requirement `groups`, eos-py, our native module, the landmark networks.

    What is in place already costs nothing; an environment without our stamp is kept and installed into.
    """
    with one_at_a_time():
        folder = environment_folder(interpreter)
        python = folder_in_environment(folder, "python")
        if not python.exists():  # Also when the Python it was made with is gone: the link to it then leads nowhere.
            with step(f"Virtual environment {folder.name} with Python {interpreter.version}"):
                run([interpreter.path, "-m", "venv", "--clear", folder], "venv")
        for group in groups:
            _ensure_group(folder, python, group, interpreter.version)
        for name, wanted, wheel in (
            ("eos", eos_digest(interpreter), eos_wheel),
            ("native", native_digest(interpreter), native_wheel),
        ):
            if not is_done(folder, name, wanted):
                command: list[str | Path] = [
                    python,
                    "-m",
                    "pip",
                    "install",
                    "--no-index",
                    "--no-deps",
                    "--force-reinstall",
                ]
                run([*command, wheel(interpreter)], f"install-{name}")
                record(folder, name, wanted)
        ensure_networks(python)
    say(f"Set-up is complete: {folder.name}, Python {interpreter.version}")
    return python


def _ensure_group(folder: Path, python: Path, group: str, version: str) -> None:
    requirements = REQUIREMENTS / f"{group}-{version}.txt"
    wanted = digest([requirements])
    if is_done(folder, group, wanted):
        return
    with step(DESCRIPTIONS[group]):
        run([python, "-m", "pip", "install", "--require-hashes", "--no-deps", "-r", requirements], f"install-{group}")
    record(folder, group, wanted)
