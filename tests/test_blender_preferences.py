# SPDX-License-Identifier: GPL-3.0-or-later
"""Preferences and presets: models and what they are, cache, threads, engine; what is said when a part is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

HOOK = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {module!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
import bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
import wrinkle_addon
from wrinkle_addon.blender import preferences, system
for _ in range(2):
    wrinkle_addon.register()
    assert system.missing_parts() == [{package!r}], system.missing_parts()
    assert preferences.WRINKLE_AP_preferences.is_registered
    assert "WRINKLE_PT_missing" in dir(bpy.types)
    assert "WRINKLE_PT_main" not in dir(bpy.types)
    wrinkle_addon.unregister()
"""


class Layout:
    """Stands in for Blender's layout and remembers the texts drawn."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts

    def __getattr__(self, name: str) -> object:
        return lambda *_, **__: self

    def label(self, *, text: str, **_: object) -> None:
        self.texts.append(text)


@pytest.fixture
def preferences(addon):
    """The add-on's preferences as Blender stores them."""
    from wrinkle_addon.blender import ids

    entry = addon.context.preferences.addons.new()
    entry.module = ids.ADDON
    yield entry.preferences
    addon.context.preferences.addons.remove(entry)


@pytest.mark.parametrize("module", ["cv2", "eos", "h5py", "wrinkle_native"])
def test_without_a_wheel_the_preferences_register_and_say_what_to_do(addon, module):
    from wrinkle_addon.blender import system

    code = HOOK.format(module=module, package=system.PARTS[module])
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_missing_is_drawn_with_advice_for_this_python(addon, monkeypatch):
    from wrinkle_addon.blender import preferences, system

    texts: list[str] = []
    preferences.draw_missing(Layout(texts), ["eos-py"])
    assert "eos-py" in texts
    assert any("Install the zip made for this system" in text for text in texts)
    monkeypatch.setattr(system, "sys", SimpleNamespace(version_info=(3, 14)))
    texts.clear()
    preferences.draw_missing(Layout(texts), ["eos-py"])
    assert any("This Blender runs Python 3.14" in text for text in texts)
    assert any("Use a Blender from blender.org" in text for text in texts)


def test_models_are_listed_checked_and_removed(addon, preferences, tmp_path):
    from wrinkle_addon.blender import current
    from wrinkle_addon.blender import preferences as module

    with pytest.raises(RuntimeError, match=r"No model file is chosen\. Add one to the list first"):
        addon.ops.wrinkle.check_model(in_preferences=True)
    with pytest.raises(RuntimeError, match="does not exist"):
        addon.ops.wrinkle.add_model(filepath=str(tmp_path / "none.h5"))
    broken = tmp_path / "broken.h5"
    broken.write_bytes(b"no model")
    addon.ops.wrinkle.add_model(filepath=str(broken))
    addon.ops.wrinkle.add_model(filepath=str(tmp_path))
    assert [model.path for model in preferences.models] == [str(broken), str(tmp_path)]
    preferences.active_model = 0
    assert module.model_path() == str(broken)
    addon.context.scene.wrinkle.model = "FILE"
    assert current.model_source(addon.context.scene.wrinkle) == str(broken)
    with pytest.raises(RuntimeError, match=r"broken\.h5"):
        addon.ops.wrinkle.check_model(in_preferences=True)
    assert preferences.chosen_model().report == ""
    for _ in range(2):
        addon.ops.wrinkle.remove_model()
    assert broken.exists()
    with pytest.raises(RuntimeError, match="The list has no model"):
        addon.ops.wrinkle.remove_model()


def test_the_check_says_what_a_model_is(addon, preferences, monkeypatch, tmp_path):
    from fake_reconstruction import fake_reconstruction

    from wrinkle_addon.core import models

    monkeypatch.setattr(models, "load_model", lambda *_, **__: fake_reconstruction(grid=12).model)
    addon.ops.wrinkle.add_model(filepath=str(tmp_path))
    assert addon.ops.wrinkle.check_model(in_preferences=True) == {"FINISHED"}
    report = preferences.chosen_model().report
    assert report.startswith("grid (builtin): 144 vertices, 1 shape and 1 expression components.")
    assert "5 of 52 ARKit expressions, 68 of 68 landmarks" in report
    preferences.chosen_model().path = "elsewhere"
    assert preferences.chosen_model().report == ""


def test_the_preferred_engine_renders_previews_of_scenes_that_name_none(addon, preferences):
    wanted = addon.context.scene.wrinkle_preview
    assert wanted.chosen_engine() == "CYCLES"
    preferences.preview_engine = "EEVEE"
    assert wanted.chosen_engine() == "EEVEE"
    wanted.engine = "WORKBENCH"
    assert wanted.chosen_engine() == "WORKBENCH"


def test_threads_reach_the_native_part(addon, preferences):
    import wrinkle_native

    before = wrinkle_native.threads()
    preferences.threads = 1
    assert wrinkle_native.threads() == 1
    preferences.threads = 0
    assert wrinkle_native.threads() == before


def test_the_cache_says_its_size_and_can_be_cleared(addon, preferences, monkeypatch, tmp_path):
    from wrinkle_addon.blender import preferences as module
    from wrinkle_addon.blender import system

    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "models")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "entry.npz").write_bytes(bytes(3_000_000))
    assert system.size_text(module.cache_folder()) == "3 MB"
    addon.ops.wrinkle.clear_cache()
    assert system.size_text(module.cache_folder()) == "0 MB"


def test_the_preferences_draw_and_the_system_check_names_everything(addon, preferences, tmp_path):
    from wrinkle_addon.blender import preferences as module
    from wrinkle_addon.blender import system

    addon.ops.wrinkle.add_model(filepath=str(tmp_path))
    texts: list[str] = []
    module.WRINKLE_AP_preferences._draw_models(preferences, Layout(texts))
    module.draw_system(Layout(texts))
    assert "Graphics" in texts
    text = system.report_text(module.choices())
    for name in ("Wrinkle: 1.", "Blender: ", "Python: ", "Graphics: ", "Preview engine: CYCLES", "Threads: all"):
        assert name in text
    assert f"Face model: {tmp_path.name}: not checked" in text


def test_a_preset_keeps_the_settings_of_the_wrinkles_for_another_face(addon, monkeypatch, tmp_path):
    from wrinkle_addon.blender.presets import WRINKLE_PT_presets

    monkeypatch.setattr(WRINKLE_PT_presets, "bl_label", WRINKLE_PT_presets.bl_label)  # it becomes the preset's name
    monkeypatch.setattr(addon.utils, "user_resource", lambda kind, path="", create=False: str(tmp_path))
    settings = addon.context.scene.wrinkle
    settings.size, settings.dog_thres, settings.strength = "1024", 42.0, 1.5
    assert addon.ops.wrinkle.add_preset(name="Deep folds") == {"FINISHED"}
    (preset,) = tmp_path.glob("*.py")
    settings.size, settings.dog_thres, settings.strength = "512", 10.0, 0.5
    addon.ops.script.execute_preset(filepath=str(preset), menu_idname="WRINKLE_PT_presets")
    assert (settings.size, settings.dog_thres, settings.strength) == ("1024", 42.0, 1.5)
