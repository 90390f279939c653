# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner: what reruns after a change, and cancelling anywhere."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wrinkle_addon.core.errors import Cancelled
from wrinkle_addon.core.pipeline import Runner
from wrinkle_addon.core.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "wrinkle_addon" / "assets" / "demo_photo.jpg"


@pytest.fixture(scope="module")
def runner() -> Runner:
    runner = Runner()
    runner.reconstruct([DEMO], Settings(size=256))
    return runner


def test_nothing_reruns_without_a_change(runner: Runner) -> None:
    assert runner.reconstruct([DEMO], Settings(size=256)).seconds == {}


def test_slope_reruns_only_the_normal_map(runner: Runner) -> None:
    result = runner.reconstruct([DEMO], Settings(size=256, dis2normal_coff=200.0))
    assert set(result.seconds) == {"normal map"}


def test_threshold_reruns_only_the_wrinkles(runner: Runner) -> None:
    settings = Settings(size=256)
    changed = dataclasses.replace(settings, wrinkles=dataclasses.replace(settings.wrinkles, dog_thres=100.0))
    assert set(runner.reconstruct([DEMO], changed).seconds) == {"wrinkles 1", "normal map", "motion maps"}


@pytest.mark.parametrize("after", [0, 2, 4, 6, 8])
def test_cancel_leaves_the_runner_usable(after: int) -> None:
    calls = 0

    def stop(fraction: float, text: str) -> bool:
        nonlocal calls
        calls += 1
        return calls <= after

    runner = Runner()
    with pytest.raises(Cancelled):
        runner.reconstruct([DEMO], Settings(size=256), progress=stop)
    assert runner.reconstruct([DEMO], Settings(size=256)).wrinkles.displacement.shape == (256, 256)


def test_progress_never_runs_backwards() -> None:
    fractions: list[float] = []

    def note(fraction: float, text: str) -> bool:
        fractions.append(fraction)
        return True

    Runner().reconstruct([DEMO], Settings(size=256), progress=note)
    assert fractions == sorted(fractions)
    assert 0.0 <= fractions[0] <= fractions[-1] <= 1.0


def test_two_photos_combine() -> None:
    result = Runner().reconstruct([DEMO, DEMO], Settings(size=256))
    single = Runner().reconstruct([DEMO], Settings(size=256))
    both, alone = result.wrinkles.displacement, single.wrinkles.displacement
    assert np.corrcoef(both.ravel(), alone.ravel())[0, 1] > 0.9
    assert both.std() == pytest.approx(alone.std(), rel=0.15)


def test_core_never_loads_blender() -> None:
    code = "import sys, wrinkle_addon.core.pipeline; sys.exit('bpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
