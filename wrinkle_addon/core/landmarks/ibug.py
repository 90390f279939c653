# SPDX-License-Identifier: GPL-3.0-or-later
"""From the 468 points of the face mesh to the 68 points of the iBUG convention.

Each point within the face is a convex combination of mesh points. The usual tables name the nearest mesh point; the
combinations here also match where annotators set a point *along and across* its feature. That was taken from the
mean iBUG shape printed in OpenFace (CMU, Apache-2.0, ``align_dlib.py``), each feature in its own frame so that the
proportions of one average face do not enter, laid over MediaPipe's canonical face model (Apache-2.0):

- Brows: the mesh has an upper and a lower row. iBUG's outer three points follow the upper edge; the inner two come
  down to the middle of the brow's inner end and stand further inwards than the upper row does. In photos the hair's
  upper edge lies a quarter of the rows' distance below the upper row.
- Nose: the bridge's four points are evenly spaced from the eyes' height to the tip; the outer points of the base lie
  under the wings, further out than the nostril's edge.
- Eyes: iBUG's points divide the lids nearly into thirds (0.31 and 0.68 of the way from the outer corner above, 0.29
  and 0.67 below; the mesh's at 0.25, 0.61, 0.32, 0.70), on the lashes' edge of the lid. The mesh's outer corner lies
  where the lids' skin meets, annotators' where the eye ends, a sixteenth of the eye's width further in.
- Lips: the points beside the corners lie a little nearer to them than the mesh points of the usual tables. The red
  of the lower lip reaches an eighth of the way to the mesh's next row below (11 % of the eyes' distance high in the
  mean shape, 9 % in the mesh).

The jaw is another matter: see ``jaw.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..types import Float
from .jaw import Line, equal_arcs, jaw_points
from .mesh import POINTS, mirror_order

Weights = Mapping[int, float]

_BROW: tuple[Weights, ...] = (
    {70: 0.85, 156: 0.15},
    {63: 0.65, 53: 0.25, 70: 0.1},
    {105: 0.55, 66: 0.2, 52: 0.25},
    {66: 0.4, 65: 0.43, 107: 0.17},
    {55: 0.9, 107: 0.1},
)
_BRIDGE = (168, 6, 197, 195, 5, 4, 1)
_BRIDGE_TOP, _BRIDGE_TIP = 0.5, 0.35  # parts of the first and of the last piece of the bridge
_NOSE_WING: Weights = {98: 0.5, 240: 0.5}
_NOSTRIL: Weights = {97: 0.85, 98: 0.15}
_NOSE_BASE: Weights = {2: 1.0}
_EYE: tuple[Weights, ...] = (
    {33: 0.94, 133: 0.06},
    {160: 0.5, 159: 0.4, 29: 0.1},
    {158: 0.55, 157: 0.3, 28: 0.15},
    {133: 1.0},
    {153: 0.85, 22: 0.1, 145: 0.05},
    {144: 0.92, 24: 0.08},
)
_UPPER_LIP: tuple[Weights, ...] = ({61: 1.0}, {39: 0.85, 40: 0.15}, {37: 1.0})
_LOWER_LIP: tuple[Weights, ...] = ({181: 0.65, 91: 0.22, 182: 0.13}, {84: 0.87, 83: 0.13})
_LOWER_LIP_MIDDLE: Weights = {17: 0.87, 18: 0.13}
_UPPER_LIP_INSIDE: tuple[Weights, ...] = ({78: 1.0}, {82: 0.85, 81: 0.15})
_LOWER_LIP_INSIDE: Weights = {87: 0.9, 178: 0.1}
_MIRROR = mirror_order()


def to_ibug(points: Float) -> Float:
    """points: (468, 2 or 3) of the face mesh, photo pixels. Returns (68, 2) float32 in iBUG order, same frame."""
    flat = points[:, :2].astype(np.float64)
    ibug = np.empty((68, 2))
    ibug[:17] = jaw_points(flat)
    ibug[17:] = _INNER @ flat
    ibug[27:31] = _bridge(flat)
    return ibug.astype(np.float32)


def average_of(values: Float) -> Float:
    """What a quantity given per mesh point is at the iBUG points. values: (468,). Returns (68,)."""
    jaw = [127, 234, 93, 132, 58, 136, 150, 176, 152]
    outline = np.concatenate([values[jaw], values[_MIRROR[jaw[-2::-1]]]])
    average: Float = np.concatenate([outline, _INNER @ values]).astype(np.float32)
    return average


def _inner_matrix() -> Line:
    """(51, 468) weights of iBUG points 18 to 68; the bridge's rows serve :func:`average_of` only."""
    bridge: list[Weights] = [{index: 1.0} for index in (6, 197, 5, 4)]
    right_to_left = [
        *_BROW,
        *_mirrored(_BROW)[::-1],
        *bridge,
        _NOSE_WING,
        _NOSTRIL,
        _NOSE_BASE,
        *_mirrored((_NOSTRIL, _NOSE_WING)),
        *_EYE,
        *(_mirrored(_EYE)[index] for index in (3, 2, 1, 0, 5, 4)),
        *_UPPER_LIP,
        {0: 1.0},
        *_mirrored(_UPPER_LIP)[::-1],
        *_mirrored(_LOWER_LIP),
        _LOWER_LIP_MIDDLE,
        *_LOWER_LIP[::-1],
        *_UPPER_LIP_INSIDE,
        {13: 1.0},
        *_mirrored(_UPPER_LIP_INSIDE)[::-1],
        *_mirrored((_LOWER_LIP_INSIDE,)),
        {14: 1.0},
        _LOWER_LIP_INSIDE,
    ]
    matrix = np.zeros((len(right_to_left), POINTS))
    for row, weights in zip(matrix, right_to_left, strict=True):
        for index, weight in weights.items():
            row[index] = weight
    return matrix


def _mirrored(rows: tuple[Weights, ...]) -> list[Weights]:
    return [{int(_MIRROR[index]): weight for index, weight in row.items()} for row in rows]


def _bridge(points: Line) -> Line:
    """Four points at equal arcs along the nose's ridge, root to tip: (4, 2)."""
    ridge = points[list(_BRIDGE)].copy()
    ridge[0] += _BRIDGE_TOP * (ridge[1] - ridge[0])
    ridge[-1] = ridge[-2] + _BRIDGE_TIP * (ridge[-1] - ridge[-2])
    return equal_arcs(ridge, 4)


_INNER = _inner_matrix()
