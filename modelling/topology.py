# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology of the 468-point face mesh: triangles, mirror, loops and the iBUG-68 points on it."""

from __future__ import annotations

from collections import deque
from functools import cache
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.transform import Rotation

FIGURES = Path(__file__).parent / "figures"

OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
        149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
RIGHT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
MOUTH = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)

IBUG: tuple[int | tuple[int, int], ...] = (
    127, 234, 93, (132, 58), (58, 172), 136, 150, 176, 152, 400, 379, 365, (397, 288), 361, 323, 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300, (168, 6), (197, 195), 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip
"""iBUG-68 on the 468 points (community mapping; a pair means the average of two)."""


def read_csv(name: str) -> np.ndarray:
    """Read a table of ``modelling/figures`` (comment lines, one header line) as float64."""
    lines = [x for x in (FIGURES / name).read_text().splitlines() if x and not x.startswith("#")]
    return np.array([[float(c) for c in line.split(",")] for line in lines[1:]])


@cache
def triangles() -> np.ndarray:
    """(852, 3) int triangles, counter-clockwise seen from outside, openings at the eyes and the mouth.

    The published edges differ on the two sides in a few diagonals; both sides here follow the subject's right one.
    """
    edges = {(int(a), int(b)) for a, b in read_csv("face_mesh_edges.csv")}
    around: dict[int, set[int]] = {}
    for a, b in edges:
        around.setdefault(a, set()).add(b)
        around.setdefault(b, set()).add(a)
    found = {tuple(sorted((a, b, c))) for a, b in edges for c in around[a] & around[b]}
    found -= {(49, 64, 129), (279, 294, 358)}  # closed walks around a vertex, not faces
    faces = _outwards(np.array(sorted(found)))
    right = faces[np.isin(faces, np.nonzero(_side() > 0)[0]).sum(axis=1) == 0]
    return np.vstack([right, mirror()[right][:, ::-1]])


def oriented(faces: np.ndarray) -> np.ndarray:
    """Turn all triangles of a connected surface the way round the first one is."""
    owner: dict[tuple[int, int], list[int]] = {}
    for i, t in enumerate(faces):
        for k in range(3):
            a, b = sorted((int(t[k]), int(t[(k + 1) % 3])))
            owner.setdefault((a, b), []).append(i)
    out = faces.copy()
    done = {0}
    queue = deque([0])
    while queue:
        i = queue.popleft()
        t = out[i]
        for k in range(3):
            a, b = int(t[k]), int(t[(k + 1) % 3])
            for j in owner[(min(a, b), max(a, b))]:
                if j in done:
                    continue
                other = [int(x) for x in out[j]]
                turns = {(other[m], other[(m + 1) % 3]) for m in range(3)}
                if (a, b) in turns:
                    out[j] = out[j][::-1]
                done.add(j)
                queue.append(j)
    return out


def _outwards(faces: np.ndarray) -> np.ndarray:
    """Orient so that the triangle 10, 109, 151 (hairline, towards the subject's right, below) faces outwards."""
    out = oriented(faces)
    row = next(t for t in out.tolist() if set(t) >= {10, 109, 151})
    return out if row[(row.index(10) + 1) % 3] == 109 else out[:, ::-1].copy()


@cache
def _symmetry() -> tuple[np.ndarray, np.ndarray]:
    """Mirror index (468,) and side (468,) of each point: -1 subject's right, 0 midline, 1 left; matched by place."""
    points = read_csv("face_mesh_points.csv") * [1, -1, -1]
    right, left = np.array([33, 133, 61, 127, 70, 107, 97, 234]), np.array([263, 362, 291, 356, 300, 336, 326, 454])
    normal = (points[left] - points[right]).mean(axis=0)
    normal /= np.linalg.norm(normal)
    centre = (points[left] + points[right]).mean(axis=0) / 2
    for _ in range(30):
        reflected = points - 2 * ((points - centre) @ normal)[:, None] * normal
        distance = ((points[:, None] - reflected[None]) ** 2).sum(axis=2)
        pair = linear_sum_assignment(distance)[1]
        across = points - points[pair]
        normal = np.linalg.eigh(across.T @ across)[1][:, -1]
        normal *= np.sign(normal[0])
        centre = points.mean(axis=0)
    side = np.sign((points - centre) @ normal)
    side[pair == np.arange(468)] = 0
    return pair, side


def mirror() -> np.ndarray:
    """(468,) index of the same point on the other side of the face."""
    return _symmetry()[0]


def _side() -> np.ndarray:
    return _symmetry()[1]


def symmetric_points() -> np.ndarray:
    """(468, 3) the measured points made symmetric; x to the subject's left, y up, z out, in pixels of the photo."""
    points = read_csv("face_mesh_points.csv") * [1, -1, -1]
    points -= points.mean(axis=0)
    flipped = points[mirror()] * [-1, 1, 1]
    for _ in range(20):
        u, _, vt = np.linalg.svd((flipped - flipped.mean(0)).T @ (points - points.mean(0)))
        # the rotation that takes the flipped face to the face is twice the head's turn: go half way
        half = Rotation.from_matrix((u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt).T)
        points = (points - points.mean(0)) @ Rotation.from_rotvec(-half.as_rotvec() / 2).as_matrix().T
        flipped = points[mirror()] * [-1, 1, 1]
    return (points + flipped) / 2


def ibug_rows() -> np.ndarray:
    """(68, 468) float64 matrix that takes the 468 points to the iBUG-68 points."""
    rows = np.zeros((68, 468))
    for i, source in enumerate(IBUG):
        for j in np.atleast_1d(source):
            rows[i, j] += 1.0 / np.atleast_1d(source).size
    return rows
