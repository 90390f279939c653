# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator behind the big button: from the photos to a face, or a face made anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...core.errors import WrinkleError
from ...core.progress import Progress, part
from ...core.types import FaceModel, Fit, Reconstruction
from .. import current, face, jobs, live, mask, runners
from ..runners import Kept
from ..skin import Skin, paint
from .task import JobOperator, free, in_object_mode

if TYPE_CHECKING:
    from ..photo_properties import WRINKLE_PG_photo
    from ..properties import WRINKLE_PG_face

_PAINTING = 0.8
"""Share of the work that is done when painting the skin begins."""
_CLEAR_EXPRESSION = 0.35
"""Weight from which an expression in a photo is worth a name."""


class WRINKLE_OT_reconstruct(JobOperator, bpy.types.Operator):
    """Find the face in the photos, fit the model, find the wrinkles and build the face. Esc cancels"""

    bl_idname = "wrinkle.reconstruct"
    bl_label = "Reconstruct"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender's convention

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not current.face_settings(context).photos:
            cls.poll_message_set("Add a photo in step 1 first.")
            return False
        return in_object_mode(cls, context) and free(cls, context)

    def prepare(self, context: bpy.types.Context) -> Callable[[Progress], tuple[Reconstruction, Skin, Kept]]:
        settings = current.face_settings(context)
        paths = current.photo_paths(settings)
        given = current.given_landmarks(settings)
        shows = {
            index: tuple(name.strip() for name in photo.shows.split(",") if name.strip())
            for index, photo in enumerate(settings.photos)
            if photo.shows.strip()
        }
        masks = {
            index: mask.pixels(photo.mask) for index, photo in enumerate(settings.photos) if photo.mask is not None
        }
        regions = {index: sorted(photo.regions) for index, photo in enumerate(settings.photos) if photo.regions}
        settings.note_masks()
        chosen = current.core_settings(settings)
        key = current.job_key(context)
        self._recipe = settings.recipe()
        self._coff = settings.dis2normal_coff
        self._target = key if current.face_object(context) else ""
        self._scene = current.key_of(context.scene)
        self._photos = [_choices(photo) for photo in settings.photos]
        runner = runners.runner_for(key)

        # The thread must not hold the operator: Blender may free it when another file is opened.
        def work(progress: Progress) -> tuple[Reconstruction, Skin, Kept]:
            result = runner.reconstruct(
                paths,
                chosen,
                landmarks=given,
                masks=masks,
                regions=regions,
                shows=shows,
                progress=part(progress, 0.0, _PAINTING),
            )
            return result, paint(result, part(progress, _PAINTING, 1.0)), Kept(runner, chosen, paths)

        return work

    def done(self, context: bpy.types.Context, value: tuple[Reconstruction, Skin, Kept]) -> str:
        result, skin, kept = value
        scene = current.find_block(self._scene)
        replace = current.find_object(self._target) if self._target else None
        if self._target and replace is None:
            raise WrinkleError("The face was removed meanwhile.", "Its new result was thrown away.")
        if scene is None:
            raise WrinkleError("The scene was removed meanwhile.", "The face for it was thrown away.")
        name = Path(result.photos[0].name).stem if replace is None else replace.name
        obj = face.build_face(
            result, name, skin=skin, replace=replace, collection=_collection(context, scene), dis2normal_coff=self._coff
        )
        if replace is None:
            obj.wrinkle.copy_from(scene.wrinkle)
            scene.wrinkle.photos.clear()
            self._bring_back_photos(obj.wrinkle)
        if result.permanent is not None:
            obj.wrinkle.permanent = 0.0
        _note(obj, result)
        obj.wrinkle.made_with = self._recipe
        live.apply_all(obj)
        context.view_layer.update()
        if obj.name in context.view_layer.objects:  # not when another scene is shown by now
            _select(context, obj)
            if replace is None:
                _look_at_selected(context)
        runners.keep(current.key_of(obj), kept)
        seconds = sum(result.seconds.values())
        return f"{obj.name} is ready after {seconds:.1f} s. " + " ".join(result.warnings)

    def _bring_back_photos(self, settings: WRINKLE_PG_face) -> None:
        """An undo while the work ran may have taken the photos off the list that the face was made from."""
        if [_choices(photo) for photo in settings.photos] == self._photos:
            return
        settings.photos.clear()
        for path, landmarks, shows, regions, painted in self._photos:
            photo = settings.add_photo(Path(path))
            photo.path, photo.landmarks, photo.shows, photo.regions = path, landmarks, shows, regions
            photo.mask = bpy.data.images.get(painted)


class WRINKLE_OT_cancel(bpy.types.Operator):
    """Stop the work on this face; the file stays as it was"""

    bl_idname = "wrinkle.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if jobs.job_of(current.job_key(context)) is None:
            cls.poll_message_set("Nothing is being worked on.")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        job = jobs.job_of(current.job_key(context))
        if job is not None:
            job.cancel()
        return {"FINISHED"}


def _choices(photo: WRINKLE_PG_photo) -> tuple[str, str, str, set[str], str]:
    """What the user chose for a photo; names, because an undo breaks references."""
    painted = "" if photo.mask is None else photo.mask.name
    return photo.path, photo.landmarks, photo.shows, set(photo.regions), painted


def _collection(context: bpy.types.Context, scene: bpy.types.Scene) -> bpy.types.Collection:
    """Where a new face goes: the active collection, unless another scene is shown by now."""
    return context.collection if context.scene == scene and context.collection else scene.collection


def _note(obj: bpy.types.Object, result: Reconstruction) -> None:
    """Write what the run found into the face's settings."""
    from ...core.regions import REGIONS

    settings = obj.wrinkle
    for photo, fit, marks in zip(settings.photos, result.fits, result.landmarks, strict=False):
        photo.remember(marks)
        photo.status = f"Fitted; landmarks within {fit.reprojection[0]:.1f} % of the eye distance"
        photo.expression = _expression(result.model, fit)
    settings.messages = "\n".join(result.warnings)
    for name in REGIONS:
        if name in result.model.regions and name not in settings.regions:
            settings.regions.add().name = name


def _expression(model: FaceModel, fit: Fit) -> str:
    """The strongest of the named expressions that the face wears in a photo, or what it is without one."""
    names, weights = model.expression_names, fit.expression_coefficients
    named = {name: weight for name, weight in zip(names, weights, strict=True) if name in model.arkit.names}
    if not named:
        return ""
    strongest = max(named, key=lambda name: named[name])
    return strongest if named[strongest] > _CLEAR_EXPRESSION else "neutral"


def _select(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    for other in context.view_layer.objects:
        other.select_set(False)
    obj.select_set(True)
    context.view_layer.objects.active = obj


def _look_at_selected(context: bpy.types.Context) -> None:
    """Show the new face from the front in the 3D views: at 20 cm it is hard to find in the default view."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            region = next((region for region in area.regions if region.type == "WINDOW"), None)
            if area.type == "VIEW_3D" and region is not None:
                with context.temp_override(window=window, area=area, region=region):
                    bpy.ops.view3d.view_axis(type="FRONT")
                    bpy.ops.view3d.view_selected()


_register, _unregister = bpy.utils.register_classes_factory((WRINKLE_OT_reconstruct, WRINKLE_OT_cancel))


def register() -> None:
    _register()


def unregister() -> None:
    runners.clear()
    _unregister()
