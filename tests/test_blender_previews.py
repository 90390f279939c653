# SPDX-License-Identifier: GPL-3.0-or-later
"""Contact sheet, turntable, sweep and wipe: rendered in a scene of their own that leaves nothing behind."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from fake_reconstruction import fake_reconstruction

from wrinkle_addon.core.errors import Cancelled
from wrinkle_addon.core.files import read_png
from wrinkle_addon.core.pictures import wipe, write_frames

KINDS = ("meshes", "materials", "node_groups", "objects", "shape_keys", "scenes", "worlds", "lights", "cameras")
EDGE = 48


@pytest.fixture
def face(addon):
    from wrinkle_addon.blender.face import build_face

    obj = build_face(fake_reconstruction(grid=12, size=64), "Ann")
    addon.context.view_layer.objects.active = obj
    wanted = addon.context.scene.wrinkle_preview
    wanted.size, wanted.engine, wanted.frames = 64, "CYCLES", 4
    return obj


def counts(bpy):
    return {kind: len(getattr(bpy.data, kind)) for kind in KINDS}


@pytest.mark.parametrize("kind", ["TURNTABLE", "SWEEP", "WIPE"])
def test_movies_show_a_change_and_leave_the_scene_alone(addon, face, tmp_path, kind):
    wanted = addon.context.scene.wrinkle_preview
    wanted.kind, wanted.as_images = kind, True
    before = counts(addon)
    assert addon.ops.wrinkle.preview(filepath=str(tmp_path / "frames")) == {"FINISHED"}
    frames = [read_png(path).astype(int) for path in sorted((tmp_path / "frames").iterdir())]
    assert len(frames) == 4
    assert all(frame.shape == (64, 64, 3) for frame in frames)
    first, second = (1, 3) if kind == "TURNTABLE" else (0, 2)  # the camera at both ends; the expression off and on
    assert np.abs(frames[first] - frames[second]).mean() > 0.5
    assert counts(addon) == before


def test_a_movie_file_holds_every_frame(tmp_path):
    before, after = np.zeros((EDGE, EDGE, 3), np.uint8), np.full((EDGE, EDGE, 3), 200, np.uint8)
    path = write_frames(tmp_path / "wipe.mp4", list(wipe(before, after, 12)))
    movie = cv2.VideoCapture(str(path))
    shares = []
    while True:
        there, frame = movie.read()
        if not there:
            break
        shares.append(float(frame.mean()))
    movie.release()
    assert len(shares) == 12
    assert max(shares) - min(shares) > 100
    assert [entry.name for entry in tmp_path.iterdir()] == ["wipe.mp4"]


def test_a_contact_sheet_has_a_row_per_posed_expression(addon, face, tmp_path):
    addon.context.scene.wrinkle_preview.kind = "SHEET"
    for name in ("browInnerUp", "jawOpen"):
        face.data.shape_keys.key_blocks[name].value = 0.5
    assert addon.ops.wrinkle.preview(filepath=str(tmp_path / "sheet.png")) == {"FINISHED"}
    sheet = read_png(tmp_path / "sheet.png")
    assert sheet.shape == (24 + 2 * (24 + 64), 3 * 64, 3)
    assert face.data.shape_keys.key_blocks["jawOpen"].value == 0.5


def test_the_camera_stands_where_the_photo_saw_the_face(bpy):
    from dataclasses import replace

    from wrinkle_addon.blender.face import seen_side

    fit = fake_reconstruction(grid=12, size=64).fits[0]
    assert seen_side(fit) == 1
    assert seen_side(replace(fit, visible=fit.neutral[:, 0] < 20)) == -1
    assert seen_side(replace(fit, visible=fit.neutral[:, 0] > -20)) == 1


def test_both_sides_of_an_expression_share_a_row(addon, face):
    from wrinkle_addon.blender import preview

    plan = preview.plan_of("SHEET", {}, preview.folding(face), 1)
    assert [shot.title for shot in plan.shots[1::2]] == ["browInnerUp", "browDownLeft", "mouthSmile"]
    assert plan.shots[-1].weights == {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}


def test_cancelling_leaves_nothing_behind(addon, face, tmp_path):
    from wrinkle_addon.blender import preview

    before = counts(addon)
    plan = preview.plan_of("SWEEP", {"browInnerUp": 1.0}, (), 6)
    seen = []

    def stop(fraction: float, text: str) -> bool:
        seen.append(text)
        return len(seen) < 3

    with pytest.raises(Cancelled):
        preview.render_plan(face, tmp_path / "movie.mp4", plan, engine="CYCLES", size=64, progress=stop)
    assert counts(addon) == before
    assert not list(tmp_path.iterdir())
