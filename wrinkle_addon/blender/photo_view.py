# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a photo in an Image Editor: upright, as the landmarks see it, which Blender's own loader does not promise."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import bpy

from ..core.types import Photo
from . import ids, images

_QUALITY = 95
_CONTENT = "wrinkle_content"


def encoded(photo: Photo) -> bytes:
    """The upright photo as a JPEG file."""
    import cv2

    _, data = cv2.imencode(".jpg", photo.pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(data)


def image_of(path: Path) -> bpy.types.Image | None:
    """The image that shows the photo at ``path``, if there is one."""
    return next((image for image in bpy.data.images if image.get(ids.PHOTO_FILE) == str(path)), None)


def put(path: Path, photo: Photo, data: bytes) -> bpy.types.Image:
    """The image that shows the photo at ``path``; made anew when the file has changed. data: see :func:`encoded`."""
    image = image_of(path)
    if image is not None and image.get(_CONTENT) == photo.content:
        return image
    if image is not None:
        bpy.data.images.remove(image)
    image = images.photo_image(path.name, data)
    image[ids.PHOTO_FILE], image[_CONTENT] = str(path), photo.content
    return image


def show(context: bpy.types.Context, image: bpy.types.Image) -> None:
    """Show ``image`` with the landmark tool: in the Image Editor that is open, else in half of the largest 3D view."""
    window = context.window
    if window is None:
        return
    area = next((area for area in window.screen.areas if area.type == "IMAGE_EDITOR"), None) or _split(context, window)
    if area is None:
        return
    space = area.spaces.active
    space.image = image
    space.mode = "VIEW"
    space.show_region_ui = True
    # A new editor gets its regions with the next redraw.
    bpy.app.timers.register(partial(_settle, window.as_pointer(), area.as_pointer()), first_interval=0.1)


def shown(context: bpy.types.Context, image: bpy.types.Image) -> bool:
    """Whether any Image Editor of the window shows ``image``."""
    areas = context.screen.areas if context.screen else ()
    return any(area.type == "IMAGE_EDITOR" and area.spaces.active.image == image for area in areas)


def _split(context: bpy.types.Context, window: bpy.types.Window) -> bpy.types.Area | None:
    views = [area for area in window.screen.areas if area.type == "VIEW_3D"]
    if not views:
        return None
    largest = max(views, key=lambda area: area.width * area.height)
    region = next(region for region in largest.regions if region.type == "WINDOW")
    before = {area.as_pointer() for area in window.screen.areas}
    with context.temp_override(window=window, area=largest, region=region):
        bpy.ops.screen.area_split(direction="VERTICAL", factor=0.5)
    fresh = next((area for area in window.screen.areas if area.as_pointer() not in before), None)
    if fresh is not None:
        # The new area is the one on the left or right, whichever; the photo belongs on the left.
        fresh = min((fresh, largest), key=lambda area: area.x)
        fresh.type = "IMAGE_EDITOR"
    return fresh


def _settle(window_pointer: int, area_pointer: int) -> None:
    for window in bpy.context.window_manager.windows:
        area = next((area for area in window.screen.areas if area.as_pointer() == area_pointer), None)
        if window.as_pointer() != window_pointer or area is None or area.type != "IMAGE_EDITOR":
            continue
        region = next(region for region in area.regions if region.type == "WINDOW")
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.image.view_all(fit_view=True)
            bpy.ops.wm.tool_set_by_id(name=ids.LANDMARK_TOOL, space_type="IMAGE_EDITOR")
        side = next((region for region in area.regions if region.type == "UI"), None)
        if side is not None:
            side.active_panel_category = ids.TAB
