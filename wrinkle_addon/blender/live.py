# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a face that need no new reconstruction: they go straight into its material and mesh."""

from __future__ import annotations

import bpy

from ..core.activation import Response
from . import displacement, drivers, face, ids, material, mesh
from .drivers import Drive


def apply_all(owner: bpy.types.ID) -> None:
    """Bring material and mesh of a face in line with its settings."""
    apply_strength(owner)
    apply_displacement(owner)
    apply_regions(owner)
    apply_drives(owner)


def apply_strength(owner: bpy.types.ID) -> None:
    """Depth and share at rest. ``owner`` holds the settings; nothing happens when it is not a face."""
    if not face.is_face(_object(owner)):
        return
    settings = owner.wrinkle
    made_with = float(owner.data.get(face.COFF, settings.dis2normal_coff))
    for skin in owner.data.materials:
        node = material.group_node(skin)
        if node is not None:
            # The slope is proportional to both, so the map need not be computed again.
            node.inputs[ids.STRENGTH].default_value = settings.strength * settings.dis2normal_coff / made_with
            node.inputs[ids.PERMANENT].default_value = settings.permanent


def apply_displacement(owner: bpy.types.ID) -> None:
    """Shading or true displacement."""
    if face.is_face(_object(owner)):
        displacement.show(owner, bpy.context.scene, owner.wrinkle.displacement)


def apply_regions(owner: bpy.types.ID) -> None:
    """Strength per region."""
    if face.is_face(_object(owner)):
        responses = {
            region.name: Response(region.strength * region.enabled, region.onset, region.power)
            for region in owner.wrinkle.regions
        }
        mesh.set_region_response(owner, responses)


def apply_drives(owner: bpy.types.ID) -> None:
    """Drivers of the expressions. A rig's property that is still being typed is skipped."""
    if not face.is_face(_object(owner)):
        return
    chosen = drives_of(owner)
    for skin in owner.data.materials:
        node = material.group_node(skin)
        if node is not None:
            drivers.drive_group(node, owner.data.shape_keys, chosen)


def drives_of(owner: bpy.types.Object) -> dict[str, Drive]:
    """How each expression with settings of its own is driven; a source that leads nowhere is left out."""
    chosen = {}
    for entry in owner.wrinkle.drives:
        source = (entry.source, entry.data_path) if entry.source and entry.data_path else None
        if source is not None and not drivers.leads_to_number(*source):
            source = None
        response = Response(entry.strength, entry.onset, entry.power)
        chosen[entry.name] = Drive(response, source, entry.full if source and entry.full else 1.0)
    return chosen


def _object(owner: bpy.types.ID) -> bpy.types.Object | None:
    return owner if isinstance(owner, bpy.types.Object) else None
