# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in a second, invisible Blender: the user's own stays usable, and the work can be cancelled at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import bpy

from ..core.errors import Cancelled, WrinkleError
from ..core.progress import Progress
from .preview import Plan

_MARK = "wrinkle progress "
_POLL_SECONDS = 0.1
_PACKAGE = Path(__file__).parents[1]
_NOT_RENDERED = WrinkleError("The preview could not be rendered", "Choose another engine.")


def available() -> bool:
    """Whether this Blender is a program that can be started again; the bpy module is not."""
    return bool(bpy.app.binary_path) and Path(bpy.app.binary_path).is_file()


def render_job(obj: bpy.types.Object, plan: Plan, name: str, engine: str, size: int) -> Callable[[Progress], Path]:
    """Save a copy of the open file; return the work that renders ``plan`` of ``obj`` from it and needs no bpy.

    name: of the file that it makes, in a folder of its own.
    """
    order = {"object": obj.name, "plan": asdict(plan), "engine": engine, "size": size}
    return hand_over("second_blender", "render_order", order, name)


def hand_over(
    module: str, function: str, order: Mapping[str, object], name: str, failed: WrinkleError = _NOT_RENDERED
) -> Callable[[Progress], Path]:
    """Save a copy of the open file; return the work that has a second Blender make something from it and needs no bpy.

    ``function`` of ``module`` in this package is called there with ``order``, in which "made" names what it is to make:
    a file or folder called ``name`` in a folder of its own. failed: what to say when it is not made.
    """
    folder = Path(tempfile.mkdtemp(prefix="wrinkle-"))
    copy = folder / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(copy), copy=True)
    whole = {
        **order,
        "made": str(folder / name),
        "path": [str(_PACKAGE.parent), *sys.path],
        "module": f"{_PACKAGE.name}.blender.{module}",
        "function": function,
    }
    (folder / "order.json").write_text(json.dumps(whole), encoding="utf-8")
    script = (
        "import importlib, json, pathlib, sys\n"
        "order = json.loads(pathlib.Path(sys.argv[-1]).read_text(encoding='utf-8'))\n"
        "sys.path[:0] = [entry for entry in order['path'] if entry not in sys.path]\n"
        "getattr(importlib.import_module(order['module']), order['function'])(order)\n"
    )
    command = [bpy.app.binary_path, "--background", "--factory-startup", str(copy), "--python-exit-code", "3"]
    command += ["--python-expr", script, "--", str(folder / "order.json")]
    return lambda progress: watch(command, folder / name, progress, failed)


def watch(command: Sequence[str], made: Path, progress: Progress, failed: WrinkleError = _NOT_RENDERED) -> Path:
    """Run the second Blender until it has ``made`` what it should, or kill it when ``progress`` asks to stop.

    The folder around it goes with it unless it was made. Raises Cancelled, or ``failed`` with what the second Blender
    said last.
    """
    try:
        return _watched(command, made, progress, failed)
    except BaseException:
        shutil.rmtree(made.parent, ignore_errors=True)
        raise


def _watched(command: Sequence[str], made: Path, progress: Progress, failed: WrinkleError) -> Path:
    told = made.parent / "output.txt"
    with told.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            while process.poll() is None:
                if not progress(*_last_progress(told)):
                    raise Cancelled(made.name)
                time.sleep(_POLL_SECONDS)
        finally:
            process.kill()
    if process.returncode != 0 or not made.exists():
        raise WrinkleError(f"{failed.message} ({_last_error(told)}).", failed.hint)
    return made


def _last_progress(told: Path) -> tuple[float, str]:
    lines = [line for line in told.read_text("utf-8", errors="replace").splitlines() if line.startswith(_MARK)]
    if not lines:
        return 0.0, "Starting a second Blender"
    fraction, _, text = lines[-1].removeprefix(_MARK).partition(" ")
    return float(fraction), text


def _last_error(told: Path) -> str:
    lines = [line for line in told.read_text("utf-8", errors="replace").splitlines() if "Error: " in line]
    return lines[-1].partition("Error: ")[2].strip() if lines else "the second Blender stopped"


def tell(fraction: float, text: str) -> bool:
    """The second Blender's progress callback: says on standard output how far it is."""
    sys.stdout.write(f"{_MARK}{fraction:.3f} {text}\n")
    sys.stdout.flush()
    return True


def render_order(order: dict[str, object]) -> None:
    """What the second Blender does: render the shots of an order."""
    from .preview import Plan, Shot, render_plan

    wanted = order["plan"]
    plan = Plan(wanted["kind"], tuple(Shot(**entry) for entry in wanted["shots"]), wanted["frames"])
    obj = bpy.data.objects[order["object"]]
    render_plan(obj, Path(order["made"]), plan, engine=order["engine"], size=order["size"], progress=tell)
