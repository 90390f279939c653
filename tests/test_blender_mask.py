# SPDX-License-Identifier: GPL-3.0-or-later
"""Painted masks: what they hide, at once and for good, and what photos give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_reconstruction import fake_reconstruction


@pytest.fixture
def face(addon):
    from wrinkle_addon.blender.face import build_face

    obj = build_face(fake_reconstruction(grid=12, size=64), "Ann")
    addon.context.view_layer.objects.active = obj
    return obj


def paint(image, left: float, right: float) -> None:
    """As a brush would: one value on each half."""
    width, height = image.size
    values = np.ones((height, width, image.channels), np.float32)
    values[:, : width // 2, :3], values[:, width // 2 :, :3] = left, right
    image.pixels.foreach_set(values.ravel())
    image.update()


def test_painting_begins_and_ends_with_a_button(addon, face):
    from wrinkle_addon.blender import ids, mask, material

    assert addon.ops.wrinkle.paint_mask() == {"FINISHED"}
    assert addon.context.mode == "PAINT_TEXTURE"
    image = mask.mask_of(face)
    assert addon.context.scene.tool_settings.image_paint.canvas == image
    assert material.group_node(face.active_material).inputs[ids.MASK].is_linked
    assert image.colorspace_settings.is_data
    paint(image, 0.0, 1.0)
    assert addon.ops.wrinkle.finish_mask() == {"FINISHED"}
    assert addon.context.mode == "OBJECT"
    assert not image.is_dirty
    assert addon.ops.wrinkle.paint_mask() == {"FINISHED"}
    assert mask.mask_of(face) == image, "going on with the same mask"
    addon.ops.wrinkle.finish_mask()
    addon.ops.wrinkle.remove_mask()
    assert mask.mask_of(face) is None
    assert not [entry for entry in addon.data.images if entry.name.endswith("Mask")]


def test_what_was_painted_is_in_the_saved_file(addon, face, tmp_path):
    from wrinkle_addon.blender import mask

    addon.ops.wrinkle.paint_mask()
    paint(mask.mask_of(face), 0.0, 1.0)
    path = str(tmp_path / "face.blend")
    addon.ops.wm.save_as_mainfile(filepath=path)
    addon.ops.wm.open_mainfile(filepath=path)
    kept = mask.pixels(mask.mask_of(addon.data.objects["Ann"]))
    assert (kept[:, 0] == 0).all()
    assert (kept[:, -1] == 255).all()


def test_a_mask_hides_wrinkles_where_it_is_black(addon, face, tmp_path):
    from wrinkle_addon.blender import mask, preview

    weights = {"browInnerUp": 1.0}
    shots = (preview.Shot("smooth", weights, wrinkles=False, turn=0.0), preview.Shot("wrinkled", weights, turn=0.0))
    addon.ops.wrinkle.paint_mask()
    paint(mask.mask_of(face), 0.0, 1.0)
    addon.ops.wrinkle.finish_mask()
    smooth, wrinkled = preview.render_shots(face, shots, engine="CYCLES", size=96)
    change = np.abs(wrinkled.astype(int) - smooth).sum(axis=2)[:40]
    # The subject's left, which is right in UV, stands right in the picture too.
    assert change[:, 58:].mean() > 8 * max(change[:, :38].mean(), 0.1)


def test_a_mask_outlives_a_new_reconstruction(addon, face):
    from wrinkle_addon.blender import mask
    from wrinkle_addon.blender.face import build_face

    addon.ops.wrinkle.paint_mask()
    addon.ops.wrinkle.finish_mask()
    image = mask.mask_of(face)
    build_face(fake_reconstruction(grid=12, size=64), "Ann", replace=face)
    assert mask.mask_of(face) == image
    assert len([entry for entry in addon.data.images if entry.name.endswith("Mask")]) == 1


def test_a_duplicate_of_the_face_gets_a_mask_of_its_own_when_it_is_painted(addon, face):
    from wrinkle_addon.blender import mask

    addon.ops.wrinkle.paint_mask()
    addon.ops.wrinkle.finish_mask()
    face.select_set(True)
    addon.ops.object.duplicate()
    other = addon.context.view_layer.objects.active
    addon.context.view_layer.update()
    assert other != face
    addon.ops.wrinkle.paint_mask()
    addon.ops.wrinkle.finish_mask()
    assert mask.mask_of(other) != mask.mask_of(face)


def test_photos_give_what_their_regions_and_masks_say(addon, tmp_path, monkeypatch):
    from wrinkle_addon.blender import runners

    told = {}

    class Runner:
        def copy(self):
            return self

        def reconstruct(self, photos, settings, *, masks, regions, **others):
            told.update(masks=masks, regions=regions)
            result = fake_reconstruction(grid=12, size=64)
            return replace(result, photos=result.photos * 2, fits=result.fits * 2, landmarks=result.landmarks * 2)

    monkeypatch.setattr(runners, "new_runner", Runner)
    runners.clear()
    for name in ("brow.png", "smile.png"):
        (tmp_path / name).write_bytes(b"not read")
        addon.ops.wrinkle.add_photos(filepath=str(tmp_path / name))
    addon.ops.wrinkle.reconstruct()
    face = addon.context.view_layer.objects.active
    assert told == {"masks": {}, "regions": {}}
    face.wrinkle.photos[0].regions = {"forehead", "glabella"}
    assert face.wrinkle.stale() == "Regions or masks of photos changed."
    face.wrinkle.active_photo = 1
    addon.ops.wrinkle.paint_mask(of_photo=True)
    paint(face.wrinkle.photos[1].mask, 0.0, 1.0)
    addon.ops.wrinkle.finish_mask()
    addon.ops.wrinkle.reconstruct()
    assert told["regions"] == {0: ["forehead", "glabella"]}
    assert told["masks"].keys() == {1}
    assert told["masks"][1][:, [0, -1]].T.tolist() == [[0] * 1024, [255] * 1024]
    assert face.wrinkle.stale() == ""
    paint(face.wrinkle.photos[1].mask, 1.0, 1.0)
    addon.ops.wrinkle.paint_mask(of_photo=True)
    addon.ops.wrinkle.finish_mask()
    assert "masks of photos changed" in face.wrinkle.stale()


def test_an_old_face_says_that_it_knows_no_mask(addon, face):
    from wrinkle_addon.blender import ids, material

    interface = material.group_node(face.active_material).node_tree.interface
    interface.remove(next(item for item in interface.items_tree if item.name == ids.MASK))
    with pytest.raises(RuntimeError, match="too old for masks"):
        addon.ops.wrinkle.paint_mask()
    assert addon.context.mode == "OBJECT"
