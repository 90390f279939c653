# SPDX-License-Identifier: GPL-3.0-or-later
"""`batch` put to the test: killed three times and resumed, and one process against two.

    python3 build_addon.py bench batch [--photos 100] [--size 512]

Prints whether every result is whole and none was made twice, faces per minute and core, and how many times as many
faces two processes of one thread each make as one does. That ratio means something only on cores that are otherwise
idle, so the machine's load is printed with it.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from wrinkle_addon.core.files import read_png  # noqa: E402

DEMO = ROOT / "wrinkle_addon" / "assets" / "demo_photo.jpg"
KILLS = 3


def make_photos(folder: Path, count: int) -> None:
    """The demo photo at half size, each time a little darker and shifted."""
    folder.mkdir()
    half = cv2.resize(cv2.imread(str(DEMO)), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(0)
    for index in range(count):
        shifted = np.roll(half, rng.integers(-8, 9, 2), axis=(0, 1))
        cv2.imwrite(str(folder / f"face_{index:03}.jpg"), cv2.convertScaleAbs(shifted, alpha=rng.uniform(0.8, 1.0)))


def start(source: Path, out: Path, size: int, workers: int) -> subprocess.Popen[str]:
    """The command in a process group of its own."""
    command = [sys.executable, "-m", "wrinkle_addon", "batch", str(source), "--out", str(out), "--no_blend"]
    return subprocess.Popen(
        [*command, "--size", str(size), "--workers", str(workers)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(out: Path) -> dict[str, int]:
    """Name and time of change of every result."""
    if not out.is_dir():
        return {}
    folders = [path for path in out.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return {path.name: path.stat().st_mtime_ns for path in folders}


def wait(process: subprocess.Popen[str]) -> None:
    """Until the batch ends; SystemExit when a face failed."""
    _, complaints = process.communicate()
    if process.returncode:
        sys.exit(f"batch ended with {process.returncode}: {complaints}")


def kill(process: subprocess.Popen[str], out: Path) -> None:
    """SIGKILL to the leading process and to all that hold a claim."""
    process.kill()
    # Claims vanish while they are listed; unlike glob, walk passes over a folder that is gone.
    for folder, _, names in os.walk(out / ".batch" / "claims"):
        for name in names:
            try:
                os.kill(json.loads((Path(folder) / name).read_text())["pid"], signal.SIGKILL)
            except (ProcessLookupError, FileNotFoundError, ValueError, TypeError, KeyError):
                continue
    process.communicate()


def whole(folder: Path, size: int) -> bool:
    """Whether every file of a result reads."""
    with np.load(folder / "fit.npz") as fit:
        sound = all(np.isfinite(fit[name]).all() for name in fit.files)
    for name in ("texture.png", "displacement.exr", f"normal_{size}.png", f"normal_{size}.jpg", "confidence.png"):
        sound = sound and read_png(folder / name).shape[:2] == (size, size)
    return sound and all(json.loads((folder / name).read_text()) for name in ("report.json", "batch.json"))


def killed_three_times(source: Path, out: Path, size: int, count: int) -> bool:
    """Start, kill at a quarter, a half and three quarters, resume, check."""
    kept: dict[str, int] = {}
    touched = 0
    begin = time.perf_counter()
    for turn in range(1, KILLS + 1):
        process = start(source, out, size, os.cpu_count() or 1)
        while len(finished(out)) < turn * count // (KILLS + 1):
            time.sleep(0.02)
        kill(process, out)
        now = finished(out)
        touched += sum(now.get(name) != then for name, then in kept.items())
        kept = now
        sys.stdout.write(f"kill {turn}: {len(now)} results are whole\n")
    wait(start(source, out, size, os.cpu_count() or 1))
    seconds = time.perf_counter() - begin
    now = finished(out)
    touched += sum(now.get(name) != then for name, then in kept.items())
    events: collections.Counter[tuple[str, str]] = collections.Counter()
    for journal in (out / ".batch" / "journal").iterdir():
        for line in journal.read_text().splitlines():
            event = json.loads(line)
            events[event["event"], event["name"]] += 1
    twice = sum(number > 1 for (event, _), number in events.items() if event == "done")
    begun = sum(number for (event, _), number in events.items() if event == "begin")
    good = sum(whole(out / name, size) for name in now)
    sys.stdout.write(
        f"{good} of {count} results whole, {twice} made twice, {touched} touched after a kill; "
        f"{begun - count} begun anew; {seconds:.0f} s in all\n"
    )
    return good == count and not twice and not touched


def rate(source: Path, out: Path, size: int, workers: int) -> float:
    """Faces per minute of a whole batch, from the first result begun to the last one done, start-up left out."""
    wait(start(source, out, size, workers))
    times = [
        json.loads(line)
        for journal in (out / ".batch" / "journal").iterdir()
        for line in journal.read_text().splitlines()
    ]
    begun = min(entry["time"] for entry in times if entry["event"] == "begin")
    done = [entry["time"] for entry in times if entry["event"] == "done"]
    return 60 * len(done) / (max(done) - begun)


def main() -> int:
    """Print the figures; 1 when a result is not whole or was made twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of one against two processes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "photos"
        make_photos(source, options.photos)
        cores = os.cpu_count() or 1
        sys.stdout.write(
            f"{options.photos} photos, size {options.size}, {cores} cores, load {os.getloadavg()[0]:.1f}\n"
        )
        sound = killed_three_times(source, Path(folder) / "killed", options.size, options.photos)
        few = Path(folder) / "few"
        make_photos(few, max(options.photos // 4, 4))
        # In turns, so that a change of the machine's load meets both.
        rates = {1: [], 2: []}
        for turn in range(options.rounds):
            for workers, list_of in rates.items():
                list_of.append(rate(few, Path(folder) / f"{workers}-{turn}", options.size, workers))
        one, two = (float(np.median(rates[workers])) for workers in (1, 2))
        sys.stdout.write(
            f"one process {one:.1f} faces a minute, two {two:.1f}: {two / one:.2f} times as many, {two / 2:.1f} a "
            f"minute and core; load {os.getloadavg()[0]:.1f}\n"
        )
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
