# SPDX-License-Identifier: GPL-3.0-or-later
"""Wheels made here: our native module, and eos-py where the index has none. They lie in .cache/wheels."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tools.interpreters import Interpreter, require_compiler
from tools.layout import CACHE, MANIFEST, NATIVE, REQUIREMENTS, ROOT, folder_in_environment
from tools.progress import SetupError, run, step
from tools.stamps import digest, is_done, record, source_files

EPOCH = "315532800"
"""Date of every file built (1980-01-01, the earliest a zip can hold): the same source gives the same bytes."""

LINK_FLAGS = "-static-libstdc++ -Wl,--exclude-libs,ALL -Wl,--gc-sections" if sys.platform == "linux" else ""
"""Links in what is used of the C++ library: else the wheels would run only where it is as new as this machine's."""


def build_tools(interpreter: Interpreter) -> Path:
    """The Python of an environment that holds CMake, Ninja and the build backends, made when it is not there."""
    folder = CACHE / f"build-{interpreter.version}"
    python = folder_in_environment(folder, "python")
    requirements = REQUIREMENTS / f"build-{interpreter.version}.txt"
    wanted = digest([requirements], str(interpreter.path))
    if python.exists() and is_done(folder, "tools", wanted):
        return python
    with step(f"Build tools for Python {interpreter.version} (CMake, Ninja)"):
        run([interpreter.path, "-m", "venv", "--clear", folder], "build-tools")
        run([python, "-m", "pip", "install", "--require-hashes", "--no-deps", "-r", requirements], "build-tools")
        record(folder, "tools", wanted)
    return python


def native_digest(interpreter: Interpreter) -> str:
    """Digest of all that the native wheel is made from."""
    tools = REQUIREMENTS / f"build-{interpreter.version}.txt"
    return digest([*source_files(NATIVE), MANIFEST, tools], interpreter.version, sys.platform, LINK_FLAGS)


def eos_digest(interpreter: Interpreter) -> str:
    """Digest of all that the eos-py wheel is made from."""
    return digest([REQUIREMENTS / f"eos-{interpreter.version}.txt"], interpreter.version, sys.platform, LINK_FLAGS)


def native_wheel(interpreter: Interpreter) -> Path:
    """The wheel of `native/` for this Python, built when its sources changed."""

    def build(out: Path) -> None:
        require_compiler()
        python = build_tools(interpreter)
        with step(f"Native module for Python {interpreter.version}"):
            # CMake reads flags from its environment in a fresh folder only.
            built = CACHE / f"native-{interpreter.version}-{digest([], LINK_FLAGS)[:8]}"
            command: list[str | Path] = [
                python,
                "-m",
                "pip",
                "wheel",
                "--no-deps",
                "--no-build-isolation",
                "--no-cache-dir",
            ]
            command += ["--config-settings", f"build-dir={built}", "--wheel-dir", out, NATIVE]
            run(command, "native", _build_environment(python))
            _tag_for_linux(python, out)

    return _kept("native", interpreter, native_digest(interpreter), build)


def eos_wheel(interpreter: Interpreter) -> Path:
    """The wheel of eos-py for this Python: the index's own, or built from the source that the index has."""

    def get(out: Path) -> None:
        python = build_tools(interpreter)
        note = "built from source, 2 to 4 minutes" if interpreter.version == "3.13" else "ready made"
        if interpreter.version == "3.13":
            require_compiler()
        with step(f"eos-py for Python {interpreter.version} ({note})"):
            command: list[str | Path] = [
                python,
                "-m",
                "pip",
                "wheel",
                "--no-deps",
                "--no-build-isolation",
                "--require-hashes",
            ]
            # pip's cache may hold a wheel that was built with other flags.
            command += ["--no-cache-dir", "--wheel-dir", out, "-r", REQUIREMENTS / f"eos-{interpreter.version}.txt"]
            run(command, "eos", _build_environment(python))
            _tag_for_linux(python, out)

    return _kept("eos", interpreter, eos_digest(interpreter), get)


def _build_environment(python: Path) -> dict[str, str]:
    """Variables of a build: our CMake and Ninja first; eos-py's build knows neither Ninja nor CMake 4 by itself."""
    variables = {
        "PATH": os.pathsep.join([str(python.parent), os.environ.get("PATH", "")]),
        "SOURCE_DATE_EPOCH": EPOCH,
        "CMAKE_POLICY_VERSION_MINIMUM": "3.5",
    }
    if LINK_FLAGS:
        variables["LDFLAGS"] = f"{os.environ.get('LDFLAGS', '')} {LINK_FLAGS}".strip()
    if sys.platform != "win32":
        variables["CMAKE_GENERATOR"] = "Ninja"
        # No path of this machine may get into the binaries.
        variables["CXXFLAGS"] = f"{os.environ.get('CXXFLAGS', '')} -ffile-prefix-map={ROOT}=. -g0".strip()
    return variables


def _tag_for_linux(python: Path, folder: Path) -> None:
    """Tags a wheel built here with the oldest Linux it runs on (`manylinux_2_35_x86_64`, say)."""
    if sys.platform != "linux":
        return
    for wheel in folder.glob("*-linux_*.whl"):
        run(
            [python, "-m", "auditwheel", "repair", "--only-plat", "--wheel-dir", folder, wheel],
            f"tag-{wheel.name.partition('-')[0]}",
            _build_environment(python),
        )
        wheel.unlink()


def _kept(name: str, interpreter: Interpreter, wanted: str, make: Callable[[Path], None]) -> Path:
    """The one wheel in .cache/wheels/PYTHON/NAME; `make(folder)` makes it when it is absent or of other sources."""
    folder = CACHE / "wheels" / interpreter.version / name
    found = sorted(folder.glob("*.whl"))
    if len(found) == 1 and is_done(folder, name, wanted):
        return found[0]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        fresh = Path(temporary) / name
        fresh.mkdir()
        make(fresh)
        made = list(fresh.glob("*.whl"))
        if len(made) != 1:
            raise SetupError(f"Building {name} gave {len(made)} wheels instead of one.")
        record(fresh, name, wanted)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.replace(folder)
    return folder / made[0].name
