# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that paint masks with Blender's own Texture Paint.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

import bpy
from bpy.props import BoolProperty

from .. import current, ids, mask, material
from .task import free, on_face

_PAINTING = "PAINT_TEXTURE"


class WRINKLE_OT_paint_mask(bpy.types.Operator):
    """Paint where wrinkles show, or which skin the chosen photo gives: black hides, white shows, X swaps the colors"""

    bl_idname = "wrinkle.paint_mask"
    bl_label = "Paint Mask"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    of_photo: BoolProperty(
        name="Of the Photo",
        description="Paint the mask of the photo that is chosen in the list instead of the one of the face",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return on_face(cls, context) and free(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = current.face_object(context)
        if self.of_photo:
            image = _photo_mask(obj)
        else:
            node = material.group_node(obj.active_material)
            if node is None or ids.MASK not in node.inputs:
                self.report({"ERROR"}, "The face's material is gone or too old for masks. Reconstruct it again.")
                return {"CANCELLED"}
            image = _face_mask(obj)
        obj.data.uv_layers.active = obj.data.uv_layers.get(ids.UV_LAYER) or obj.data.uv_layers.active
        paint = context.scene.tool_settings.image_paint
        paint.mode, paint.canvas = "IMAGE", image
        bpy.ops.object.mode_set(mode="TEXTURE_PAINT")
        self.report({"INFO"}, "Paint black where no wrinkle is wanted, white where it is. X swaps the colors.")
        return {"FINISHED"}


class WRINKLE_OT_finish_mask(bpy.types.Operator):
    """Leave Texture Paint and keep what was painted inside the .blend file"""

    bl_idname = "wrinkle.finish_mask"
    bl_label = "Finish Mask"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != _PAINTING:
            cls.poll_message_set("Press Paint Mask first.")
            return False
        return on_face(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        bpy.ops.object.mode_set(mode="OBJECT")
        mask.keep_painted()
        current.face_object(context).wrinkle.note_masks()
        return {"FINISHED"}


class WRINKLE_OT_remove_mask(bpy.types.Operator):
    """Take the mask away, so that all wrinkles show"""

    bl_idname = "wrinkle.remove_mask"
    bl_label = "Remove Mask"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not (on_face(cls, context) and free(cls, context)):
            return False
        if mask.mask_of(current.face_object(context)) is None:
            cls.poll_message_set("The face has no mask.")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj, paint = current.face_object(context), context.scene.tool_settings.image_paint
        if paint.canvas == mask.mask_of(obj):
            paint.canvas = None
        mask.detach(obj)
        return {"FINISHED"}


def _face_mask(obj: bpy.types.Object) -> bpy.types.Image:
    """The mask of the face, made or made its own when a duplicate of the face shares it."""
    image = mask.mask_of(obj)
    if image is None:
        image = mask.new_mask(f"{obj.name} Mask")
    elif mask.shared(image, obj):
        image = image.copy()
    mask.attach(obj, image)
    return image


def _photo_mask(obj: bpy.types.Object) -> bpy.types.Image:
    photo = obj.wrinkle.photos[min(obj.wrinkle.active_photo, len(obj.wrinkle.photos) - 1)]
    if photo.mask is None:
        photo.mask = mask.new_mask(f"{photo.name} Mask")
    return photo.mask


register, unregister = bpy.utils.register_classes_factory(
    (WRINKLE_OT_paint_mask, WRINKLE_OT_finish_mask, WRINKLE_OT_remove_mask)
)
