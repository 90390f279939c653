# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a model's brow landmarks lie where annotators put them.

Skin tells little about where the brow's hair grows, so tables made on a mesh can be far off: ICT-FaceKit's follow a row
of vertices that runs up to 9 mm above the inner end of the brow. A photo's brow would be drawn up there, and the face
look worried. On the average face of a model the brows must lie as on the average annotated face.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Float, Int
from .geometry import vertex_normals

# Right brow, outer end to inner, in the mean iBUG shape printed in OpenFace (CMU, Apache-2.0, ``align_dlib.py``): x
# outwards and y up from the middle of the outer eye corners, in parts of their distance; mean of both sides.
_MEAN = np.array([(0.667, 0.158), (0.565, 0.240), (0.427, 0.261), (0.283, 0.239), (0.148, 0.180)])
_FAR = 0.065  # of the distance of the outer eye corners: more than the models differ that follow the convention
_NEAR = 0.02
_RIGHT_EYE, _LEFT_EYE, _BROWS = 36, 45, slice(17, 27)


def settled_brows(mean: Float, triangles: Int, landmarks: Int) -> Int:
    """``landmarks`` (68,) with brows that are unknown, or far from where they belong, replaced.

    mean: (V, 3) mm of an upright face. triangles: (T, 3).
    """
    if min(landmarks[_RIGHT_EYE], landmarks[_LEFT_EYE]) < 0:
        return landmarks
    right, left = (mean[landmarks[eye], :2].astype(np.float64) for eye in (_RIGHT_EYE, _LEFT_EYE))
    width = float(np.linalg.norm(left - right))
    x = (left - right) / width
    outwards = np.concatenate((-_MEAN[:, 0], _MEAN[::-1, 0]))[:, None]
    up = np.concatenate((_MEAN[:, 1], _MEAN[::-1, 1]))[:, None]
    goals = (right + left) / 2 + width * (outwards * x + up * np.array([-x[1], x[0]]))
    own = landmarks[_BROWS]
    away = np.linalg.norm(mean[np.maximum(own, 0), :2] - goals, axis=1)
    if (own >= 0).all() and away.max() < _FAR * width:
        return landmarks
    settled = landmarks.copy()
    settled[_BROWS] = _foremost(mean, triangles, goals, _NEAR * width)
    return settled


def _foremost(mean: Float, triangles: Int, places: npt.NDArray[np.float64], reach: float) -> Int:
    """(N,) vertices nearest to (N, 2) places as seen from the front, none that lies behind another sheet of skin."""
    front = np.flatnonzero(vertex_normals(mean, triangles)[:, 2] > 0.2)
    away = np.linalg.norm(mean[front, :2][None] - places[:, None], axis=2)
    foremost = np.where(away < reach, mean[front, 2], -np.inf).max(axis=1, keepdims=True)
    hidden = mean[front, 2] < foremost - 3 * reach
    return np.asarray(front[np.where(hidden, np.inf, away).argmin(axis=1)], np.int32)
