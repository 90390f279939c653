# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos dropped from the file browser onto the 3D view join the photo list."""

from __future__ import annotations

import bpy

from . import ids


class WRINKLE_FH_photos(bpy.types.FileHandler):
    """Takes image files while the Wrinkle tab is open; elsewhere dropping an image does what it always did."""

    bl_idname = "WRINKLE_FH_photos"
    bl_label = "Photos for a Wrinkle Face"
    bl_import_operator = "wrinkle.add_photos"
    bl_file_extensions = ".jpg;.jpeg;.png;.tif;.tiff;.webp;.bmp;.exr"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        if context.area is None or context.area.type != "VIEW_3D":
            return False
        sidebar = next((region for region in context.area.regions if region.type == "UI"), None)
        return sidebar is not None and getattr(sidebar, "active_panel_category", "") == ids.TAB


register, unregister = bpy.utils.register_classes_factory((WRINKLE_FH_photos,))
