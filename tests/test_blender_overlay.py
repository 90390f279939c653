# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over a photo, on the GPU or Mesa: landmarks in their colours, marks for moved and unsure ones, wires.

Without a window Blender lets only a render engine draw, so one is registered for the test.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import test_blender_landmarks as landmarks

photos = landmarks.photos
SIZE = 480, 560
HALF = np.array([0.5, -0.5], np.float32)
"""The demo photo at half its size, y upwards."""
OFFSET = np.array([0.0, SIZE[1]], np.float32)


def drawn(bpy: ModuleType, draw: Callable[[], None], backdrop: np.ndarray | None = None) -> np.ndarray:
    """(H, W, 4) 0..1, row 0 on top: what ``draw`` draws on a picture of SIZE. Skips the test where nothing can."""
    told: dict[str, object] = {}

    def work() -> np.ndarray:
        import gpu
        from mathutils import Matrix

        canvas = gpu.types.GPUOffScreen(*SIZE)
        try:
            with canvas.bind(), gpu.matrix.push_pop(), gpu.matrix.push_pop_projection():
                frame = gpu.state.active_framebuffer_get()
                frame.clear(color=(0.0, 0.0, 0.0, 1.0))
                gpu.matrix.load_matrix(Matrix.Identity(4))
                pixels = Matrix.Diagonal((2 / SIZE[0], 2 / SIZE[1], 1, 1))
                gpu.matrix.load_projection_matrix(Matrix.Translation((-1, -1, 0)) @ pixels)
                gpu.state.blend_set("ALPHA")
                draw()
                gpu.state.blend_set("NONE")
                buffer = frame.read_color(0, 0, *SIZE, 4, 0, "UBYTE")
        finally:
            canvas.free()
        return np.array(buffer.to_list(), np.float32)[::-1] / 255

    class TEST_RE_draws(bpy.types.RenderEngine):
        bl_idname = "TEST_RE_draws"
        bl_label = "Draws"
        bl_use_gpu_context = True

        def render(self, depsgraph: object) -> None:
            try:
                told["picture"] = work()
            except Exception as error:  # an engine's own exceptions would only be printed
                told["error"] = error

    bpy.utils.register_class(TEST_RE_draws)
    scene = bpy.context.scene
    before = scene.render.engine
    try:
        scene.render.engine = "TEST_RE_draws"
        scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
        bpy.ops.render.render()
    finally:
        scene.render.engine = before
        bpy.utils.unregister_class(TEST_RE_draws)
    if isinstance(told.get("error"), SystemError):
        pytest.skip(f"nothing can be drawn here: {told['error']}")
    if "error" in told:
        raise told["error"]
    return told["picture"]


def at(picture: np.ndarray, place: tuple[float, float]) -> np.ndarray:
    """The colour at a place of the photo."""
    return picture[round(place[1] / 2), round(place[0] / 2), :3]


def test_landmarks_are_drawn_in_the_colours_of_their_regions(addon, photos):
    from wrinkle_addon.blender import overlay

    photo = photos[0]
    places = photo.places()
    photo.points[0].moved = True
    photo.points[16].confidence = 0.1
    picture = drawn(addon, lambda: overlay._draw_points(photo, HALF, OFFSET, 1.0))
    for group in overlay.GROUPS:
        assert at(picture, places[group.start]) == pytest.approx(group.colour[:3], abs=0.05)
    rim = (11.0, 0.0)  # photo pixels from the point: just inside the wider rim
    assert at(picture, places[0] - rim) == pytest.approx((1, 1, 1), abs=0.1)
    assert at(picture, places[16] + rim) == pytest.approx(overlay._UNSURE[:3], abs=0.1)
    assert at(picture, (20, 20)) == pytest.approx((0, 0, 0))


def test_the_fitted_face_is_drawn_over_the_face_only(addon, photos):
    from wrinkle_addon.blender import current, overlay

    landmarks.wires(addon)
    shown = overlay.Shown(current.job_key(addon.context), addon.context.scene.wrinkle, 0)
    picture = drawn(addon, lambda: overlay._draw_wires(shown, HALF, OFFSET))
    places = photos[0].places()
    left, top = places.min(axis=0).astype(int) // 2
    right, bottom = places.max(axis=0).astype(int) // 2
    lit = picture[..., :3].max(axis=2) > 0.1
    assert lit[top:bottom, left:right].mean() > 0.2
    assert not lit[:10].any()
