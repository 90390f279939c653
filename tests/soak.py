# SPDX-License-Identifier: GPL-3.0-or-later
"""Uses the operators over and over and looks for what grows: ``python tests/soak.py [--cycles 1000]``.

The faces are small and made up, so that a cycle takes milliseconds; what Blender keeps of them does not depend on size.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fake_reconstruction import fake_reconstruction  # noqa: E402

from wrinkle_addon.core.progress import report  # noqa: E402

WARM_UP = 5
MOST_GROWTH = 32 << 20
"""Bytes that the process may grow by after the first cycles, for what allocators keep."""
STEPS = 40


class SteppingRunner:
    """Stands in for the pipeline: many reports of progress, at a chosen one of which Esc is pressed; then a face."""

    def __init__(self) -> None:
        self.cancel_at = -1

    def copy(self) -> SteppingRunner:
        return self

    def reconstruct(self, photos: Any, settings: Any, *, progress: Any, **chosen: Any) -> Any:
        for step in range(STEPS):
            report((lambda *_: False) if step == self.cancel_at else progress, step / STEPS, "Working")
        return fake_reconstruction(grid=12, size=64)


def memory() -> int:
    """Bytes of the process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def blocks(bpy: Any) -> dict[str, int]:
    kinds = ("meshes", "materials", "images", "node_groups", "objects", "shape_keys", "scenes", "texts", "collections")
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}


def cycle(bpy: Any, photo: Path, folder: Path) -> None:
    """Every operator that works without a window, once."""
    wrinkle = bpy.ops.wrinkle
    wrinkle.add_photos(filepath=str(photo))
    assert wrinkle.reconstruct() == {"FINISHED"}
    wrinkle.try_expression()
    wrinkle.rest()
    bpy.context.scene.wrinkle_export.formats = set()  # Blender's exporters take a second
    assert wrinkle.export(directory=str(folder)) == {"FINISHED"}
    assert wrinkle.reconstruct() == {"FINISHED"}
    wrinkle.remove_photo()
    wrinkle.remove_face()


def cancelled(bpy: Any, photo: Path, runner: SteppingRunner, step: int) -> None:
    """A job that is cancelled at a step leaves the file as it was."""
    bpy.ops.wrinkle.add_photos(filepath=str(photo))
    before, runner.cancel_at = blocks(bpy), step
    try:
        assert bpy.ops.wrinkle.reconstruct() == {"CANCELLED"}
    finally:
        runner.cancel_at = -1
    assert blocks(bpy) == before
    bpy.ops.wrinkle.remove_photo()


def soak(bpy: Any, runner: SteppingRunner, folder: Path, cycles: int, cancels: int) -> int:
    """Bytes that the process grew by; raises AssertionError when a data-block was left. The add-on is registered."""
    photo, chance = folder / "photo.png", random.Random(0)
    photo.write_bytes(b"not read by the runner")

    def repeat(times: int, act: Callable[[], None]) -> None:
        for _ in range(times):
            act()

    repeat(WARM_UP, lambda: cycle(bpy, photo, folder / "maps"))
    before, start = blocks(bpy), memory()
    repeat(cycles, lambda: cycle(bpy, photo, folder / "maps"))
    repeat(cancels, lambda: cancelled(bpy, photo, runner, chance.randrange(STEPS)))
    assert blocks(bpy) == before, f"data-blocks were left: {blocks(bpy)} after {before}"
    grown = memory() - start
    assert grown < MOST_GROWTH, f"the process grew by {grown >> 20} MiB"
    return grown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--cancels", type=int, default=100)
    given = parser.parse_args()
    import bpy

    import wrinkle_addon

    bpy.ops.wm.read_factory_settings(use_empty=True)
    wrinkle_addon.register()
    from wrinkle_addon.blender import runners

    runner = SteppingRunner()
    runners.new_runner = lambda: runner  # type: ignore[assignment, return-value]
    with tempfile.TemporaryDirectory() as folder:
        grown = soak(bpy, runner, Path(folder), given.cycles, given.cancels)
    wrinkle_addon.unregister()
    sys.stdout.write(f"{given.cycles} cycles, {given.cancels} cancelled jobs: no data-block left, ")
    sys.stdout.write(f"the process grew by {grown / 2**20:.1f} MiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
