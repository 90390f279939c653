# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the native module with sanitizers and runs its tests: ``python3 build_addon.py sanitize``.

It runs under the Python of an environment that has the test requirements; CMake and pybind11 come from another one,
``--tools``. GCC or Clang on Linux. Exit code 0 when clean.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NATIVE = Path(__file__).resolve().parent
TESTS = NATIVE.parent / "tests"
LIBRARIES = {"address": "libasan.so", "thread": "libtsan.so"}
OPTIONS = {
    # Python itself frees little at its end.
    "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    # A forked child of a threaded process cannot be followed.
    "TSAN_OPTIONS": f"halt_on_error=1:die_after_fork=0:suppressions={NATIVE / 'tsan.supp'}",
}


def build(kinds: str, folder: Path, tools: Path) -> None:
    """Builds the package into folder/wrinkle_native with the CMake and pybind11 of the Python ``tools``."""
    hints = subprocess.run(
        [tools, "-m", "pybind11", "--cmakedir"], check=True, capture_output=True, text=True
    ).stdout.strip()
    cmake = shutil.which("cmake", path=f"{tools.parent}{os.pathsep}{os.environ['PATH']}") or "cmake"
    settings = [f"-DWRINKLE_SANITIZE={kinds}", f"-DCMAKE_PREFIX_PATH={hints}", f"-DPython_EXECUTABLE={tools}"]
    objects = folder / "build"
    subprocess.run([cmake, "-S", NATIVE, "-B", objects, *settings], check=True)
    subprocess.run([cmake, "--build", objects, "--parallel", str(os.cpu_count() or 1)], check=True)
    package = folder / "wrinkle_native"
    shutil.copytree(NATIVE / "wrinkle_native", package, dirs_exist_ok=True)
    for library in objects.glob("_core*.so"):
        shutil.copy2(library, package)


def library_of(name: str) -> str:
    compiler = os.environ.get("CXX", "g++")
    found = subprocess.run([compiler, f"-print-file-name={name}"], check=True, capture_output=True, text=True)
    return found.stdout.strip()


def test(kinds: str, folder: Path, tests: list[str]) -> int:
    """Runs the tests on the package in folder; returns pytest's exit code."""
    preload = [library_of(LIBRARIES[kind]) for kind in kinds.split(",") if kind in LIBRARIES]
    environment = {
        **os.environ,
        **OPTIONS,
        # The C++ library first: it must be there before the sanitizer looks for its exceptions.
        "LD_PRELOAD": ":".join([*preload, library_of("libstdc++.so.6")]),
        "PYTHONPATH": str(folder),
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=NATIVE.parent, env=environment, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", choices=["address,undefined", "thread"])
    parser.add_argument("tests", nargs="*", help="pytest's arguments; by default the native tests")
    parser.add_argument("--folder", type=Path, help="keeps the build here for the next time")
    parser.add_argument("--tools", type=Path, default=Path(sys.executable), help="Python with CMake and pybind11")
    options = parser.parse_args()
    tests = options.tests or sorted(str(path) for path in [*TESTS.glob("test_*native*.py"), TESTS / "test_texture.py"])
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        build(options.kinds, folder, options.tools)
        return test(options.kinds, folder, tests)


if __name__ == "__main__":
    sys.exit(main())
