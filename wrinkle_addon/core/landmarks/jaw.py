# SPDX-License-Identifier: GPL-3.0-or-later
"""The 17 jaw points of the iBUG convention on the face mesh.

In the mean iBUG shape (printed in OpenFace, CMU, Apache-2.0, ``align_dlib.py``) they divide the outline from the eyes'
height to the chin into eight equal arcs on either side, to within 5 %; so they do in photos of turned heads, where the
far side of the outline is the cheek's silhouette and not made of fixed points of the skin. (Points fixed to the skin,
with arcs that are equal as seen from the front of the face, were tried for the near side of a turned head: 8.2 % off
the jaw that a human marked in the one such photo at hand, against 6.2 %.)
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from .mesh import mirror_order

Line = npt.NDArray[np.float64]
"""(N, 2) photo pixels."""

_START, _ABOVE, _ABOVE_SHARE = 127, 162, 0.1  # the eyes' height on the edge of the mesh
_CHIN, _FOREHEAD, _LOWER_LIP = 152, 10, 17
_NOSE_ROOT, _CHIN_FRONT = 168, 199
_RIGHT_EYE, _LEFT_EYE = 33, 263
_CHIN_DROP = 0.04  # in photos the outline lies below the mesh's chin by this part of its distance to the lower lip
_EAR_MARGIN = 0.025  # the mesh's edge lies on the ears, outside the annotators' line by this part of the eyes' distance
_EAR_FADE = np.clip((6 - np.arange(9)) / 3, 0, 1)  # whole for a side's upper four points, none from the seventh on
_MOST_HIDDEN = 0.08  # of the face's height
_PER_SIDE = 9
# The nose and the lips stand out from a face in half profile, but are no part of its outline; right half and middle.
# fmt: off
_NOSE = (
    1, 2, 3, 4, 5, 19, 20, 44, 45, 48, 49, 51, 59, 60, 64, 75, 79, 94, 97, 98, 99, 102, 115, 125, 131, 134, 141,
    166, 174, 195, 197, 198, 218, 219, 220, 235, 236, 237, 238, 239, 240, 241, 242, 248,
)
_LIPS = (
    0, 11, 12, 13, 14, 15, 16, 17, 37, 38, 39, 40, 41, 42, 61, 62, 72, 73, 74, 76, 77, 78, 80, 81, 82, 84, 85, 86,
    87, 88, 89, 90, 91, 95, 96, 146, 178, 179, 180, 181, 183, 184, 185, 191,
)
# fmt: on
_STANDING_OUT = np.array([*_NOSE, *_LIPS])


def jaw_points(flat: Line) -> Line:
    """(17, 2) from the subject's right to left. flat: (468, 2) points of the face mesh in photo pixels."""
    across = flat[_LEFT_EYE] - flat[_RIGHT_EYE]
    margin = max(_EAR_MARGIN * float(np.linalg.norm(across)), 1e-9)
    outline = _outline(flat)
    chin = _chin(flat, outline)
    mirror = mirror_order()
    halves = []
    for start, above, inwards in ((_START, _ABOVE, across), (mirror[_START], mirror[_ABOVE], -across)):
        half, inside = _half(flat, outline, (1 - _ABOVE_SHARE) * flat[start] + _ABOVE_SHARE * flat[above], chin)
        hidden = min(1.0, inside / (2 * margin))
        halves.append(half + (_EAR_MARGIN * (1 - hidden) * _EAR_FADE)[:, None] * inwards)
    jaw = np.vstack([halves[0], halves[1][-2::-1]])
    down = flat[_CHIN] - flat[_LOWER_LIP]
    depth = np.clip((jaw - flat[_LOWER_LIP]) @ down / max(float(down @ down), 1e-9), 0, 1)
    lowered: Line = jaw + _CHIN_DROP * depth[:, None] * down
    return lowered


def _half(flat: Line, outline: Line, start: Line, chin: float) -> tuple[Line, float]:
    """Nine points along the outline from near ``start`` to the chin, and how far ``start`` lies inside the outline.

    Where the start is hidden behind the silhouette, the outline only begins to be that of the cheek, and annotators
    begin to mark it, lower down: by about as much as the start lies inside.
    """
    place, inside = _nearest(outline, start)
    down = 1 if place < chin else -1
    lower = min(inside, _MOST_HIDDEN * float(np.linalg.norm(flat[_CHIN] - flat[_FOREHEAD])))
    gone = down * (chin - _nearest(outline, flat[_CHIN])[0])  # how much further the chin lies from this side
    return equal_arcs(_stretch(outline, place + down * (lower + max(gone, 0.0)), chin), _PER_SIDE), inside


def _chin(flat: Line, outline: Line) -> float:
    """Arc length to where the face's middle line meets the outline."""
    root, down = flat[_NOSE_ROOT], flat[_CHIN_FRONT] - flat[_NOSE_ROOT]
    away = outline - root
    beside, along = away @ [-down[1], down[0]], away @ down
    crossing = np.flatnonzero((beside[:-1] * beside[1:] <= 0) & (along[:-1] > 0))
    if len(crossing) == 0:
        return _nearest(outline, flat[_CHIN])[0]
    k = int(crossing[along[crossing].argmax()])
    share = beside[k] / (beside[k] - beside[k + 1]) if beside[k] != beside[k + 1] else 0.0
    arcs = _arcs(outline)
    return float(arcs[k] + share * (arcs[k + 1] - arcs[k]))


def _outline(flat: Line) -> Line:
    """The convex hull of the projected mesh, nose and lips left out, as a closed polyline that starts at the forehead.

    The mesh ends in front of the ears, so that this is the outline of a face seen from the front as well as the far
    cheek's silhouette of a turned one.
    """
    rest = np.delete(flat, [*_STANDING_OUT, *mirror_order()[_STANDING_OUT]], axis=0)
    hull = cv2.convexHull(rest.astype(np.float32))[:, 0].astype(np.float64)
    top = int(np.argmin(((hull - flat[_FOREHEAD]) ** 2).sum(1)))
    return np.vstack([hull[top:], hull[: top + 1]])


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
    arcs = _arcs(line)
    low, high = sorted((start, end))
    places = np.concatenate([[low], arcs[(arcs > low) & (arcs < high)], [high]])
    piece = np.stack([np.interp(places, arcs, line[:, axis]) for axis in (0, 1)], 1)
    return piece if start <= end else piece[::-1]


def equal_arcs(line: Line, count: int) -> Line:
    """``count`` points at equal arc lengths along a polyline, ends included."""
    arcs = _arcs(line)
    places = np.linspace(0.0, arcs[-1], count)
    return np.stack([np.interp(places, arcs, line[:, axis]) for axis in (0, 1)], 1)


def _arcs(line: Line) -> npt.NDArray[np.float64]:
    """(N,) arc length at each corner of a polyline."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
