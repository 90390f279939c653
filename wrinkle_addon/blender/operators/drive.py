# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators of step 4: trying expressions, handing the wrinkles to another mesh."""

from __future__ import annotations

import bpy

from .. import current, displacement, drivers, face, ids, live, material, preview
from .task import expressive, on_face


class WRINKLE_OT_rest(bpy.types.Operator):
    """Bring the face back to rest: every expression to 0"""

    bl_idname = "wrinkle.rest"
    bl_label = "Rest"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return expressive(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        _pose(current.face_object(context), {})
        return {"FINISHED"}


class WRINKLE_OT_try_expression(bpy.types.Operator):
    """Set the expression that wakes most of this face's wrinkles, to see the wrinkle map at work"""

    bl_idname = "wrinkle.try_expression"
    bl_label = "Try an Expression"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return expressive(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = current.face_object(context)
        weights = preview.telling_weights(obj)
        _pose(obj, weights)
        obj.active_shape_key_index = obj.data.shape_keys.key_blocks.find(next(iter(weights)))  # the list shows it
        self.report({"INFO"}, f"{' and '.join(weights)} at full weight.")
        return {"FINISHED"}


class WRINKLE_OT_copy_to_mesh(bpy.types.Operator):
    """Give the face's wrinkles to the other selected mesh. It needs the same UV and shape keys of the same names"""

    bl_idname = "wrinkle.copy_to_mesh"
    bl_label = "Copy Wrinkles to Mesh"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not expressive(cls, context):
            return False
        if _other_mesh(context) is None:
            cls.poll_message_set("Select another mesh with the same shape keys and UV too (Shift + click).")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        source, target = current.face_object(context), _other_mesh(context)
        if ids.UV_LAYER not in target.data.uv_layers:
            self.report({"ERROR"}, f"{target.name} has no UV map named {ids.UV_LAYER!r}. Rename its UV map so.")
            return {"CANCELLED"}
        count = face.copy_material(source, target, live.drives_of(source))
        if displacement.shown(source):
            displacement.show(target, context.scene, True)
        self.report({"INFO"}, f"{target.name} drives {count} expressions.")
        return {"FINISHED"}


class WRINKLE_OT_customize_drive(bpy.types.Operator):
    """Let the chosen expression drive the wrinkles in its own way: strength, onset, power, or another source"""

    bl_idname = "wrinkle.customize_drive"
    bl_label = "Customize"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return on_face(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = current.face_object(context)
        key = obj.active_shape_key
        if key is None or key.name == ids.BASIS:
            self.report({"ERROR"}, "No expression is chosen. Click one in the list.")
            return {"CANCELLED"}
        if key.name in obj.wrinkle.drives:
            obj.wrinkle.drives.remove(obj.wrinkle.drives.find(key.name))
        else:
            obj.wrinkle.drives.add().name = key.name
        live.apply_drives(obj)
        return {"FINISHED"}


class WRINKLE_OT_bake_drivers(bpy.types.Operator):
    """Write what drives the wrinkles as keyframes over the scene's frames, for render farms and other programs"""

    bl_idname = "wrinkle.bake_drivers"
    bl_label = "Bake to Keyframes"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return on_face(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        node = material.group_node(current.face_object(context).active_material)
        if node is None:
            self.report({"ERROR"}, "The face has lost its wrinkle material. Reconstruct it again.")
            return {"CANCELLED"}
        count = drivers.bake(node, scene, scene.frame_start, scene.frame_end)
        self.report({"INFO"}, f"{count} expressions have keyframes from {scene.frame_start} to {scene.frame_end}.")
        return {"FINISHED"}


class WRINKLE_OT_drive_again(bpy.types.Operator):
    """Remove baked keyframes and let the expressions drive the wrinkles again"""

    bl_idname = "wrinkle.drive_again"
    bl_label = "Drive Again"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return on_face(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = current.face_object(context)
        node = material.group_node(obj.active_material)
        if node is not None:
            drivers.unbake(node)
        live.apply_drives(obj)
        return {"FINISHED"}


def _other_mesh(context: bpy.types.Context) -> bpy.types.Object | None:
    """The selected mesh with shape keys that is not the active one."""
    active = context.view_layer.objects.active
    for obj in context.view_layer.objects:
        if obj != active and obj.select_get() and obj.type == "MESH" and obj.data.shape_keys is not None:
            return obj
    return None


def _pose(obj: bpy.types.Object, weights: dict[str, float]) -> None:
    for key in obj.data.shape_keys.key_blocks:
        key.value = weights.get(key.name, 0.0)


register, unregister = bpy.utils.register_classes_factory(
    (
        WRINKLE_OT_rest,
        WRINKLE_OT_try_expression,
        WRINKLE_OT_copy_to_mesh,
        WRINKLE_OT_customize_drive,
        WRINKLE_OT_bake_drivers,
        WRINKLE_OT_drive_again,
    )
)
