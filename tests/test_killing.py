# SPDX-License-Identifier: GPL-3.0-or-later
"""A short run of ``python -m tests.killing``."""

from __future__ import annotations

from pathlib import Path

import pytest
from killing import ROOT, campaign
from model_files import small_face, write_bfm


@pytest.mark.slow
def test_nothing_is_half_written_when_killed(tmp_path: Path) -> None:
    model = write_bfm(tmp_path / "model.h5", *small_face())
    seen = campaign(ROOT / "wrinkle_addon/assets/demo_photo.jpg", model, times=6, seed=1)
    assert "every file whole" in seen
