# SPDX-License-Identifier: GPL-3.0-or-later
"""A short run of ``python tests/soak.py``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import soak


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from Linux's /proc")
def test_nothing_grows(addon: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from wrinkle_addon.blender import runners

    runner = soak.SteppingRunner()
    monkeypatch.setattr(runners, "new_runner", lambda: runner)
    runners.clear()
    soak.soak(addon, runner, tmp_path, cycles=20, cancels=20)
