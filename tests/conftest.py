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
