# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator of step 5: neutral, expression without and with wrinkles, side by side.

With a window the pictures are rendered by a second, invisible Blender, so that this one stays usable.
Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from ...core.progress import Progress
from .. import current, face, preview, second_blender, threshold
from .task import JobOperator, expressive, free, in_object_mode

IMAGE_NAME = "Wrinkle Preview"


class WRINKLE_OT_preview(JobOperator, bpy.types.Operator):
    """Render the face at rest, with an expression, and with the expression and its wrinkles, side by side"""

    bl_idname = "wrinkle.preview"
    bl_label = "Render Preview"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    filepath: StringProperty(
        name="File",
        description="Where to keep the picture too; empty keeps it inside the .blend file only",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return expressive(cls, context) and in_object_mode(cls, context) and free(cls, context)

    def prepare(self, context: bpy.types.Context) -> Callable[[Progress], Any]:
        obj = current.face_object(context)
        threshold.settle(obj)
        wanted = context.scene.wrinkle_preview
        weights = face.key_values(obj) if wanted.pose == "CURRENT" else preview.telling_weights(obj)
        posed = [name for name, value in face.key_values(obj).items() if value > 0]
        plan = preview.plan_of(wanted.kind, weights, posed or preview.folding(obj), wanted.frames)
        engine, size = wanted.chosen_engine(), wanted.size
        name = "preview.png" if not plan.moving else "preview" if wanted.as_images else "preview.mp4"
        if self.options.is_invoke and second_blender.available():
            return second_blender.render_job(obj, plan, name, engine, size)

        def work(progress: Progress) -> Path:
            path = Path(tempfile.mkdtemp(prefix="wrinkle-")) / name
            return preview.render_plan(obj, path, plan, engine=engine, size=size, progress=progress)

        return work

    def done(self, context: bpy.types.Context, value: Path) -> str:
        if value.suffix != ".png":
            return _keep_movie(value, self.filepath)
        old = bpy.data.images.get(IMAGE_NAME)
        if old is not None:
            bpy.data.images.remove(old)
        image = bpy.data.images.load(str(value))
        image.name = IMAGE_NAME
        image.pack()
        image.filepath_raw = f"//{value.name}"
        image.preview_ensure()
        if self.filepath:
            shutil.copyfile(value, bpy.path.abspath(self.filepath))
        shutil.rmtree(value.parent)
        return f"The preview is the image {IMAGE_NAME!r}."


def _keep_movie(made: Path, filepath: str) -> str:
    """Move a movie, or a folder of images, to where the user wants it, else beside the .blend file."""
    beside = f"//wrinkle_{made.name}" if bpy.data.filepath else str(made)
    target = Path(bpy.path.abspath(filepath or beside))
    if target != made:
        if made.is_dir() and target.is_dir():
            shutil.rmtree(target)
        shutil.move(made, target)
        shutil.rmtree(made.parent)
    return f"The preview is {target}."


class WRINKLE_OT_show_preview(bpy.types.Operator):
    """Open the preview in a window of its own"""

    bl_idname = "wrinkle.show_preview"
    bl_label = "Show Preview"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if IMAGE_NAME not in bpy.data.images:
            cls.poll_message_set("Render a preview first.")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        bpy.ops.wm.window_new()
        area = context.window_manager.windows[-1].screen.areas[0]
        area.type = "IMAGE_EDITOR"
        area.spaces.active.image = bpy.data.images[IMAGE_NAME]
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((WRINKLE_OT_preview, WRINKLE_OT_show_preview))
