# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator behind the big button: from the photos to a face, or a face made anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Vector

from ...core.errors import WrinkleError
from ...core.progress import Progress
from ...core.types import FaceModel, Fit, Reconstruction
from .. import current, face, jobs, live, runners, threshold
from ..request import Made, request_of
from .task import JobOperator, free, in_object_mode

if TYPE_CHECKING:
    from ..photo_properties import WRINKLE_PG_photo
    from ..properties import WRINKLE_PG_face

_SOLID = {"MESH", "CURVE", "SURFACE", "META", "FONT"}
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

    def prepare(self, context: bpy.types.Context) -> Callable[[Progress], Made]:
        settings = current.face_settings(context)
        request = request_of(settings)
        settings.note_masks()
        key = current.job_key(context)
        self._recipe = settings.recipe()
        self._coff = settings.dis2normal_coff
        self._target = key if current.face_object(context) else ""
        self._scene = current.key_of(context.scene)
        self._photos = [_choices(photo) for photo in settings.photos]
        # The thread must not hold the operator: Blender may free it when another file is opened. It asks for the runner
        # itself, because what is imported for the first one takes a while.
        return lambda progress: request.run(runners.runner_for(key), progress)

    def done(self, context: bpy.types.Context, value: Made) -> str:
        result = value.result
        scene = current.find_block(self._scene)
        replace = current.find_object(self._target) if self._target else None
        if self._target and replace is None:
            raise WrinkleError("The face was removed meanwhile.", "Its new result was thrown away.")
        if scene is None:
            raise WrinkleError("The scene was removed meanwhile.", "The face for it was thrown away.")
        name = Path(result.photos[0].name).stem if replace is None else replace.name
        obj = face.build_face(
            result,
            name,
            skin=value.skin,
            replace=replace,
            collection=_collection(context, scene),
            dis2normal_coff=self._coff,
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
                _stand_free(context, obj)
                _show(context)
        runners.keep(current.key_of(obj), value.kept)
        threshold.note_made(obj, value.kept.settings.wrinkles.dog_thres)
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


def _stand_free(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Put a new face where the 3D cursor is, or beside what stands there: inside Blender's default cube it is lost."""
    obj.location = context.scene.cursor.location
    context.view_layer.update()
    others = [
        _bounds(other)
        for other in context.view_layer.objects
        if other != obj and other.type in _SOLID and other.visible_get()
    ]
    for _ in others:
        low, high = _bounds(obj)
        hit = [box for box in others if (box[0] < high).all() and (box[1] > low).all()]
        if not hit:
            return
        width = high[0] - low[0]
        obj.location.x += float(max(box[1][0] for box in hit) - low[0] + width)
        context.view_layer.update()


def _bounds(obj: bpy.types.Object) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Lowest and highest corner of the box around ``obj`` in the world, (3,) each."""
    corners = np.array([obj.matrix_world @ Vector(corner) for corner in obj.bound_box])
    return corners.min(axis=0), corners.max(axis=0)


def _show(context: bpy.types.Context) -> None:
    """Show the new face from the front, in the view where the button was pressed or else the largest one: at 20 cm it
    is hard to find in Blender's default view."""
    views = [
        (window, area)
        for window in context.window_manager.windows
        for area in window.screen.areas
        if area.type == "VIEW_3D"
    ]
    if not views:
        return
    window, area = max(views, key=lambda view: (view[1] == context.area, view[1].width * view[1].height))
    region = next(region for region in area.regions if region.type == "WINDOW")
    with context.temp_override(window=window, area=area, region=region):
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    # Grey tells nothing of a face. What shows wrinkles compiles shaders for a while, so that is the user's choice.
    area.spaces.active.shading.color_type = "TEXTURE"


_register, _unregister = bpy.utils.register_classes_factory((WRINKLE_OT_reconstruct, WRINKLE_OT_cancel))


def register() -> None:
    _register()


def unregister() -> None:
    runners.clear()
    _unregister()
