# SPDX-License-Identifier: GPL-3.0-or-later
"""A guard against getting slower that counts work instead of seconds, so that it says the same on any machine."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wrinkle_addon.core import pipeline
from wrinkle_addon.core.fit import solve
from wrinkle_addon.core.landmarks import detector, mesh
from wrinkle_addon.core.pipeline import Runner
from wrinkle_addon.core.settings import Settings
from wrinkle_addon.core.wrinkles import WrinkleSettings, load_regressor

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "wrinkle_addon" / "assets" / "demo_photo.jpg"
MULTIPLY_ADDS = 10e9
"""Of both networks over the demo face; it does not grow with the texture's size. A core does some 50e9 a second:
this is a fifth of a second on one, and the regressor is allowed half a second on two."""


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the dear functions were called."""
    seen: Counter[str] = Counter()

    def count(module: Any, name: str) -> None:
        function = getattr(module, name)

        def counted(*given: Any, **named: Any) -> Any:
            seen[name] += 1
            return function(*given, **named)

        monkeypatch.setattr(module, name, counted)

    for module in (detector, mesh):
        count(module, "run_network")
    count(solve, "_step")
    for name in ("extract_texture", "find_relief", "strain_maps", "motion_maps", "estimate_light"):
        count(pipeline, name)
    return seen


def multiply_adds(patches: np.ndarray) -> float:
    """At most: as if every patch were the dearer network's."""
    return len(patches) * max(scale.net.multiply_adds for scale in load_regressor().nets)


def test_the_whole_path_does_no_more_work_than_it_did(counts: Counter[str]) -> None:
    runner = Runner()
    result = runner.reconstruct([DEMO], Settings(size=1024))
    assert counts["run_network"] <= 6
    assert counts["_step"] <= 12
    once = ("extract_texture", "find_relief", "strain_maps", "motion_maps", "estimate_light")
    assert {name: counts[name] for name in once} == dict.fromkeys(once, 1)
    assert multiply_adds(result.wrinkles.patches) < MULTIPLY_ADDS

    before = counts.copy()
    runner.reconstruct([DEMO], Settings(size=1024, dis2normal_coff=300.0))
    assert counts - before <= Counter(motion_maps=1), "a new slope is no reason to look at the photo again"
    before = counts.copy()
    runner.reconstruct([DEMO], Settings(size=1024, wrinkles=WrinkleSettings(dog_thres=90.0)))
    assert counts - before <= Counter(motion_maps=1), "nor is a new threshold"


def test_heavy_modules_are_imported_when_they_are_needed() -> None:
    code = "import sys, wrinkle_addon.core; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"numpy", "cv2", "h5py", "eos", "bpy", "wrinkle_native"} & set(ran.stdout.split())
