# SPDX-License-Identifier: GPL-3.0-or-later
"""The slider of dog_thres: a small map at once, the full ones a moment later, and undo brings back what was there."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_reconstruction import fake_reconstruction, grooves

from wrinkle_addon.core.progress import report
from wrinkle_addon.core.types import Layer

DEMO = Path(__file__).resolve().parents[1] / "wrinkle_addon" / "assets" / "demo_photo.jpg"
FULL, SMALL = 64, 32


class FadingRunner:
    """Stands in for the pipeline: grooves that are the shallower, the higher dog_thres is."""

    def __init__(self) -> None:
        self.runs: list[float] = []
        self.glimpses = 0

    def copy(self):
        return self

    def reconstruct(self, photos, settings, *, progress, **chosen):
        report(progress, 0.0, "Working")
        self.runs.append(settings.wrinkles.dog_thres)
        result = fake_reconstruction(grid=16, size=FULL)
        maps = replace(result.wrinkles, displacement=depth(settings, FULL))
        return replace(result, wrinkles=maps)

    def glimpse(self, settings, size):
        self.glimpses += 1
        return Layer(depth(settings, SMALL), grooves(SMALL)[1], ())


def depth(settings, size: int) -> np.ndarray:
    return grooves(size)[0] * np.float32(1 - settings.wrinkles.dog_thres / 256)


def seen(obj) -> tuple[int, float]:
    """Edge and deepest place of the displacement that the material reads."""
    from wrinkle_addon.blender import ids
    from wrinkle_addon.blender.material import group_node

    image = group_node(obj.active_material).node_tree.nodes[ids.HEIGHT_IMAGE].image
    values = np.empty(image.size[0] * image.size[1] * image.channels, np.float32)
    image.pixels.foreach_get(values)
    return image.size[0], round(float(values.reshape(-1, image.channels)[:, 0].max()), 3)


def expected(dog_thres: float, size: int = FULL) -> tuple[int, float]:
    return size, round(float(grooves(size)[0].max() * (1 - dog_thres / 256)), 3)


@pytest.fixture
def runner(addon, monkeypatch):
    from wrinkle_addon.blender import runners

    runner = FadingRunner()
    monkeypatch.setattr(runners, "new_runner", lambda: runner)
    runners.clear()
    return runner


@pytest.fixture
def face(addon, runner, tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"not read by the fake runner")
    addon.ops.wrinkle.add_photos(filepath=str(photo))
    assert addon.ops.wrinkle.reconstruct() == {"FINISHED"}
    return addon.context.view_layer.objects.active


@pytest.fixture
def window(monkeypatch):
    """As if Blender had a window: what its main loop would do, the test does with ``wait``."""
    from wrinkle_addon.blender import threshold

    monkeypatch.setattr(threshold, "has_window", lambda: True)
    monkeypatch.setattr(threshold, "_REST_SECONDS", 0.0)

    def wait() -> None:
        end = time.monotonic() + 20
        while threshold._tick() is not None:
            assert time.monotonic() < end, "the full maps never came"
            time.sleep(0.01)

    return wait


def test_a_script_gets_the_full_maps_in_place(addon, runner, face):
    assert seen(face) == expected(60)
    face.wrinkle.dog_thres = 120
    assert seen(face) == expected(120)
    assert runner.runs == [60, 120]
    assert runner.glimpses == 0
    assert face.wrinkle.stale() == ""


def test_a_small_map_while_the_slider_moves_and_one_full_run_when_it_rests(addon, runner, face, window):
    for value in (80, 100, 120):
        face.wrinkle.dog_thres = value
        assert seen(face) == expected(value, SMALL)
        assert face.wrinkle.stale() == ""
    assert runner.runs == [60]
    window()
    assert seen(face) == expected(120)
    assert (runner.runs, runner.glimpses) == ([60, 120], 3)
    assert face.wrinkle.stale() == ""


def test_undo_and_redo_show_what_was_there(addon, runner, face, window):
    addon.ops.ed.undo_push(message="face")
    face.wrinkle.dog_thres = 120
    addon.ops.ed.undo_push(message="dog_thres")  # Blender does so when the slider is released: the map is small yet
    window()
    name = face.name
    addon.ops.ed.undo()
    window()
    face = addon.data.objects[name]
    assert (face.wrinkle.dog_thres, seen(face), face.wrinkle.stale()) == (60, expected(60), "")
    addon.ops.ed.redo()
    window()
    face = addon.data.objects[name]
    assert (face.wrinkle.dog_thres, seen(face), face.wrinkle.stale()) == (120, expected(120), "")


def test_saving_and_exporting_wait_for_the_full_maps(addon, runner, face, window, tmp_path):
    from wrinkle_addon.core.files import read_exr

    face.wrinkle.dog_thres = 120
    addon.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    assert seen(face) == expected(120)
    face.wrinkle.dog_thres = 200
    addon.context.scene.wrinkle_export.formats = set()
    assert addon.ops.wrinkle.export(directory=str(tmp_path / "maps")) == {"FINISHED"}
    (displacement,) = (tmp_path / "maps").rglob("displacement*.exr")
    assert read_exr(displacement).shape == (FULL, FULL)
    assert seen(face) == expected(200)


def test_a_duplicate_keeps_its_own_maps(addon, runner, face):
    double = face.copy()
    double.data = face.data.copy()
    addon.context.scene.collection.objects.link(double)
    addon.context.view_layer.update()
    face.wrinkle.dog_thres = 120
    assert seen(face) == expected(120)
    assert seen(double) == expected(60)


def test_what_the_user_made_of_the_material_stays(addon, runner, face):
    skin = face.active_material
    skin.node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value = 0.9
    blocks = len(addon.data.images), len(addon.data.node_groups), len(addon.data.materials)
    face.wrinkle.dog_thres = 120
    assert face.active_material == skin
    assert skin.node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value == pytest.approx(0.9)
    assert (len(addon.data.images), len(addon.data.node_groups), len(addon.data.materials)) == blocks


def test_without_memory_or_with_another_change_the_panel_asks_for_a_run(addon, runner, face, tmp_path):
    from wrinkle_addon.blender import runners

    face.wrinkle.size = "512"
    face.wrinkle.dog_thres = 120
    assert set(face.wrinkle.stale_parts()) == {"size", "dog_thres"}
    face.wrinkle.size = "2048"
    runners.clear()
    face.wrinkle.dog_thres = 100
    assert face.wrinkle.stale() == "dog_thres changed."
    assert runner.runs == [60]
    assert addon.ops.wrinkle.reconstruct() == {"FINISHED"}
    (Path(addon.context.view_layer.objects.active.wrinkle.photos[0].path)).unlink()
    face.wrinkle.dog_thres = 90
    assert face.wrinkle.stale() == "dog_thres changed."


def test_another_file_and_disabling_leave_no_timer(addon, runner, face, window):
    from wrinkle_addon.blender import threshold

    face.wrinkle.dog_thres = 120
    assert threshold.waits(next(iter(threshold._pending)))
    addon.ops.wm.read_factory_settings(use_empty=True)
    assert not threshold._pending
    assert threshold._tick() is None


def test_the_real_pipeline_gives_the_same_maps_as_a_new_run(addon):
    from wrinkle_addon.blender import maps, runners

    runners.clear()
    scene = addon.context.scene.wrinkle
    addon.ops.wrinkle.add_photos(filepath=str(DEMO))
    scene.size = "512"
    addon.ops.wrinkle.reconstruct()
    face = addon.context.view_layer.objects.active
    face.wrinkle.dog_thres = 110
    live = packed(face)
    addon.ops.wrinkle.reconstruct()
    assert packed(face) == live
    assert maps.photo_node(face.active_material) is not None


def packed(face) -> list[bytes]:
    from wrinkle_addon.blender import images, maps

    return [images.packed_bytes(entry.image) for entry in maps._image_nodes(face.active_material)]
