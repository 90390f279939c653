# SPDX-License-Identifier: GPL-3.0-or-later
"""Joint refinement of camera, shape and expression: the most probable face under the model's own priors.

Minimised by Gauss-Newton over all photos at once: the squared landmark errors in units of their noise, plus |shape|^2
(the model's prior), plus an expression term that is sparse and bounded, so that a neutral face stays neutral. The
noise is estimated from the errors themselves, so sharp landmarks are followed closely and poor ones loosely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .camera import POSE_SIZE, SPREAD_K, TYPICAL_K, Array, Camera
from .outline import outline_of
from .settings import FitSettings
from .submodel import SubModel

_NOISE, _LEAST_NOISE, _MOST_NOISE = 0.025, 0.003, 0.05  # of the distance of the outer eye corners
_DENSE_NOISE = 2.5  # the mesh points err together, so 150 of them count as some twenty
_ALONG = 4.0  # a jaw landmark slides along the outline: its noise along it, times this
_ROBUST = 3.0  # errors over this many noises count less (Cauchy)
_SWITCH, _EACH, _FLOOR = 4.0, 2.0, 0.05  # expression prior: cost of having any, of each, and where |x| turns round
_RANGE = 3.0  # the largest expression coefficient is this many standard deviations


@dataclass(frozen=True, eq=False)
class View:
    """What one photo contributes. marks: (68, 2) px, weight: (68,) 0..1, dense: (468, 2) px or None, eyes_px:
    distance of the outer eye corners, focal_px: when known."""

    marks: Array
    weight: Array
    dense: Array | None
    eyes_px: float
    focal_px: float | None


@dataclass(frozen=True, eq=False)
class State:
    """shape: (K,). expressions: (photos, E). cameras: one per photo. noise: of the landmarks, per photo."""

    shape: Array
    expressions: Array
    cameras: tuple[Camera, ...]
    noise: Array


@dataclass(frozen=True, eq=False)
class _Rows:
    """One photo's equations: derivative (n, D) and error (n,), in noises, D = pose + shape + expression."""

    derivative: Array
    error: Array


def refine(
    sub: SubModel, views: Sequence[View], state: State, bounds: tuple[float, float], settings: FitSettings
) -> State:
    """``state`` improved by ``settings.iterations`` steps."""
    state = replace(state, noise=np.full(len(views), _NOISE))
    for iteration in range(settings.iterations):
        rows = [_equations(sub, view, state, index) for index, view in enumerate(views)]
        expressive = settings.expressions and iteration >= 2
        sparse = iteration >= 5  # from here on: a term that starts from zero could never leave it
        state, freedom = _step(sub, views, rows, state, bounds, settings, expressive, sparse)
        if iteration >= 2:
            state = replace(state, noise=_noise(sub, views, state, freedom))
    return state


def coefficients_of(state: State, photo: int) -> Array:
    """(K + E,) of one photo."""
    return np.concatenate((state.shape, state.expressions[photo]))


def _equations(sub: SubModel, view: View, state: State, index: int) -> _Rows:
    camera = state.cameras[index]
    points = sub.points(coefficients_of(state, index))
    turned = camera.turned(points)
    projected = camera.project_turned(turned)
    outline = outline_of(sub, projected, view.marks, view.eyes_px)
    scale = view.eyes_px * state.noise[index]
    sets = [(sub.landmark_rows, view.marks[sub.landmark_ids], np.sqrt(view.weight[sub.landmark_ids]) / scale)]
    if view.dense is not None and len(sub.dense_ids):
        sets.append(
            (sub.dense_rows, view.dense[sub.dense_ids], np.full(len(sub.dense_ids), 1 / (scale * _DENSE_NOISE)))
        )
    rows = np.concatenate([s[0] for s in sets] + [outline.rows])
    target = np.concatenate([s[1] for s in sets] + [view.marks[outline.ids]])
    weight = np.concatenate([s[2] for s in sets] + [np.sqrt(view.weight[outline.ids]) / scale])
    by_point, by_pose = camera.derivatives(turned[rows])
    if view.focal_px is not None:
        by_pose[:, :, 5] += camera.k * by_pose[:, :, 6]  # k follows the scale: k = s / focal length
    by_coefficient = (by_point @ camera.rotation) @ sub.by_vertex[rows]
    derivative = np.concatenate((by_pose, by_coefficient), axis=2)
    error = target - projected[rows]
    first = len(rows) - len(outline.rows)
    across = outline.normals
    frame = np.stack((across, np.column_stack((-across[:, 1], across[:, 0])) / _ALONG), axis=1)
    derivative[first:] = frame @ derivative[first:]
    error[first:] = (frame @ error[first:, :, None])[:, :, 0]
    length = np.linalg.norm(error, axis=1) * weight
    weight = weight / np.sqrt(1.0 + (length / _ROBUST) ** 2)
    derivative *= weight[:, None, None]
    error *= weight[:, None]
    return _Rows(derivative.reshape(-1, derivative.shape[2]), error.reshape(-1))


def _step(
    sub: SubModel,
    views: Sequence[View],
    rows: Sequence[_Rows],
    state: State,
    bounds: tuple[float, float],
    settings: FitSettings,
    expressive: bool,
    sparse: bool,
) -> tuple[State, float]:
    """One Gauss-Newton step; also the effective number of parameters per photo."""
    shapes, expressions = sub.shapes, len(sub.basis) - sub.shapes
    own = POSE_SIZE + expressions
    size = shapes + own * len(views)
    normal, right, data = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    for index, row in enumerate(rows):
        places = _places(index, shapes, expressions)
        normal[np.ix_(places, places)] += row.derivative.T @ row.derivative
        right[places] += row.derivative.T @ row.error
    data[:] = np.diag(normal)
    _add_priors(normal, right, views, state, shapes, expressions, bounds[1] / _RANGE, settings, sparse)
    fixed = np.zeros(size, bool)
    for index, view in enumerate(views):
        start = shapes + index * own
        fixed[start + POSE_SIZE - 1] = view.focal_px is not None
        fixed[start + POSE_SIZE : start + own] = not expressive
    values = np.concatenate([state.shape] + [np.concatenate((np.zeros(POSE_SIZE), e)) for e in state.expressions])
    low, high = np.full(size, -np.inf), np.full(size, np.inf)
    low[:shapes], high[:shapes] = -4.0, 4.0
    for index in range(len(views)):
        place = slice(shapes + index * own + POSE_SIZE, shapes + (index + 1) * own)
        low[place], high[place] = bounds
    step = _bounded(normal, right, values, low, high, fixed)
    freedom = float(np.clip((data / np.diag(normal))[~fixed].sum(), 0.0, size)) / len(views)
    return _moved(state, views, step, shapes, expressions), freedom


def _places(index: int, shapes: int, expressions: int) -> npt.NDArray[np.intp]:
    """Where the columns of one photo's equations (pose, shape, expression) lie in the joint system."""
    start = shapes + index * (POSE_SIZE + expressions)
    pose = np.arange(start, start + POSE_SIZE)
    own = np.arange(start + POSE_SIZE, start + POSE_SIZE + expressions)
    return np.concatenate((pose, np.arange(shapes), own))


def _add_priors(
    normal: Array,
    right: Array,
    views: Sequence[View],
    state: State,
    shapes: int,
    expressions: int,
    unit: float,
    settings: FitSettings,
    sparse: bool,
) -> None:
    diagonal = np.einsum("ii->i", normal)
    diagonal[:shapes] += settings.shape_prior
    right[:shapes] -= settings.shape_prior * state.shape
    for index in range(len(views)):
        start = shapes + index * (POSE_SIZE + expressions)
        diagonal[start : start + POSE_SIZE] += 1e-9
        far = start + POSE_SIZE - 1
        diagonal[far] += SPREAD_K**-2
        right[far] += SPREAD_K**-2 * (TYPICAL_K - state.cameras[index].k)
        # The most probable face is smaller than the average probable one: with a smaller face at a larger scale every
        # deviation from the mean shape shrinks, and the prior rewards it. Integrating over the shape instead of
        # maximising adds log(scale) per determined parameter; |shape|^2 estimates their number (MacKay 1992).
        right[start + POSE_SIZE - 2] -= min(float(state.shape @ state.shape), shapes) / len(views)
        if expressions:
            values = state.expressions[index]
            weight = np.ones(expressions)
            if sparse:
                sizes = np.abs(values) / unit
                weight += _SWITCH / (np.linalg.norm(sizes) + _FLOOR) + _EACH / (sizes + _FLOOR)
            weight /= unit**2
            place = slice(start + POSE_SIZE, start + POSE_SIZE + expressions)
            diagonal[place] += settings.expression_prior * weight
            right[place] -= settings.expression_prior * weight * values


def _bounded(
    normal: Array, right: Array, values: Array, low: Array, high: Array, fixed: npt.NDArray[np.bool_]
) -> Array:
    """The step that solves ``normal step = right`` with values + step in bounds (active set, three rounds)."""
    step = np.zeros(len(right))
    held = fixed.copy()
    for _ in range(3):
        free = ~held
        rest = right[free] - normal[np.ix_(free, held)] @ step[held]
        step[free] = np.linalg.solve(normal[np.ix_(free, free)], rest)
        wanted = np.clip(values + step, low, high) - values
        outside = free & (np.abs(wanted - step) > 1e-9)
        step[outside] = wanted[outside]
        if not outside.any():
            break
        held |= outside
    return step


def _moved(state: State, views: Sequence[View], step: Array, shapes: int, expressions: int) -> State:
    cameras, values = [], []
    for index, view in enumerate(views):
        start = shapes + index * (POSE_SIZE + expressions)
        camera = state.cameras[index].moved(step[start : start + POSE_SIZE])
        if view.focal_px is not None:
            camera = replace(camera, k=min(camera.scale / view.focal_px, 1.0 / 150.0))
        cameras.append(camera)
        values.append(state.expressions[index] + step[start + POSE_SIZE : start + POSE_SIZE + expressions])
    return replace(state, shape=state.shape + step[:shapes], expressions=np.stack(values), cameras=tuple(cameras))


def _noise(sub: SubModel, views: Sequence[View], state: State, freedom: float) -> Array:
    """Standard deviation of the landmarks, of the distance of the outer eye corners, from the median error.

    The median length of a 2D Gaussian error is 1.18 standard deviations; what the parameters took up is given back.
    """
    rows, found = sub.landmark_rows, np.empty(len(views))
    for index, view in enumerate(views):
        projected = state.cameras[index].project(sub.points(coefficients_of(state, index))[rows])
        error = np.linalg.norm(projected - view.marks[sub.landmark_ids], axis=1) / view.eyes_px
        left = max(1.0 - min(freedom, len(rows)) / (2.0 * len(rows)), 0.25)
        found[index] = np.median(error) / 1.18 / np.sqrt(left)
    return np.clip(found, _LEAST_NOISE, _MOST_NOISE)
