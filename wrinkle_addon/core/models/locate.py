# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmarks of a model whose topology is unknown: the built-in face is laid on it and says where they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import WrinkleError
from ..progress import Progress, report, silent
from ..types import Float, Int
from . import builtin
from .correspond import EYEBALL, MOUTH_INSIDE, lay
from .geometry import Array, Nearest, similarity, spread_sample, vertex_normals, warp_to
from .raw import RawModel

# Names in the Basel Face Model's metadata/landmarks/json, and the iBUG points (from 0) that they mean.
_NAMED = {
    "center.nose.tip": 30,
    "right.eye.corner_outer": 36,
    "right.eye.corner_inner": 39,
    "left.eye.corner_inner": 42,
    "left.eye.corner_outer": 45,
    "right.lips.corner": 48,
    "left.lips.corner": 54,
    "center.chin.tip": 8,
}
_SAMPLE, _ROUNDS = 700, 40
_FRONT_MM = 95.0  # around the nose: what any face model has
_SCALES = (0.85, 1.0, 1.18)
_GOOD_MM = 2.5  # median distance of the rigidly laid face from a face


def locate(raw: RawModel, named: Mapping[str, Float], progress: Progress = silent) -> None:
    """Set the landmarks and contours of ``raw`` from its geometry.

    named: positions (3,) mm that the file names. Raises WrinkleError when the geometry is no upright face in
    millimetres.
    """
    report(progress, 0.0, "Looking for the face in the model")
    placed, scale = _placed(raw, named)
    face = builtin.load_builtin()
    laid = lay(placed, raw.mean, raw.triangles, scale, progress=progress)
    points = laid[face.landmarks]
    for index, point in ((_NAMED[name], point) for name, point in named.items() if name in _NAMED):
        points[index] = point
    used = np.unique(raw.triangles)
    tree = Nearest(raw.mean[used])
    found, distance = tree.query(points)
    landmarks = np.where(distance[:, 0] < 6.0 * scale, used[found[:, 0]], -1)
    raw.landmarks = landmarks.astype(np.int32)
    raw.right_contour = _contour(tree, used, laid[face.right_contour], scale)
    raw.left_contour = _contour(tree, used, laid[face.left_contour], scale)
    if (landmarks[17:60] < 0).any():
        raise _no_face(raw.name)


def _contour(tree: Nearest, used: Int, points: Array, scale: float) -> Int:
    found, distance = tree.query(points)
    return np.asarray(np.unique(used[found[distance[:, 0] < 6.0 * scale, 0]]), np.int32)


def _no_face(name: str) -> WrinkleError:
    return WrinkleError(
        f"No face was found in the geometry of {name}.",
        "The model must be a face in millimetres, +Y up and +Z forward.",
    )


def _placed(raw: RawModel, named: Mapping[str, Float]) -> tuple[Array, float]:
    """The built-in face's vertices moved, turned and scaled onto the model, and the scale."""
    face = builtin.load_builtin()
    mean = face.mean.astype(np.float64)
    known = [(face.landmarks[_NAMED[name]], point) for name, point in named.items() if name in _NAMED]
    tries = []
    if len(known) >= 3:
        source, target = mean[[k for k, _ in known]], np.asarray([p for _, p in known], np.float64)
        tries.append(_settle(raw, *similarity(source, target)))
    else:
        tip = _nose_tip(raw)
        for scale in _SCALES:
            tries.append(_settle(raw, scale, np.eye(3), tip - scale * mean[face.landmarks[30]]))
    error, scale, rotation, offset = min(tries, key=lambda t: t[0])
    if error > _GOOD_MM * scale:
        raise _no_face(raw.name)
    placed = scale * mean @ rotation.T + offset
    if known:
        source = placed[[k for k, _ in known]]
        placed = warp_to(source, target - source, 1.0)(placed) if len(known) >= 4 else placed
    return placed, scale


def _nose_tip(raw: RawModel) -> Array:
    """The foremost point of the middle of the mesh."""
    low, high = raw.mean.min(axis=0), raw.mean.max(axis=0)
    place = (raw.mean - low) / np.maximum(high - low, 1e-9)
    middle = np.flatnonzero((np.abs(place[:, 0] - 0.5) < 0.15) & (np.abs(place[:, 1] - 0.45) < 0.3))
    if len(middle) == 0:
        raise _no_face(raw.name)
    return np.asarray(raw.mean[middle[raw.mean[middle, 2].argmax()]], np.float64)


def _settle(raw: RawModel, scale: float, rotation: Array, offset: Array) -> tuple[float, float, Array, Array]:
    """Iterative closest points with scale from a first guess; the median distance in mm, and the similarity."""
    face = builtin.load_builtin()
    kinds = builtin.parts()
    near = np.linalg.norm(face.mean - face.mean[face.landmarks[30]], axis=1) < _FRONT_MM
    skin = np.flatnonzero(near & (kinds < MOUTH_INSIDE) & (kinds != EYEBALL))
    sample = skin[spread_sample(face.mean[skin].astype(np.float64), _SAMPLE)]
    points, own = face.mean[sample].astype(np.float64), vertex_normals(face.mean, face.triangles)[sample]
    normals, tree = vertex_normals(raw.mean, raw.triangles), Nearest(raw.mean)
    error = np.inf
    for _ in range(_ROUNDS):
        laid = scale * points @ rotation.T + offset
        found, distance = tree.query(laid)
        nearest, distance = found[:, 0], distance[:, 0]
        agree = ((own @ rotation.T) * normals[nearest]).sum(axis=1) > 0.4
        agree &= distance < max(3.0 * float(np.median(distance)), 1.0)
        if agree.sum() < 0.3 * len(sample):
            return np.inf, scale, rotation, offset
        error = float(np.median(distance[agree]) / agree.mean())
        # to the tangent plane: it lets the face slide into place
        gap = ((raw.mean[nearest] - laid) * normals[nearest]).sum(axis=1, keepdims=True) * normals[nearest]
        step, turn, shift = _similarity_step(laid[agree], gap[agree], normals[nearest[agree]])
        scale, rotation, offset = scale * step, turn @ rotation, step * turn @ offset + shift
    return error, scale, rotation, offset


def _similarity_step(points: Array, gap: Array, normals: Array) -> tuple[float, Array, Array]:
    """Small scale, rotation and shift that reduce the gaps along the normals most (linearised least squares)."""
    centre = points.mean(axis=0)
    arm = points - centre
    system = np.column_stack((np.cross(arm, normals), normals, (arm * normals).sum(axis=1)))
    wanted = (gap * normals).sum(axis=1)
    damping = np.diag([1.0] * 3 + [1e-3] * 3 + [50.0])
    x = np.linalg.solve(system.T @ system + damping, system.T @ wanted)
    u, _, vt = np.linalg.svd(np.eye(3) + np.array([[0, -x[2], x[1]], [x[2], 0, -x[0]], [-x[1], x[0], 0]]))
    turn, scale = u @ vt, 1.0 + float(np.clip(x[6], -0.1, 0.1))
    return scale, turn, centre + x[3:6] - scale * turn @ centre
