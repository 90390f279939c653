# SPDX-License-Identifier: GPL-3.0-or-later
"""Which face the sidebar and the operators are about, and what its settings mean to the core."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.errors import WrinkleError
from . import face, migrate, preferences

if TYPE_CHECKING:
    from ..core.settings import Settings
    from ..core.types import Landmarks
    from .properties import WRINKLE_PG_face


def face_object(context: bpy.types.Context) -> bpy.types.Object | None:
    """The active object when it is a face."""
    obj = context.view_layer.objects.active if context.view_layer else None
    return obj if face.is_face(obj) else None


def face_settings(context: bpy.types.Context) -> WRINKLE_PG_face:
    """The active face's settings, else those of the next new face."""
    obj = face_object(context)
    return context.scene.wrinkle if obj is None else obj.wrinkle


def why_locked(context: bpy.types.Context) -> str:
    """One sentence on why the active face, or the next new one, cannot be changed; empty when it can."""
    obj, settings = face_object(context), face_settings(context)
    if migrate.is_newer(settings):
        return "A newer version of the add-on made this face. Update the add-on; the face is left as it is."
    blocks = [context.scene] if obj is None else [obj, obj.data]
    if not all(block.is_editable for block in blocks):
        return "This face is linked from another file. Make it local to change it (Object > Relations > Make Local)."
    return ""


def key_of(block: bpy.types.ID) -> str:
    """What names a face, or a scene's next new face, for this session, whatever the user calls it meanwhile."""
    return f"{block.bl_rna.identifier} {getattr(block, 'session_uid', block.name)}"


def job_key(context: bpy.types.Context) -> str:
    """The key of the active face's job, else of the next new face's."""
    return key_of(face_object(context) or context.scene)


def find_object(key: str) -> bpy.types.Object | None:
    """The face that ``key`` names, if it still exists."""
    return next((obj for obj in bpy.data.objects if key_of(obj) == key), None)


def find_block(key: str) -> bpy.types.ID | None:
    """The face, or the scene with a next new face, that ``key`` names, if it still exists."""
    return find_object(key) or next((scene for scene in bpy.data.scenes if key_of(scene) == key), None)


def photo_paths(settings: WRINKLE_PG_face) -> list[Path]:
    """The photos as absolute paths. Raises WrinkleError when there is none, or one is gone."""
    if not settings.photos:
        raise WrinkleError("There is no photo yet.", "Add one in step 1.")
    paths = [photo.file for photo in settings.photos]
    for path in paths:
        if not path.is_file():
            raise WrinkleError(f"The photo {str(path)!r} does not exist.", "Remove it from the list or put it back.")
    return paths


def given_landmarks(settings: WRINKLE_PG_face) -> dict[int, Landmarks]:
    """The landmarks that are not to be found but taken as they are, by the photo's place in the list."""
    given = ((index, photo.given()) for index, photo in enumerate(settings.photos))
    return {index: marks for index, marks in given if marks is not None}


def model_source(settings: WRINKLE_PG_face) -> str:
    """What to load as the face model. Raises WrinkleError when a file is wanted and none is named."""
    if settings.model == "BUILTIN":
        return "builtin"
    path = settings.model_path or preferences.model_path()
    if not path:
        raise WrinkleError("No model file is chosen.", "Choose one in step 2, or use the built-in face.")
    return bpy.path.abspath(path)


def core_settings(settings: WRINKLE_PG_face) -> Settings:
    """The settings of a reconstruction."""
    from ..core.settings import Settings
    from ..core.wrinkles import WrinkleSettings

    return Settings(
        model=model_source(settings),
        uv=Path(bpy.path.abspath(settings.uv_path)) if settings.model == "FILE" and settings.uv_path else None,
        size=int(settings.size),
        dis2normal_coff=settings.dis2normal_coff,
        wrinkles=WrinkleSettings(dog_thres=settings.dog_thres, mode=settings.detector),
        cache=preferences.cache_folder(),
    )
