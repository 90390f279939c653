# SPDX-License-Identifier: GPL-3.0-or-later
"""Lay a face model on one photo, or on several of the same person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import wrinkle_native

from ..errors import WrinkleError
from ..progress import Progress, report, silent
from ..types import FaceModel, Fit, Float, Landmarks, Photo
from .camera import Array, Camera
from .outline import outline_of
from .settings import FitSettings
from .solve import State, View, coefficients_of, refine
from .start import eos_start
from .submodel import SubModel, submodel_of
from .warp import warp_points

_DENSE_WARP_NOISE = 4.0
_OWN_AREA = 0.1  # of the distance of the outer eye corners: so near to a landmark, mesh points have nothing to add


def fit_face(
    model: FaceModel,
    photo: Photo,
    landmarks: Landmarks,
    settings: FitSettings = FitSettings(),  # noqa: B008 - immutable
    progress: Progress = silent,
) -> Fit:
    """The model laid on one photo; see :func:`fit_faces`."""
    return fit_faces(model, [photo], [landmarks], settings, progress)[0]


def fit_faces(
    model: FaceModel,
    photos: Sequence[Photo],
    landmarks: Sequence[Landmarks],
    settings: FitSettings = FitSettings(),  # noqa: B008 - immutable
    progress: Progress = silent,
) -> tuple[Fit, ...]:
    """One fit per photo; all share the shape of the face, each has its own camera and expression.

    Raises WrinkleError when the numbers of photos and landmarks differ, or landmarks do not form a face.
    """
    if len(photos) != len(landmarks) or not photos:
        raise WrinkleError(
            f"{len(photos)} photos were given with {len(landmarks)} sets of landmarks.", "Give one each."
        )
    report(progress, 0.0, "Fitting the face")
    sub = submodel_of(model)
    views = [_view(photo, marks, settings) for photo, marks in zip(photos, landmarks, strict=True)]
    starts = [_start(sub, photo, view) for photo, view in zip(photos, views, strict=True)]
    shape = np.mean([s[1] for s in starts], axis=0)
    count = len(model.expression_basis)
    state = State(shape, np.zeros((len(views), count)), tuple(s[0] for s in starts), np.zeros(len(views)))
    state = refine(sub, views, state, model.expression_bounds, settings)
    fits = []
    neutral = _moved(model.mean, model.shape_basis, state.shape)
    for index, view in enumerate(views):
        report(progress, 0.3 + 0.7 * index / len(views), f"Laying the face on {photos[index].name}")
        fits.append(_finish(model, photos[index], sub, view, state, index, neutral, settings))
    report(progress, 1.0, "Fitting the face")
    return tuple(fits)


def _view(photo: Photo, landmarks: Landmarks, settings: FitSettings) -> View:
    marks = np.asarray(landmarks.points, np.float64)
    if marks.shape != (68, 2) or not np.isfinite(marks).all():
        raise WrinkleError(f"The landmarks of {photo.name} are not 68 points.", "Give a .pts file with 68 points.")
    eyes_px = float(np.linalg.norm(marks[45] - marks[36]))
    if eyes_px < 4.0 or np.linalg.svd(marks - marks.mean(axis=0), compute_uv=False)[1] < eyes_px * 0.5:
        raise WrinkleError(f"The landmarks of {photo.name} do not form a face.", "Check the landmark file.")
    dense = landmarks.dense
    use_dense = settings.dense and dense is not None and len(dense) == 468 and bool(np.isfinite(dense).all())
    return View(
        marks=marks,
        weight=np.clip(np.asarray(landmarks.confidence, np.float64), 0.02, 1.0),
        dense=np.asarray(dense, np.float64)[:, :2] if use_dense and dense is not None else None,
        eyes_px=eyes_px,
        focal_px=settings.focal_px or photo.focal_px,
    )


def _start(sub: SubModel, photo: Photo, view: View) -> tuple[Camera, Array]:
    height, width = photo.pixels.shape[:2]
    middle = np.array([(width - 1) / 2.0, (height - 1) / 2.0])
    return eos_start(sub, view.marks, (width, height), middle)


def _moved(points: Float, basis: Float, weights: Array) -> Float:
    """(V, 3) ``points`` moved by a basis (K, V, 3) times its weights (K,)."""
    flat = weights.astype(np.float32) @ basis.reshape(len(weights), points.size)
    return np.asarray(points + flat.reshape(-1, 3), np.float32)


def _finish(
    model: FaceModel,
    photo: Photo,
    sub: SubModel,
    view: View,
    state: State,
    index: int,
    neutral: Float,
    settings: FitSettings,
) -> Fit:
    expression, camera = state.expressions[index], state.cameras[index]
    vertices = _moved(neutral, model.expression_basis, expression) if expression.any() else neutral
    turned = camera.turned(vertices)
    projected = camera.project_turned(turned)
    at, marks, noise, ids = _pairs(sub, view, coefficients_of(state, index), camera)
    edge = at[len(at) - len(ids) :]
    before = _error(projected, model, sub, view, edge, ids)
    warped, moved_edge = projected, edge
    if settings.warp:
        moved = warp_points(np.concatenate((projected, edge)), at, marks - at, noise, view.eyes_px)
        warped, moved_edge = moved[: len(projected)], moved[len(projected) :]
    after = _error(warped, model, sub, view, moved_edge, ids)
    return Fit(
        vertices=vertices,
        neutral=neutral,
        image_points=warped.astype(np.float32),
        depth=turned[:, 2].astype(np.float32),
        visible=_visible(warped, turned[:, 2], model, photo),
        rotation=camera.rotation.astype(np.float32),
        px_per_mm=camera.scale,
        shape_coefficients=state.shape.astype(np.float32),
        expression_coefficients=expression.astype(np.float32),
        reprojection=(before, after),
        warnings=_warnings(before),
    )


def _visible(points: Array, depth: Array, model: FaceModel, photo: Photo) -> npt.NDArray[np.bool_]:
    """(V,) bool: inside the photo, facing the viewer and hidden by nothing."""
    height, width = photo.pixels.shape[:2]
    flat, near = np.ascontiguousarray(points, np.float32), np.ascontiguousarray(depth, np.float32)
    triangles = np.ascontiguousarray(model.triangles)
    return np.asarray(wrinkle_native.vertex_visibility(flat, near, triangles, width, height), np.bool_)


def _pairs(
    sub: SubModel, view: View, coefficients: Array, camera: Camera
) -> tuple[Array, Array, Array, npt.NDArray[np.intp]]:
    """Projected points, where they belong, their noise, and the jaw landmarks' ids (these come last).

    Of a jaw landmark only the error across the outline counts: along it the landmark slides.
    """
    projected = camera.project(sub.points(coefficients))
    outline = outline_of(sub, projected, view.marks, view.eyes_px)
    marks = projected[sub.landmark_rows]
    at, to = [marks], [view.marks[sub.landmark_ids]]
    noise = [1.0 / np.sqrt(view.weight[sub.landmark_ids])]
    if view.dense is not None and len(sub.dense_ids):
        points = projected[sub.dense_rows]
        alone = np.linalg.norm(points[:, None] - marks[None], axis=2).min(axis=1) > _OWN_AREA * view.eyes_px
        at.append(points[alone])
        to.append(view.dense[sub.dense_ids[alone]])
        noise.append(np.full(int(alone.sum()), _DENSE_WARP_NOISE))
    edge = projected[outline.rows]
    across = ((view.marks[outline.ids] - edge) * outline.normals).sum(axis=1, keepdims=True)
    at.append(edge)
    to.append(edge + across * outline.normals)
    noise.append(1.5 / np.sqrt(view.weight[outline.ids]))
    return np.concatenate(at), np.concatenate(to), np.concatenate(noise), outline.ids


def _error(points: Array, model: FaceModel, sub: SubModel, view: View, edge: Array, ids: npt.NDArray[np.intp]) -> float:
    """Median distance of the landmarks, the jaw's included, from where the model has them, in % of the eye distance."""
    known = sub.landmark_ids
    own = np.linalg.norm(points[model.landmarks[known]] - view.marks[known], axis=1)
    normals = np.linalg.norm(edge - view.marks[ids], axis=1)
    return float(100.0 * np.median(np.concatenate((own, normals))) / view.eyes_px)


def _warnings(before: float) -> tuple[str, ...]:
    if before <= 6.0:
        return ()
    return (f"The face model fits the landmarks poorly (median error {before:.1f} % of the eye distance).",)
