# SPDX-License-Identifier: GPL-3.0-or-later
"""Ratios to what the machine can do: multiply-adds, copying bytes, threads, texels, start-up.

    python3 build_addon.py bench limits

Both sides of a ratio are measured in this run, so that it holds when the machine's speed drifts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import wrinkle_native as native

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests"), str(Path(__file__).resolve().parent)]

import reference_net  # noqa: E402 (tests are no package)
from speed import DEMO, PEAK_OF, ROOT, median_s, row, shipped_programs  # noqa: E402

from wrinkle_addon.core.pipeline import Runner  # noqa: E402
from wrinkle_addon.core.settings import Settings  # noqa: E402
from wrinkle_addon.core.wrinkles import load_regressor  # noqa: E402

PATCHES = 64
SIDE = 2048
START = "import sys, time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"
CORE = "import wrinkle_addon.core"
ENABLE = "wrinkle_addon.register()"


def regressor_part() -> None:
    """The networks against the multiply-add peak and against NumPy with as many threads."""
    random = np.random.default_rng(0)
    for scale, program in zip(load_regressor().nets, shipped_programs(), strict=True):
        net = scale.net
        inputs = random.standard_normal((PATCHES, net.channels, net.size, net.size)).astype(np.float32)
        for threads in (1, 2):
            native.set_threads(threads)
            peak = native.multiply_add_peak(0.2)
            seconds = median_s(lambda net=net, inputs=inputs: net.run(inputs), 5)
            share = net.multiply_adds * PATCHES / seconds / 1e9 / peak
            row(
                f"network of {scale.scale.mm:g} mm, {PATCHES} patches, {threads} threads",
                seconds,
                f"{share:.0%} of peak",
            )
        native.set_threads(0)
        ours = median_s(lambda net=net, inputs=inputs: net.run(inputs), 5)
        theirs = median_s(lambda program=program, inputs=inputs: reference_net.run(program, inputs), 1)
        row("  the same in NumPy and OpenBLAS, all threads", theirs, f"native is {theirs / ours:.1f}x as fast")


def filter_part() -> None:
    """Filters against copying once all bytes that they read and write."""
    random = np.random.default_rng(0)
    one = random.standard_normal((SIDE, SIDE, 1)).astype(np.float32)
    small = np.ascontiguousarray(one[: SIDE // 2, : SIDE // 2])
    colours = random.random((SIDE // 2, SIDE // 2, 4), np.float32)
    metric = np.tile(np.array([200, 0, 200], np.float32), (256, 256, 1))
    rgb = np.ascontiguousarray(np.broadcast_to(np.uint8(100), (SIDE, SIDE, 3)))
    alpha = np.full((SIDE, SIDE), 255, np.uint8)
    spots = random.uniform(40, SIDE // 2 - 40, (1000, 2)).astype(np.float32)
    values = random.standard_normal((1000, 64, 64)).astype(np.float32)
    steps = np.ascontiguousarray(np.broadcast_to(np.eye(2, dtype=np.float32), (1000, 2, 2)))
    skin = np.ascontiguousarray(one[..., 0])
    filters: dict[str, tuple[Callable[[], np.ndarray], tuple[np.ndarray, ...]]] = {
        "Gaussian of 2 texels": (lambda: native.gaussian(one, 2.0), (one,)),
        "texture level, colours to linear means": (
            lambda: native.texture_level(rgb, alpha, skin, 2),
            (rgb, alpha, skin),
        ),
        "high-pass of 20 texels": (lambda: native.highpassed(colours, 20.0), (colours,)),
        "gate": (lambda: native.soft_gate(one, metric, float(SIDE), 0.02, 5.0), (one,)),
        "merging": (lambda: native.merge_patches(values, spots, steps, SIDE // 2, SIDE // 2, 0.35), (values,)),
        "cubic enlargement": (lambda: native.enlarge_cubic(small, 2, SIDE), (small,)),
        "normal map": (lambda: native.normal_map(skin, metric), (skin,)),
    }
    for name, (run, inputs) in filters.items():
        out = run()
        copying = median_s(lambda arrays=(*inputs, out): [array.copy() for array in arrays])
        seconds = median_s(run)
        row(name, seconds, f"{seconds / copying:.1f}x of copying its bytes")


def whole_s(size: int, threads: int) -> float:
    native.set_threads(threads)
    cv2.setNumThreads(threads)
    try:
        return median_s(lambda: Runner().reconstruct([DEMO], Settings(size=size)), 3)
    finally:
        native.set_threads(0)
        cv2.setNumThreads(-1)


def scaling_part() -> None:
    """The whole path by threads and by texels."""
    one, two = whole_s(2048, 1), whole_s(2048, 2)
    row("photo to all maps at 2048, 1 thread", one)
    row("photo to all maps at 2048, 2 threads", two, f"{one / two:.2f}x as fast")
    for size in (1024, 2048, 4096, 8192):
        with tempfile.TemporaryDirectory() as folder:
            command = ["reconstruct", str(DEMO), "--out", folder, "--size", str(size), "--no_blend"]
            start = time.perf_counter()
            ran = subprocess.run(
                [sys.executable, "-c", PEAK_OF, *command], cwd=ROOT, capture_output=True, text=True, check=True
            )
            seconds = time.perf_counter() - start
        peak = int(ran.stderr.split("peak ")[-1]) * (1 if sys.platform == "darwin" else 1024)
        share = seconds / (size * size / 1e6)
        row(f"reconstruct at {size}, process", seconds, f"{share:.3f} s per megatexel, peak {peak / 2**30:.2f} GiB")


def start_s(preparation: str, statement: str) -> float:
    """Median seconds of a statement in a fresh interpreter, of five."""
    code = f"{preparation}\n{START.format(statement)}"
    runs = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(5)
    ]
    return float(np.median([float(text.split()[-1]) for text in runs]))


def start_part() -> None:
    """What the user waits for before anything is done."""
    row("import wrinkle_addon.core", start_s("", CORE))
    row("enable the add-on in Blender", start_s("import bpy, wrinkle_addon", ENABLE))


def main() -> int:
    """Print the table."""
    regressor_part()
    filter_part()
    start_part()
    scaling_part()
    return 0


if __name__ == "__main__":
    sys.exit(main())
