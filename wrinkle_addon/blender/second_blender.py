# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders in a second, invisible Blender: the user's own stays usable, and the render can be cancelled at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import bpy

from ..core.errors import Cancelled, WrinkleError
from ..core.progress import Progress
from .preview import Plan

_MARK = "wrinkle progress "
_POLL_SECONDS = 0.1
_PACKAGE = Path(__file__).parents[1]


def available() -> bool:
    """Whether this Blender is a program that can be started again; the bpy module is not."""
    return bool(bpy.app.binary_path) and Path(bpy.app.binary_path).is_file()


def render_job(obj: bpy.types.Object, plan: Plan, name: str, engine: str, size: int) -> Callable[[Progress], Path]:
    """Save a copy of the open file; return the work that renders ``plan`` of ``obj`` from it and needs no bpy.

    name: of the file that it makes, in a folder of its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="wrinkle-"))
    copy = folder / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(copy), copy=True)
    order = {
        "object": obj.name,
        "plan": asdict(plan),
        "engine": engine,
        "size": size,
        "picture": str(folder / name),
        "path": [str(_PACKAGE.parent), *sys.path],
        "package": f"{_PACKAGE.name}.blender.second_blender",
    }
    (folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
    script = (
        "import importlib, json, pathlib, sys\n"
        "order = json.loads(pathlib.Path(sys.argv[-1]).read_text(encoding='utf-8'))\n"
        "sys.path[:0] = [entry for entry in order['path'] if entry not in sys.path]\n"
        "importlib.import_module(order['package']).render_order(order)\n"
    )
    command = [bpy.app.binary_path, "--background", "--factory-startup", str(copy), "--python-exit-code", "3"]
    command += ["--python-expr", script, "--", str(folder / "order.json")]
    return lambda progress: watch(command, Path(order["picture"]), progress)


def watch(command: Sequence[str], picture: Path, progress: Progress) -> Path:
    """Run the second Blender until it has made ``picture``, or kill it when ``progress`` asks to stop.

    The folder of the picture goes with it unless the picture was made. Raises Cancelled, or WrinkleError with what the
    second Blender said last.
    """
    try:
        return _watched(command, picture, progress)
    except BaseException:
        shutil.rmtree(picture.parent, ignore_errors=True)
        raise


def _watched(command: Sequence[str], picture: Path, progress: Progress) -> Path:
    told = picture.parent / "output.txt"
    with told.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            while process.poll() is None:
                if not progress(*_last_progress(told)):
                    raise Cancelled("preview")
                time.sleep(_POLL_SECONDS)
        finally:
            process.kill()
    if process.returncode != 0 or not picture.exists():
        raise WrinkleError(f"The preview could not be rendered ({_last_error(told)}).", "Choose another engine.")
    return picture


def _last_progress(told: Path) -> tuple[float, str]:
    lines = [line for line in told.read_text("utf-8", errors="replace").splitlines() if line.startswith(_MARK)]
    if not lines:
        return 0.0, "Starting a second Blender"
    fraction, _, text = lines[-1].removeprefix(_MARK).partition(" ")
    return float(fraction), text


def _last_error(told: Path) -> str:
    lines = [line for line in told.read_text("utf-8", errors="replace").splitlines() if "Error: " in line]
    return lines[-1].partition("Error: ")[2].strip() if lines else "the second Blender stopped"


def render_order(order: dict[str, object]) -> None:
    """What the second Blender does: render the shots of an order and tell how far it is on standard output."""
    from .preview import Plan, Shot, render_plan

    def tell(fraction: float, text: str) -> bool:
        sys.stdout.write(f"{_MARK}{fraction:.3f} {text}\n")
        sys.stdout.flush()
        return True

    wanted = order["plan"]
    plan = Plan(wanted["kind"], tuple(Shot(**entry) for entry in wanted["shots"]), wanted["frames"])
    obj = bpy.data.objects[order["object"]]
    render_plan(obj, Path(order["picture"]), plan, engine=order["engine"], size=order["size"], progress=tell)
