# SPDX-License-Identifier: GPL-3.0-or-later
"""The watch over a second Blender, with small Python programs in its place, and the order that it carries out."""

from __future__ import annotations

import sys
import time

import pytest
from fake_reconstruction import fake_reconstruction

from wrinkle_addon.core.errors import Cancelled, WrinkleError


@pytest.fixture
def picture(bpy, tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    return folder / "preview.png"


def program(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_progress_is_read_and_the_picture_returned(picture):
    from wrinkle_addon.blender.second_blender import watch

    seen = []
    code = f"""
import time, pathlib
print("wrinkle progress 0.500 Rendering neutral", flush=True)
time.sleep(0.5)
pathlib.Path({str(picture)!r}).write_bytes(b"png")
"""
    assert watch(program(code), picture, lambda *state: seen.append(state) is None) == picture
    assert (0.5, "Rendering neutral") in seen
    assert picture.exists()


def test_cancelling_kills_the_second_blender_and_removes_its_files(picture):
    from wrinkle_addon.blender.second_blender import watch

    start = time.monotonic()
    with pytest.raises(Cancelled):
        watch(program("import time; time.sleep(60)"), picture, lambda fraction, text: time.monotonic() < start + 0.3)
    assert time.monotonic() - start < 5
    assert not picture.parent.exists()


def test_a_failure_says_what_the_second_blender_said(picture):
    from wrinkle_addon.blender.second_blender import watch

    code = "print('Error: no device'); raise SystemExit(3)"
    with pytest.raises(WrinkleError, match="could not be rendered \\(no device\\)"):
        watch(program(code), picture, lambda fraction, text: True)
    assert not picture.parent.exists()


def test_an_order_renders_its_shots(bpy, picture, capsys):
    from wrinkle_addon.blender import face, second_blender
    from wrinkle_addon.core.files import read_png

    face.build_face(fake_reconstruction(grid=16, size=64), "Ann")
    shot = {"title": "neutral", "weights": {"browInnerUp": 1.0}, "wrinkles": True}
    plan = {"kind": "BEFORE_AFTER", "shots": [shot], "frames": 1}
    order = {"object": "Ann", "plan": plan, "engine": "CYCLES", "size": 32, "made": str(picture)}
    second_blender.render_order(order)
    assert read_png(picture).shape == (32, 32, 3)
    assert "wrinkle progress 0.000 Rendering picture 1 of 1" in capsys.readouterr().out
