# SPDX-License-Identifier: GPL-3.0-or-later
"""The control cage: the 468 points in millimetres, rings out to skull and neck, lid margins, the mouth's inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RBFInterpolator

from . import topology

EYE_RADIUS = 12.0  # mm; an adult eyeball's diameter is 24 mm (Bekerman et al. 2014, J. Ophthalmology)
LID_MM = 1.7  # thickness of a lid at its margin
RINGS = (0.13, 0.3, 0.5, 0.74, 1.0)
SKULL = np.array([0.0, 25.0, -78.0])
SKULL_RADII = np.array(
    [77.0, 97.0]
)  # half head breadth and height above the centre (ANSUR II male/female mean breadth 152 mm)
# From the cheek (oval point 8) down to the chin (18): bend and end of the curve that leads to the neck.
BENDS = ((76, -20, -64), (73, -42, -60), (70, -61, -58), (64, -79, -56), (56, -94, -52), (46, -105, -46),
         (34, -113, -36), (26, -116, -28), (17, -118, -22), (9, -119.5, -19), (0, -120, -18))  # fmt: skip
ENDS = ((76, -20, -80), (70, -45, -82), (63, -68, -84), (57, -90, -85), (54, -108, -83), (51, -125, -76),
        (45, -138, -65), (35, -146, -52), (24, -150, -43), (12, -152, -38), (0, -153, -36))  # fmt: skip


@dataclass(frozen=True, eq=False)
class Cage:
    """points: (N, 3) mm; triangles: (T, 3); mirror: (N,); eyes: centres of the right and the left eyeball, (2, 3).
    parts: (N,) 0 skin, 1 lid margin, 2 inside of the mouth. level: (N,) +1 above the mouth's slit, -1 below, 0 at its
    corners."""

    points: np.ndarray
    triangles: np.ndarray
    mirror: np.ndarray
    eyes: np.ndarray
    parts: np.ndarray
    level: np.ndarray


def calibrated_points() -> np.ndarray:
    """(468, 3) mm: the measured points bent so that their iBUG points fall on the calibration figures, lips closed."""
    measured = topology.symmetric_points()
    target = topology.read_csv("ibug68_neutral_mm.csv")[:, 1:]
    bend = RBFInterpolator(topology.ibug_rows() @ measured, target, kernel="linear", degree=1)
    points = bend(measured)
    points = (points + points[topology.mirror()] * [-1, 1, 1]) / 2
    return _close_lips(points, target)


def _close_lips(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Lay the inner lip points on the closed mouth's line (the photo's person smiled)."""
    out = points.copy()
    line_x = target[[60, 61, 62, 63, 64], 0]
    line = (target[[60, 61, 62, 63, 64]] + target[[60, 67, 66, 65, 64]]) / 2
    lower, upper = topology.MOUTH[1:10], topology.MOUTH[:10:-1]
    for below, above in zip(lower, upper, strict=True):
        x = (points[below, 0] + points[above, 0]) / 2
        y, z = np.interp(x, line_x, line[:, 1]), np.interp(x, line_x, line[:, 2])
        out[above], out[below] = (x, y + 0.25, z), (x, y - 0.25, z)
    return out


def build() -> Cage:
    """The whole cage, symmetric."""
    points = calibrated_points()
    faces = topology.triangles()
    flip = topology.mirror()
    eyes = _eye_centres(points)
    pieces, triangles, mirrors = [points], [faces], [flip]
    parts = [np.zeros(468, int)]

    def add(ring: np.ndarray, pair: np.ndarray, part: int) -> np.ndarray:
        first = sum(len(p) for p in pieces)
        pieces.append(ring)
        mirrors.append(pair + first)
        parts.append(np.full(len(ring), part))
        return np.arange(first, first + len(ring))

    oval = np.array(topology.OVAL)
    around = (-np.arange(36)) % 36
    inner = oval
    for t in RINGS:
        ring = add(_outer_ring(points[oval], t), around, 0)
        triangles.append(_strip(inner, ring, np.arange(36) < 18))
        inner = ring
    for side, loop in ((0, np.array(topology.RIGHT_EYE)), (1, flip[np.array(topology.RIGHT_EYE)])):
        before = loop
        other = 32 if side == 0 else -32
        for ring in _lid_rings(points[loop], eyes[side]):
            made = add(ring, np.arange(16) + other, 1)
            triangles.append(_strip(before, made))
            before = made
    mouth = np.array(topology.MOUTH)
    pair = (10 - np.arange(20)) % 20
    before = mouth
    left = np.arange(20) % 20
    left = (left >= 5) & (left < 15)
    for ring in _mouth_rings(points[mouth]):
        made = add(ring, pair, 2)
        triangles.append(_strip(before, made, left))
        before = made
    triangles.append(_zip_shut(before))
    surface = topology.oriented(np.vstack(triangles))
    return Cage(
        np.vstack(pieces), surface, np.concatenate(mirrors), eyes, np.concatenate(parts), _level(points, pieces)
    )


def _level(points: np.ndarray, pieces: list[np.ndarray]) -> np.ndarray:
    """(N,) which lip a point goes with: by its height for the face, by its place in the loop inside the mouth."""
    loop = points[list(topology.MOUTH[:11])]
    level = np.sign(points[:, 1] - np.interp(points[:, 0], loop[:, 0], loop[:, 1] + 0.25))
    inside = np.r_[0, -np.ones(9), 0, np.ones(9)]
    level[list(topology.MOUTH)] = inside
    rest = sum(len(p) for p in pieces[1:-3])
    return np.concatenate([level, np.zeros(rest), *[inside] * 3])


def _strip(a: np.ndarray, b: np.ndarray, swap: np.ndarray | None = None) -> np.ndarray:
    """Triangles between loops a and b (same length) (turned either way); ``swap`` (n,) turns a quad's diagonal."""
    n = len(a)
    out = []
    for i in range(n):
        j = (i + 1) % n
        if swap is None or not swap[i]:
            out += [(a[j], a[i], b[j]), (a[i], b[i], b[j])]
        else:
            out += [(a[j], a[i], b[i]), (a[j], b[i], b[j])]
    return np.array(out)


def _zip_shut(loop: np.ndarray) -> np.ndarray:
    """Triangles that close a loop of 20 by joining its lower to its upper half."""
    lower, upper = loop[:11], np.r_[loop[0], loop[:9:-1]]
    out = []
    for i in range(10):
        j = i + 1
        quad = [(lower[i], lower[j], upper[j]), (lower[i], upper[j], upper[i])]
        if i >= 5:
            quad = [(lower[i], lower[j], upper[i]), (lower[j], upper[j], upper[i])]
        out += [t for t in quad if len(set(t)) == 3]
    return np.array(out)


def _outer_ring(oval: np.ndarray, t: float) -> np.ndarray:
    """(36, 3) the ring at ``t`` in 0..1 between the face oval and the coronal plane or the neck."""
    half = []
    for k in range(19):
        start = oval[k]
        if k < 8:
            angle = np.radians(100) * k / 7
            end = SKULL + np.array([SKULL_RADII[0] * np.sin(angle), SKULL_RADII[1] * np.cos(angle), 0])
            a, b = start - SKULL, end - SKULL
            radius = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
            a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
            omega = np.arccos(np.clip(a @ b, -1, 1))
            half.append(SKULL + radius * (np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega))
        else:
            bend, end = np.array(BENDS[k - 8], float), np.array(ENDS[k - 8], float)
            half.append((1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end)
    left = np.array(half)
    return np.vstack([left, (left[1:18] * [-1, 1, 1])[::-1]])


def _eye_centres(points: np.ndarray) -> np.ndarray:
    """Right and left eyeball centre: the sphere of EYE_RADIUS + LID_MM through the lid margins, corners left out."""
    lids = points[[i for i in topology.RIGHT_EYE if i not in (33, 133, 7, 246, 155, 173)]]
    centre = lids.mean(axis=0) - [0, 0, EYE_RADIUS]
    for _ in range(50):
        away = lids - centre
        length = np.linalg.norm(away, axis=1)
        centre = centre + np.linalg.lstsq(away / length[:, None], length - EYE_RADIUS - LID_MM, rcond=0.05)[0]
    return np.array([centre, centre * [-1, 1, 1]])


def _lid_rings(loop: np.ndarray, centre: np.ndarray) -> list[np.ndarray]:
    """Two rings: the margin's inner edge on the eyeball, and one hidden behind the lid."""
    middle = (loop[0] + loop[8]) / 2
    outwards = loop - middle
    outwards[:, 2] = 0
    outwards /= np.linalg.norm(outwards, axis=1)[:, None]

    def on_ball(p: np.ndarray, radius: float) -> np.ndarray:
        away = p - centre
        return centre + away / np.linalg.norm(away, axis=1)[:, None] * radius

    edge = on_ball(loop - 0.35 * outwards, EYE_RADIUS + 0.12)
    behind = on_ball(edge + 3.0 * outwards, EYE_RADIUS - 0.6)
    for corner in (0, 8):
        edge[corner] = loop[corner] - 0.5 * outwards[corner] - [0, 0, 1.6]
        behind[corner] = loop[corner] + 0.5 * outwards[corner] - [0, 0, 4.0]
    return [edge, behind]


def _mouth_rings(loop: np.ndarray) -> list[np.ndarray]:
    """Three rings that turn the lips inwards and open into the mouth's bag."""
    up = np.zeros(20)
    up[1:10], up[11:] = -1, 1
    across = np.abs(loop[:, 0] / np.abs(loop[:, 0]).max())
    arch = up * np.sqrt(np.clip(1 - across**2, 0, 1))
    out = []
    for back, height, width in ((2.2, 0.9, 0.99), (6.5, 5.0, 0.97), (16.0, 10.0, 0.93)):
        ring = loop * [width, 1, 1]
        ring[:, 1] = -68.2 + (loop[:, 1] + 68.2) + arch * height
        ring[:, 2] = loop[:, 2] - back
        out.append(ring)
    return out
