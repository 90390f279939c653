# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws landmarks and the fitted face over a photo in the Image Editor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ..core.types import Float
from . import current, ids, photo_properties, wireframe

if TYPE_CHECKING:
    from .photo_properties import WRINKLE_PG_photo
    from .properties import WRINKLE_PG_face

Colour = tuple[float, float, float, float]
_RIM: Colour = (0.0, 0.0, 0.0, 0.8)
_MOVED: Colour = (1.0, 1.0, 1.0, 1.0)
_UNSURE: Colour = (1.0, 0.15, 0.1, 1.0)
_WIRE: Colour = (0.35, 0.9, 1.0, 0.22)
_RADIUS = 4.0
_CORNERS = 12
_handle: object | None = None


@dataclass(frozen=True)
class Group:
    """Landmarks that belong together: a half-open range, whether its line is closed, and its colour."""

    start: int
    end: int
    closed: bool
    colour: Colour

    def lines(self) -> list[tuple[int, int]]:
        """Pairs of neighbouring points."""
        row = list(range(self.start, self.end))
        return list(zip(row, row[1:] + row[:1] if self.closed else row[1:], strict=False))


GROUPS = (
    Group(0, 17, False, (0.95, 0.85, 0.3, 1.0)),
    Group(17, 22, False, (0.75, 0.55, 1.0, 1.0)),
    Group(22, 27, False, (0.75, 0.55, 1.0, 1.0)),
    Group(27, 31, False, (1.0, 0.65, 0.3, 1.0)),
    Group(31, 36, False, (1.0, 0.65, 0.3, 1.0)),
    Group(36, 42, True, (0.35, 0.75, 1.0, 1.0)),
    Group(42, 48, True, (0.35, 0.75, 1.0, 1.0)),
    Group(48, 60, True, (1.0, 0.45, 0.6, 1.0)),
    Group(60, 68, True, (1.0, 0.45, 0.6, 1.0)),
)
"""Jaw, brows, bridge and base of the nose, eyes, lips outside and inside."""


@dataclass(frozen=True)
class Shown:
    """The photo that an Image Editor shows. key, settings: its face. index: its place in the list."""

    key: str
    settings: WRINKLE_PG_face
    index: int

    @property
    def photo(self) -> WRINKLE_PG_photo:
        return self.settings.photos[self.index]


def shown_photo(context: bpy.types.Context) -> Shown | None:
    """The photo of the active face in this Image Editor, once its landmarks are known."""
    space = context.space_data
    image = space.image if isinstance(space, bpy.types.SpaceImageEditor) else None
    if image is None or ids.PHOTO_FILE not in image:
        return None
    settings = current.face_settings(context)
    for index, photo in enumerate(settings.photos):
        if str(photo.file) == image[ids.PHOTO_FILE] and photo.points:
            return Shown(current.job_key(context), settings, index)
    return None


def to_region(region: bpy.types.Region, size: tuple[int, int]) -> tuple[Float, Float]:
    """Scale and offset, (2,) each, from photo pixels (centres at integers, y down) to pixels of the region."""
    (left, bottom), (right, top) = (
        region.view2d.region_to_view(0, 0),
        region.view2d.region_to_view(region.width, region.height),
    )
    per_view = np.array([region.width / (right - left), region.height / (top - bottom)])
    scale = per_view / np.array(size) * (1, -1)
    zero = (np.array([0.5 / size[0], 1 - 0.5 / size[1]]) - (left, bottom)) * per_view
    return scale.astype(np.float32), zero.astype(np.float32)


def discs(centres: Float, radius: float) -> Float:
    """(N * 3 * corners, 3) the triangles of a disc around each of ``centres`` (N, 2)."""
    turn = np.linspace(0, 2 * np.pi, _CORNERS + 1)
    rim = np.column_stack([np.cos(turn), np.sin(turn)]) * radius
    fan = np.stack([np.zeros((_CORNERS, 2)), rim[:-1], rim[1:]], axis=1).reshape(-1, 2)
    flat = (centres[:, None] + fan[None]).reshape(-1, 2)
    return np.column_stack([flat, np.zeros(len(flat))]).astype(np.float32)


def _draw() -> None:
    context = bpy.context
    shown = shown_photo(context)
    if shown is None:
        return
    import gpu

    wanted = context.scene.wrinkle_overlay
    scale, offset = to_region(context.region, tuple(context.space_data.image.size))
    gpu.state.blend_set("ALPHA")
    if wanted.wireframe:
        _draw_wires(shown, scale, offset)
    if wanted.points:
        _draw_points(shown.photo, scale, offset, context.preferences.system.ui_scale)
    gpu.state.blend_set("NONE")


def _draw_wires(shown: Shown, scale: Float, offset: Float) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    wires = wireframe.wires_of(shown.key, shown.settings)
    if wires is None or shown.index >= len(wires.points):
        return
    flat = wires.points[shown.index] * scale + offset
    places = np.column_stack([flat, np.zeros(len(flat))]).astype(np.float32)
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    batch = batch_for_shader(shader, "LINES", {"pos": places}, indices=wires.edges[shown.index])
    shader.uniform_float("color", _WIRE)
    batch.draw(shader)


def _draw_points(photo: WRINKLE_PG_photo, scale: Float, offset: Float, ui_scale: float) -> None:
    places = photo.places() * scale + offset
    moved, unsure = photo.moved, photo.confidence() < photo_properties.UNSURE
    colours = np.empty((len(places), 4), np.float32)
    for group in GROUPS:
        colours[group.start : group.end] = group.colour
        ends = np.array(group.lines()).ravel()
        _draw_flat("LINES", places[ends], np.tile(group.colour, (len(ends), 1)) * (1, 1, 1, 0.6))
    rims = np.tile(np.float32(_RIM), (len(places), 1))
    rims[moved] = _MOVED
    rims[unsure & ~moved] = _UNSURE
    thick = np.where(moved | unsure, 2.5, 1.5)
    for index in (moved | unsure, ~(moved | unsure)):
        if index.any():
            radius = (_RADIUS + float(thick[index][0])) * ui_scale
            _draw_flat("TRIS", discs(places[index], radius), np.repeat(rims[index], 3 * _CORNERS, axis=0))
    _draw_flat("TRIS", discs(places, _RADIUS * ui_scale), np.repeat(colours, 3 * _CORNERS, axis=0))


def _draw_flat(kind: str, places: Float, colours: Float) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    if places.shape[1] == 2:
        places = np.column_stack([places, np.zeros(len(places))])
    shader = gpu.shader.from_builtin("FLAT_COLOR")
    content = {"pos": places.astype(np.float32), "color": colours.astype(np.float32)}
    batch_for_shader(shader, kind, content).draw(shader)


def register() -> None:
    global _handle
    _handle = bpy.types.SpaceImageEditor.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    global _handle
    if _handle is not None:
        bpy.types.SpaceImageEditor.draw_handler_remove(_handle, "WINDOW")
        _handle = None
    wireframe.clear()
