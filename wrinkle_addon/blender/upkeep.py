# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps faces whole when files are opened and when Blender copies them: older settings are migrated, copies get a
material of their own."""

from __future__ import annotations

import bpy

from . import drivers, face, ids, mask, material, migrate


def keep(obj: bpy.types.Object) -> None:
    """Bring ``obj`` up to date; nothing happens when it is no face or belongs to another file."""
    if face.is_face(obj) and obj.is_editable and obj.data.is_editable:
        migrate.migrate(obj.wrinkle)
        own_material(obj)


def own_material(obj: bpy.types.Object) -> None:
    """Make the wrinkles of a copy follow the copy's own expressions.

    Blender duplicates the mesh but shares the material, whose drivers read the expressions of the original.
    """
    keys = obj.data.shape_keys
    if keys is None:
        return
    for index, skin in enumerate(obj.data.materials):
        node = material.group_node(skin)
        other = None if node is None else drivers.source_of(skin.node_tree)
        if other is None or other == keys:
            continue
        if skin.users - skin.use_fake_user > 1:
            skin = skin.copy()
            obj.data.materials[index] = skin
        drivers.retarget(skin.node_tree, other, keys)


def purge() -> None:
    """Remove what was made for faces that are no longer there; Blender itself would do so one level a save."""
    for blocks in (bpy.data.materials, bpy.data.node_groups, bpy.data.images):
        for block in list(blocks):
            if ids.FACE_MARK in block and block.users == 0:
                blocks.remove(block)


@bpy.app.handlers.persistent
def _after_loading(*_: object) -> None:
    for scene in bpy.data.scenes:
        if scene.is_editable:
            migrate.migrate(scene.wrinkle)
    for obj in bpy.data.objects:
        keep(obj)
    purge()


@bpy.app.handlers.persistent
def _before_saving(*_: object) -> None:
    mask.keep_painted()


@bpy.app.handlers.persistent
def _after_change(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    for update in depsgraph.updates:
        if isinstance(update.id, bpy.types.Object) and ids.FACE_MARK in update.id:
            keep(update.id.original)


def register() -> None:
    bpy.app.handlers.load_post.append(_after_loading)
    bpy.app.handlers.save_pre.append(_before_saving)
    bpy.app.handlers.depsgraph_update_post.append(_after_change)


def unregister() -> None:
    bpy.app.handlers.depsgraph_update_post.remove(_after_change)
    bpy.app.handlers.save_pre.remove(_before_saving)
    bpy.app.handlers.load_post.remove(_after_loading)
