# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip as `build_addon.py build` makes it, for the running Python, built once for all tests that look at it."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest

from tools.bundle import build_zip
from tools.interpreters import find
from tools.layout import CACHE

RUNNING = "{}.{}".format(*sys.version_info[:2])


@cache
def addon_zip() -> Path:
    """Builds the zip into .cache, so that one in dist/ that serves more Pythons stays."""
    pytest.importorskip("bpy", reason="Blender's own check comes with the bpy module, which is not installed")
    return build_zip([find(RUNNING)], CACHE / "test-zip", Path(sys.executable))
