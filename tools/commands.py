# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of `build_addon.py`: demo, test, build, bench, sanitize."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.bundle import build_zip
from tools.environment import ensure_environment
from tools.interpreters import choose
from tools.layout import ADDON, CACHE, DIST, NATIVE, PYTHONS, ROOT
from tools.progress import SetupError, say
from tools.wheels import build_tools

DEMO_PHOTO = ADDON / "assets" / "demo_photo.jpg"


def main(arguments: Sequence[str]) -> int:
    """Runs one command; returns the exit code: 0, 2 when something is missing, or that of the program that was run."""
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.command not in ("test", "bench"):
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return int(options.run(options, rest))
    except SetupError as error:
        sys.stderr.write(f"build_addon.py: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("build_addon.py: stopped; run the same command again to go on where it stopped.\n")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build_addon.py",
        description="Sets up, shows, tests, builds and measures the add-on. What is in place is not done again.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    python_help = f"Python to set up with: {' or '.join(PYTHONS)}, or its path (default: the one that runs this)"

    demo = commands.add_parser("demo", help="set up, then make an animatable face out of the demo photo (or yours)")
    demo.add_argument("--photo", type=Path, default=DEMO_PHOTO, help="photo of a face (default: the demo photo)")
    demo.add_argument("--model", help="face model: a file, a folder or `builtin` (default)")
    demo.add_argument(
        "--out", type=Path, default=ROOT / "out" / "demo", help="folder for the results (default: out/demo)"
    )
    demo.add_argument("--python", metavar="PYTHON", help=python_help)
    demo.set_defaults(run=_demo)

    test = commands.add_parser("test", help="set up, then run the tests; what follows is handed to pytest")
    test.add_argument("--python", metavar="PYTHON", help=python_help)
    test.set_defaults(run=_test)

    build = commands.add_parser("build", help="build the zip that installs into Blender on this platform")
    build.add_argument(
        "--python", metavar="PYTHONS", default=",".join(PYTHONS), help="Pythons to serve (default: %(default)s)"
    )
    build.add_argument("--out", type=Path, default=DIST, help="folder for the zip (default: dist)")
    build.set_defaults(run=_build)

    bench = commands.add_parser(
        "bench", help="set up, then print timings and ratios; `bench accuracy`, `batch` and `storage` measure those"
    )
    bench.add_argument("--python", metavar="PYTHON", help=python_help)
    bench.set_defaults(run=_bench)

    sanitize = commands.add_parser("sanitize", help="build the native part with sanitizers and run its tests (Linux)")
    sanitize.add_argument("--python", metavar="PYTHON", help=python_help)
    sanitize.set_defaults(run=_sanitize)
    return parser


def _demo(options: argparse.Namespace, _: list[str]) -> int:
    photo = options.photo.expanduser().resolve()
    if not photo.is_file():
        raise SetupError(f"There is no photo {photo}. Name one with --photo FILE.")
    out = options.out.expanduser().resolve()
    python = ensure_environment(choose(options.python))
    say(f"Reconstructing {photo.name}")
    command = [python, "-m", "wrinkle_addon", "reconstruct", photo, "--out", out]
    if options.model:
        model = Path(options.model).expanduser()
        command += ["--model", model.resolve() if model.exists() else options.model]
    code = _run_here(command)
    if code == 0:
        say("Written:")
        for path in sorted(path for path in out.rglob("*") if path.is_file()):
            sys.stdout.write(f"    {path}  ({path.stat().st_size / 1e6:.2f} MB)\n")
    return code


def _test(options: argparse.Namespace, rest: list[str]) -> int:
    python = ensure_environment(choose(options.python), ("runtime", "test"))
    return _run_here([python, "-m", "pytest", *rest])


def _build(options: argparse.Namespace, _: list[str]) -> int:
    pythons = [choose(wanted.strip()) for wanted in options.python.split(",") if wanted.strip()]
    if not pythons:
        raise SetupError(f"--python names no Python; give {' or '.join(PYTHONS)}, or both with a comma between.")
    archive = build_zip(pythons, options.out.expanduser().resolve())
    say(f"Written: {archive}  ({archive.stat().st_size / 1e6:.1f} MB)")
    return 0


def _bench(options: argparse.Namespace, rest: list[str]) -> int:
    runs = [rest] if rest else [["speed"], ["limits"]]
    scripts = [ROOT / "benchmarks" / f"{names[0]}.py" for names in runs]
    for script in scripts:
        if not script.is_file():
            known = ", ".join(sorted(path.stem for path in script.parent.glob("[!_]*.py")))
            raise SetupError(f"There is no benchmark '{script.stem}'; there are: {known}.")
    python = ensure_environment(choose(options.python), ("runtime", "test"))
    codes = [_run_here([python, script, *names[1:]]) for script, names in zip(scripts, runs, strict=True)]
    return max(codes)


def _sanitize(options: argparse.Namespace, _: list[str]) -> int:
    interpreter = choose(options.python)
    python, tools = ensure_environment(interpreter, ("runtime", "test")), build_tools(interpreter)
    for kinds in ("address,undefined", "thread"):
        say(f"Native tests under sanitizers: {kinds}")
        code = _run_here(
            [python, NATIVE / "sanitize.py", kinds, "--folder", CACHE / f"sanitize-{kinds}", "--tools", tools]
        )
        if code:
            return code
    return 0


def _run_here(command: Sequence[str | Path]) -> int:
    """Runs a program of the project at the repository's root with its output shown; returns its exit code."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    parts = [str(part) for part in command]
    return subprocess.run(parts, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}).returncode
