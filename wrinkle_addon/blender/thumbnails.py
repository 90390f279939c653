# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pictures of the photos for the list; Blender loads them in the background and keeps them out of the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy.utils.previews

if TYPE_CHECKING:
    from bpy.utils.previews import ImagePreviewCollection

_pictures: ImagePreviewCollection | None = None


def icon_of(path: Path) -> int:
    """The icon of the image file at ``path``; 0 when there is none."""
    if _pictures is None or not path.is_file():
        return 0
    key = f"{path} {path.stat().st_mtime_ns}"
    if key not in _pictures:
        _pictures.load(key, str(path), "IMAGE")
    return int(_pictures[key].icon_id)


def register() -> None:
    global _pictures
    _pictures = bpy.utils.previews.new()


def unregister() -> None:
    global _pictures
    if _pictures is not None:
        bpy.utils.previews.remove(_pictures)
        _pictures = None
