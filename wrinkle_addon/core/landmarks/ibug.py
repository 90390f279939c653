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
- Lips: the points beside the corners lie a little nearer to them than the mesh points of the usual tables. The red
  of the lower lip reaches an eighth of the way to the mesh's next row below (11 % of the eyes' distance high in the
  mean shape, 9 % in the mesh).
- Jaw: 17 points divide the visible outline from the eyes' height to the chin into eight equal arcs on either side
  (in the mean shape the arcs of a side differ by under 5 %). The lowest mesh point of the chin lies above the
  outline, by about 4 % of its distance to the lower lip; beside the ears the mesh's edge lies on them, about 2.5 % of
  the eyes' distance outside the line that annotators draw. On a turned head the outline of the far side is the
  cheek's silhouette, not fixed points of the skin.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from ..types import Float
from .mesh import POINTS, mirror_order

Weights = Mapping[int, float]
Line = npt.NDArray[np.float64]
"""(N, 2) photo pixels."""

_CHIN, _FOREHEAD = 152, 10
_CHIN_DROP = 0.04
_MOST_HIDDEN = 0.08
_EAR_MARGIN = 0.025
_EAR_FADE = np.clip((6 - np.arange(9)) / 3, 0, 1)  # whole for the upper four points of a side, none from the seventh on
_RIGHT_EYE, _LEFT_EYE = 33, 263
_LOWER_LIP_EDGE = 17
_JAW_START: Weights = {127: 0.9, 162: 0.1}
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
_EYE: tuple[Weights, ...] = ({33: 1.0}, {160: 1.0}, {158: 1.0}, {133: 1.0}, {153: 1.0}, {144: 1.0})
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
    ibug[:17] = _jaw(flat)
    ibug[17:] = _INNER @ flat
    ibug[27:31] = _bridge(flat)
    return ibug.astype(np.float32)


def average_of(values: Float) -> Float:
    """What a quantity given per mesh point is at the iBUG points. values: (468,). Returns (68,)."""
    jaw = [127, 234, 93, 132, 58, 136, 150, 176, _CHIN]
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
    return _equal_arcs(ridge, 4)


def _jaw(points: Line) -> Line:
    """17 points along the visible outline, right to left: (17, 2).

    The mesh ends in front of the ears, so that the convex hull of its projection is the outline of a face seen from
    the front as well as the far cheek's silhouette of a turned one. Where the far start is hidden behind the
    silhouette, the outline only begins to be that of the cheek, and annotators begin to mark it, lower down: by
    about as much as the start lies inside.
    """
    hull = cv2.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)
    top = int(np.argmin(((hull - points[_FOREHEAD]) ** 2).sum(1)))
    loop = np.vstack([hull[top:], hull[: top + 1]])
    chin = _nearest(loop, points[_CHIN])[0]
    across = points[_LEFT_EYE] - points[_RIGHT_EYE]
    reach = _MOST_HIDDEN * float(np.linalg.norm(points[_CHIN] - points[_FOREHEAD]))
    margin = _EAR_MARGIN * float(np.linalg.norm(across))
    halves = []
    for start, inwards in ((_JAW_START, across), (_mirrored((_JAW_START,))[0], -across)):
        wanted = np.array(list(start.values())) @ points[list(start)]
        place, inside = _nearest(loop, wanted)
        lower = min(inside, reach)
        place += lower if place < chin else -lower
        half = _equal_arcs(_stretch(loop, place, chin), 9)
        hidden = min(1.0, inside / (2 * margin)) if margin else 1.0
        halves.append(half + (_EAR_MARGIN * (1 - hidden) * _EAR_FADE)[:, None] * inwards)
    jaw = np.vstack([halves[0], halves[1][-2::-1]])
    down = points[_CHIN] - points[_LOWER_LIP_EDGE]
    depth = np.clip((jaw - points[_LOWER_LIP_EDGE]) @ down / max(float(down @ down), 1e-9), 0, 1)
    lowered: Line = jaw + _CHIN_DROP * depth[:, None] * down
    return lowered


def _nearest(line: Line, point: Line) -> tuple[float, float]:
    """Arc length to the point of a polyline nearest to ``point``, and the distance between them."""
    steps = np.diff(line, axis=0)
    lengths = np.maximum(np.linalg.norm(steps, axis=1), 1e-9)
    along = np.clip(((point - line[:-1]) * steps).sum(1) / lengths**2, 0, 1)
    distances = np.linalg.norm(line[:-1] + along[:, None] * steps - point, axis=1)
    best = int(np.argmin(distances))
    return float(lengths[:best].sum() + along[best] * lengths[best]), float(distances[best])


def _stretch(line: Line, start: float, end: float) -> Line:
    """The piece of a polyline between two arc lengths, in the order given."""
    arcs = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    low, high = sorted((start, end))
    places = np.concatenate([[low], arcs[(arcs > low) & (arcs < high)], [high]])
    piece = np.stack([np.interp(places, arcs, line[:, axis]) for axis in (0, 1)], 1)
    return piece if start <= end else piece[::-1]


def _equal_arcs(line: Line, count: int) -> Line:
    """``count`` points at equal arc lengths along a polyline, ends included."""
    arcs = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    places = np.linspace(0.0, arcs[-1], count)
    return np.stack([np.interp(places, arcs, line[:, axis]) for axis in (0, 1)], 1)


_INNER = _inner_matrix()
