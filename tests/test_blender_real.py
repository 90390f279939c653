# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way in Blender with the demo photo, again and again: no data-block and no memory is left behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from test_blender_lifetime import resident_bytes
from test_blender_operators import counts, make_face

DEMO_PHOTO = Path(__file__).parents[1] / "wrinkle_addon" / "assets" / "demo_photo.jpg"


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_real_faces_made_and_removed_leave_nothing(addon):
    before = counts(addon)
    sizes = []
    for _ in range(6):
        addon.context.scene.wrinkle.size = "512"
        face = make_face(addon, DEMO_PHOTO)
        assert face.wrinkle.stale() == ""
        addon.ops.wrinkle.remove_face()
        assert counts(addon) == before
        sizes.append(resident_bytes())
    # The faces worked on last stay remembered; from then on nothing may come on top.
    assert sizes[5] - sizes[3] < 15e6, sizes
