# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmarks that a person has moved: the other side, the face mesh and another photo follow them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Float, Landmarks
from .ibug import to_ibug

_FURTHEST = 0.15
"""Of the distance of the outer eye corners: a mesh that lies further off than this lies on something else."""
_RIGHT_EYE, _LEFT_EYE = 36, 45

Mask = npt.NDArray[np.bool_]


def partners() -> npt.NDArray[np.intp]:
    """(68,) the iBUG point on the other side of the face; a point of the middle is its own partner."""
    pairs = [(index, 16 - index) for index in range(8)]
    pairs += [(17 + index, 26 - index) for index in range(5)]
    pairs += [(31, 35), (32, 34), (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    pairs += [(48, 54), (49, 53), (50, 52), (59, 55), (58, 56), (60, 64), (61, 63), (67, 65)]
    order = np.arange(68)
    for right, left in pairs:
        order[right], order[left] = left, right
    return order


def mirrored(points: Float, found: Float, moved: Mask) -> tuple[Float, Mask]:
    """Move the partners of the ``moved`` points as far as those were moved, in mirror image.

    points, found: (68, 2) px, as they are and as they were found. moved: (68,) bool. The mirror is the affine map that
    takes the points found best to their partners, so that it holds for a turned head too. Where both of a pair were
    moved, neither changes. Returns points and mask.
    """
    other = partners()
    wanted = moved[other] & ~moved
    ones = np.column_stack([found, np.ones(len(found))]).astype(np.float64)
    flip = np.linalg.lstsq(ones, found[other].astype(np.float64), rcond=None)[0][:2]
    result = points.copy()
    result[wanted] += ((points - found)[other][wanted] @ flip).astype(np.float32)
    return result, moved | wanted


def edits_onto(source: Float, found: Float, target: Float, moved: Mask) -> Float:
    """Make in another photo the edits made in this one.

    source, found: (68, 2) px in this photo, as edited and as they were found. target: (68, 2) px in the other photo.
    The shifts are scaled and turned with the line between the eyes. Returns ``target`` with its ``moved`` points
    shifted.
    """
    here, there = (_complex(points[_LEFT_EYE] - points[_RIGHT_EYE]) for points in (found, target))
    turn = there / here if abs(here) > 0 else 1.0
    shift = (source - found)[moved]
    turned = (shift[:, 0] + 1j * shift[:, 1]) * turn
    result = target.copy()
    result[moved] += np.stack([turned.real, turned.imag], axis=1).astype(np.float32)
    return result


def edited(points: Float, confidence: Float, dense: Float | None) -> Landmarks:
    """Landmarks as a person left them.

    points: (68, 2) px; confidence: (68,). dense: (468, 3), the face mesh as it was found, or None. Its points go along
    with the landmarks near them; a mesh that lies far off is left out.
    """
    if dense is None:
        return Landmarks(points, confidence)
    from ..fit.warp import warp_points

    found = to_ibug(dense).astype(np.float64)
    moves = points - found
    eyes_px = float(np.linalg.norm(points[_LEFT_EYE] - points[_RIGHT_EYE]))
    if np.linalg.norm(moves, axis=1).max() > _FURTHEST * eyes_px:
        return Landmarks(points, confidence)
    flat = warp_points(dense[:, :2].astype(np.float64), found, moves, np.ones(68), eyes_px)
    return Landmarks(points, confidence, np.column_stack([flat, dense[:, 2]]).astype(np.float32))


def _complex(vector: Float) -> complex:
    return complex(float(vector[0]), float(vector[1]))
