# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators of step 1: the list of photos.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

from pathlib import Path

import bpy
from bpy.props import CollectionProperty, EnumProperty, StringProperty

from .. import current
from .task import free

_FILTER = "*.jpg;*.jpeg;*.png;*.tif;*.tiff;*.webp;*.bmp;*.exr"


class WRINKLE_OT_add_photos(bpy.types.Operator):
    """Add one or more photos of the same person; a sharp, evenly lit front view works best"""

    bl_idname = "wrinkle.add_photos"
    bl_label = "Add Photos"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    filepath: StringProperty(name="Photo", description="The photo to add", subtype="FILE_PATH", options={"SKIP_SAVE"})
    directory: StringProperty(
        name="Folder", description="The folder of the photos to add", subtype="DIR_PATH", options={"SKIP_SAVE"}
    )
    files: CollectionProperty(
        name="Files",
        description="The names of the photos in the folder",
        type=bpy.types.OperatorFileListElement,
        options={"SKIP_SAVE", "HIDDEN"},
    )
    filter_glob: StringProperty(
        name="Filter", description="The files that the file browser shows", default=_FILTER, options={"HIDDEN"}
    )

    display_type: EnumProperty(
        name="Display",
        description="How the file browser shows the files",
        items=[("THUMBNAILS", "Thumbnails", "Small pictures", 3)],  # the number is Blender's own
        options={"HIDDEN"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return free(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath or self.files:  # dropped onto the view
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        names = [entry.name for entry in self.files if entry.name]
        paths = [Path(self.directory) / name for name in names] or [Path(self.filepath)]
        missing = next((path for path in paths if not path.is_file()), None)
        if missing is not None:
            self.report({"ERROR"}, f"The photo {str(missing)!r} does not exist. Choose an image file.")
            return {"CANCELLED"}
        settings = current.face_settings(context)
        known = {bpy.path.abspath(photo.path) for photo in settings.photos}
        for path in paths:
            if str(path) not in known:
                settings.add_photo(path)
        return {"FINISHED"}


class WRINKLE_OT_add_open_image(bpy.types.Operator):
    """Add the photo that is open in an Image Editor"""

    bl_idname = "wrinkle.add_open_image"
    bl_label = "Add Open Image"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if _open_image(context) is None:
            cls.poll_message_set("Open a saved photo in an Image Editor first.")
            return False
        return free(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        image = _open_image(context)
        current.face_settings(context).add_photo(Path(bpy.path.abspath(image.filepath)))
        return {"FINISHED"}


class WRINKLE_OT_remove_photo(bpy.types.Operator):
    """Take the highlighted photo off the list; the file itself stays"""

    bl_idname = "wrinkle.remove_photo"
    bl_label = "Remove Photo"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not current.face_settings(context).photos:
            cls.poll_message_set("The list has no photo.")
            return False
        return free(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = current.face_settings(context)
        settings.photos.remove(min(settings.active_photo, len(settings.photos) - 1))
        settings.active_photo = max(0, min(settings.active_photo, len(settings.photos) - 1))
        return {"FINISHED"}


def _open_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """The first image with a file of its own in any Image Editor of the window."""
    areas = context.screen.areas if context.screen else ()
    for area in areas:
        image = area.spaces.active.image if area.type == "IMAGE_EDITOR" else None
        if image is not None and image.source == "FILE" and Path(bpy.path.abspath(image.filepath)).is_file():
            return image
    return None


register, unregister = bpy.utils.register_classes_factory(
    (WRINKLE_OT_add_photos, WRINKLE_OT_add_open_image, WRINKLE_OT_remove_photo)
)
