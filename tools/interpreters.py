# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the Python interpreters that virtual environments and wheels are made with, and the C++ compiler."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.layout import PYTHONS
from tools.progress import SetupError

_PROBE = (
    "import importlib.util, json, pathlib, platform, sys, sysconfig;"
    "print(json.dumps({"
    "'version': '%d.%d' % sys.version_info[:2],"
    "'implementation': platform.python_implementation(),"
    "'bits': sys.maxsize.bit_length() + 1,"
    "'venv': importlib.util.find_spec('ensurepip') is not None,"
    "'headers': (pathlib.Path(sysconfig.get_paths()['include']) / 'Python.h').is_file()}))"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python that was started once and told what it is."""

    path: Path
    version: str
    can_make_environments: bool
    has_headers: bool

    @property
    def usable(self) -> bool:
        """Whether environments and native wheels can be made with it."""
        return self.can_make_environments and self.has_headers


@cache
def probe(path: Path) -> Interpreter | None:
    """What the interpreter at `path` is; None when it is not a 64-bit CPython that starts.

    A pyenv shim, for one, does not start when its version is not switched on.
    """
    try:
        result = subprocess.run([str(path), "-I", "-c", _PROBE], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if result.returncode != 0:
        return None
    found = json.loads(result.stdout)
    if found["implementation"] != "CPython" or found["bits"] != 64:
        return None
    return Interpreter(path, found["version"], found["venv"], found["headers"])


def candidates(version: str) -> Iterator[Path]:
    """Places where Python `version` may lie, the likeliest first."""
    if version == "{}.{}".format(*sys.version_info[:2]):
        # Inside a virtual environment, the Python that made it: environments are not nested.
        yield Path(getattr(sys, "_base_executable", None) or sys.executable)
    for on_path in os.environ.get("PATH", "").split(os.pathsep):
        for name in (f"python{version}", "python3", "python"):
            if on_path and (found := shutil.which(name, path=on_path)):
                yield Path(found)
    if launcher := shutil.which("py"):  # The Windows launcher knows every Python installed there.
        asked = subprocess.run(
            [launcher, f"-{version}", "-c", "import sys; print(sys.executable)"], capture_output=True, text=True
        )
        if asked.returncode == 0:
            yield Path(asked.stdout.strip())
    home = Path.home()
    for folder, pattern in (
        (Path(os.environ.get("PYENV_ROOT", home / ".pyenv")), f"versions/{version}.*/bin/python{version}"),
        (home / ".local/share/uv/python", f"cpython-{version}.*/bin/python{version}"),
        (Path("/usr/local/bin"), f"python{version}"),
        (Path("/opt/homebrew/bin"), f"python{version}"),
        (Path(f"/Library/Frameworks/Python.framework/Versions/{version}/bin"), f"python{version}"),
    ):
        yield from sorted(folder.glob(pattern), reverse=True)


def find(version: str) -> Interpreter:
    """A Python of `version` that environments and wheels can be made with. Raises SetupError with the cure."""
    lame: Interpreter | None = None
    for path in candidates(version):
        found = probe(path)
        if found is None or found.version != version:
            continue
        if found.usable:
            return found
        lame = lame or found
    raise SetupError(_what_is_missing(lame, version))


def choose(wanted: str | None) -> Interpreter:
    """The interpreter for a version (`3.13`), a path, or None: the running one if supported, else any other."""
    if wanted is None:
        running = "{}.{}".format(*sys.version_info[:2])
        if running in PYTHONS:
            return find(running)
        for version in PYTHONS:
            try:
                return find(version)
            except SetupError:
                continue
        raise SetupError(_what_is_missing(None, " or ".join(PYTHONS)))
    if wanted in PYTHONS:
        return find(wanted)
    if "/" not in wanted and "\\" not in wanted and not Path(wanted).is_file():
        raise SetupError(f"--python {wanted}: give {', '.join(PYTHONS)} or the path of such a Python.")
    found = probe(Path(wanted))
    if found is None:
        raise SetupError(f"--python {wanted}: there is no 64-bit CPython that starts under this name.")
    if found.version not in PYTHONS:
        raise SetupError(f"--python {wanted} is Python {found.version}; Blender uses {' and '.join(PYTHONS)}.")
    if not found.usable:
        raise SetupError(_what_is_missing(found, found.version))
    return found


def _what_is_missing(lame: Interpreter | None, version: str) -> str:
    if lame is None:
        first = version[:4]
        return (
            f"No Python {version} was found (looked on PATH, in pyenv and in uv). Install one: "
            f"Debian or Ubuntu: `sudo apt-get install python{first} python{first}-venv python{first}-dev`; "
            f"any Linux or macOS: `uv python install {first}` or `pyenv install {first}`; "
            "Windows: the installer of python.org. Or name its program with --python PATH."
        )
    part = "python{0}-venv" if not lame.can_make_environments else "python{0}-dev"
    lacks = "the module `ensurepip`" if not lame.can_make_environments else "its header files (Python.h)"
    return f"{lame.path} lacks {lacks}: on Debian or Ubuntu `sudo apt-get install {part.format(lame.version)}`."


def require_compiler() -> None:
    """Raises SetupError that says how to get a C++ compiler when there is none."""
    if sys.platform == "win32":
        return  # CMake finds Visual Studio through its own registry; nothing on PATH tells.
    named = os.environ.get("CXX", "").split()
    if any(shutil.which(name) for name in [*named[:1], "c++", "g++", "clang++"]):
        return
    raise SetupError(
        "No C++ compiler was found (c++, g++, clang++ or $CXX); the native module is built from source. Install one: "
        "Debian or Ubuntu: `sudo apt-get install g++`; Fedora: `sudo dnf install gcc-c++`; "
        "macOS: `xcode-select --install`."
    )
