# SPDX-License-Identifier: GPL-3.0-or-later
"""Registration leaves nothing behind, also when compiled parts are missing; the core never loads Blender."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def draw_functions(bpy) -> dict[str, int]:
    """How many functions of add-ons draw in each menu and header; the first of a list is Blender's own."""
    kinds = {name: getattr(bpy.types, name) for name in dir(bpy.types)}
    lists = {name: getattr(getattr(kind, "draw", None), "_draw_funcs", ()) for name, kind in kinds.items()}
    return {name: len(functions) - 1 for name, functions in lists.items() if len(functions) > 1}


def image_tools() -> int:
    """How many tools the Image Editor offers."""
    from bl_ui.space_toolsystem_toolbar import IMAGE_PT_tools_active

    return len(IMAGE_PT_tools_active._tools["VIEW"])


def traces(bpy) -> dict[str, object]:
    """Everything that an add-on could leave behind."""
    lists = {name: getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)}
    handlers = {name: len(value) for name, value in lists.items() if isinstance(value, list)}
    return {
        "classes": {name for name in dir(bpy.types) if "WRINKLE" in name.upper()},
        "operators": {name for name in dir(bpy.ops) if name == "wrinkle"} and set(dir(bpy.ops.wrinkle)),
        "properties": {kind for kind in (bpy.types.Object, bpy.types.Scene) if hasattr(kind, "wrinkle")},
        "handlers": handlers,
        "menus": draw_functions(bpy),
        "tools": image_tools(),
        "keymaps": [keymap.name for keymap in bpy.context.window_manager.keyconfigs.addon.keymaps]
        if bpy.context.window_manager.keyconfigs.addon
        else [],
    }


def test_enabling_and_disabling_twenty_times_leaves_nothing(bpy):
    import wrinkle_addon
    from wrinkle_addon.blender import system

    if system.missing_parts():
        pytest.skip(f"not installed: {', '.join(system.missing_parts())}")
    before = traces(bpy)
    for _ in range(20):
        wrinkle_addon.register()
        assert "WRINKLE_PT_main" in dir(bpy.types)
        wrinkle_addon.unregister()
    assert traces(bpy) == before


def test_missing_wheels_leave_preferences_that_say_what_to_do(bpy, monkeypatch):
    import wrinkle_addon
    from wrinkle_addon.blender import preferences, system

    monkeypatch.setattr(system, "missing_parts", lambda: ["eos-py"])
    before = traces(bpy)
    wrinkle_addon.register()
    try:
        assert "WRINKLE_PT_missing" in dir(bpy.types)
        assert "WRINKLE_PT_main" not in dir(bpy.types)
        assert preferences.WRINKLE_AP_preferences.is_registered
        assert all(system.advice())
    finally:
        wrinkle_addon.unregister()
    assert traces(bpy) == before


def test_the_system_check_names_every_part(bpy):
    from wrinkle_addon.blender import system

    text = system.report_text()
    for name in ("Blender", "Python", "numpy", *system.PARTS.values()):
        assert name in text


@pytest.mark.parametrize("module", ["wrinkle_addon", "wrinkle_addon.core", "wrinkle_addon.core.pipeline"])
def test_the_core_never_loads_blender(module):
    code = f"import sys, {module}; sys.exit('bpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
