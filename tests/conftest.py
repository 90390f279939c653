# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that several test files use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def bpy() -> Iterator[object]:
    """Blender with an empty file; the test is skipped where Blender cannot be imported."""
    module = pytest.importorskip("bpy", reason="Blender's bpy module is not installed")
    module.ops.wm.read_factory_settings(use_empty=True)
    yield module
    module.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def addon(bpy: object) -> Iterator[object]:
    """Blender with the add-on registered; skipped where its compiled parts are not installed."""
    import wrinkle_addon
    from wrinkle_addon.blender import system

    if system.missing_parts():
        pytest.skip(f"not installed: {', '.join(system.missing_parts())}")
    wrinkle_addon.register()
    yield bpy
    wrinkle_addon.unregister()
