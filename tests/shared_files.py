# SPDX-License-Identifier: GPL-3.0-or-later
"""Large test files that lie beside the checkout; tests that need them skip when they are absent."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
BFM_STANDIN = SHARED / "models" / "bfm2017_standin.h5"
BFM_UV = SHARED / "models" / "bfm2017_texture_uv.mat"
SFM = SHARED / "models" / "sfm" / "sfm_shape_3448.bin"
ICT = SHARED / "models" / "ict_facekit" / "FaceXModel"
PHOTO = SHARED / "photos" / "image_0010.png"
PHOTO_PTS = SHARED / "photos" / "image_0010.pts"


def need(path: Path) -> Path:
    """``path`` when it exists; otherwise the test is skipped."""
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the checkout (see README, Tests)")
    return path
