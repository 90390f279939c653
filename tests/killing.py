# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills `reconstruct` at random moments and looks at what it leaves: ``python -m tests.killing [--times 200]``.

Each run starts with an empty model cache, so that the kill also falls into making the cache. After every kill each file
that is there must be whole; after all of them one run to the end must succeed in the same folders.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RESULTS = {"texture.png", "confidence.png", "displacement.exr", "landmarks.pts", "fit.npz", "report.json"}


def command(photo: Path, model: Path, out: Path) -> list[str]:
    """`reconstruct` without Blender, small enough to be over in a few seconds."""
    start = [sys.executable, "-m", "wrinkle_addon", "reconstruct", str(photo), "--no_blend"]
    return [*start, "--model", str(model), "--size", "256", "--out", str(out)]


def run_and_kill(arguments: list[str], cache: Path, after: float) -> bool:
    """Start, wait ``after`` seconds, kill; True when it was over before that."""
    process = subprocess.Popen(
        arguments, cwd=ROOT, env=_environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return False
    if process.returncode:
        raise AssertionError(f"the run failed with exit code {process.returncode}")
    return True


def check_whole(out: Path) -> int:
    """How many results lie in ``out``; raises when one of them is not whole."""
    from wrinkle_addon.core.files import read_exr, read_png
    from wrinkle_addon.core.landmarks import read_pts

    readers = {".png": read_png, ".jpg": read_png, ".exr": read_exr, ".pts": read_pts}
    found = [path for path in out.rglob("*") if path.is_file() and not path.name.startswith(".")]
    for path in found:
        if path.suffix in readers:
            readers[path.suffix](path)
        elif path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                assert all(file[name].size for name in file.files)
        else:
            json.loads(path.read_text("utf-8"))
    return len(found)


def campaign(photo: Path, model: Path, times: int, seed: int = 0) -> str:
    """Kill ``times`` runs and finish one; returns what was seen, raises AssertionError when something was lost."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        out, cache = folder / "out", folder / "cache"
        started = time.monotonic()
        arguments = command(photo, model, out)
        assert run_and_kill(arguments, cache, 600)
        whole_run, files = time.monotonic() - started, check_whole(out)
        shutil.rmtree(out)
        over, seen = 0, []
        for _ in range(times):
            shutil.rmtree(cache)
            cache.mkdir()
            # Half of them near the end, when the files are written.
            share = rng.uniform(0.05, 1.1) if rng.random() < 0.5 else rng.uniform(0.85, 1.05)
            over += run_and_kill(arguments, cache, share * whole_run)
            seen.append(check_whole(out) if out.exists() else 0)
        assert run_and_kill(arguments, cache, 600), "the run after the kills did not end"
        assert check_whole(out) == files
        assert {path.name for path in out.iterdir()} >= RESULTS
        leftover = [path.name for path in cache.rglob("*") if path.name.startswith(".")]
    partly = sum(0 < count < files for count in seen)
    return (
        f"{times} kills ({over} came too late, {partly} between two files): every file whole, the next run succeeds"
        + (f"; unfinished cache entries: {len(leftover)}" if leftover else "")
    )


def _environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "WRINKLE_CACHE": str(cache)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.killing", description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    from model_files import small_face, write_bfm

    with tempfile.TemporaryDirectory() as name:
        model = write_bfm(Path(name) / "model.h5", *small_face())
        photo = ROOT / "wrinkle_addon/assets/demo_photo.jpg"
        sys.stdout.write(campaign(photo, model, given.times) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
