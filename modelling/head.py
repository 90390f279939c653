# SPDX-License-Identifier: GPL-3.0-or-later
"""The finished neutral head: the cage refined, sculpted, with eyeballs and UV."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from wrinkle_addon.core.landmarks.ibug import average_of, to_ibug

from . import cage, sculpt, subdivide, topology, unwrap

SKIN, LID, MOUTH, EYEBALL = 0, 1, 2, 3
IRIS_MM = 5.9  # radius of the iris (white-to-white 11.8 mm: Rüfer et al. 2005, Cornea)
EYEBALL_UV = 0.045  # radius of an eyeball's UV island


@dataclass(frozen=True, eq=False)
class Head:
    """vertices (V, 3) mm; triangles (T, 3); uv (V, 2); mirror (V,); parts (V,) SKIN/LID/MOUTH/EYEBALL; level (V,) +1
    above the mouth's slit, -1 below (meant for the mouth's neighbourhood); eyes (2, 3) eyeball centres right, left;
    landmarks (68,); dense (468,)."""

    vertices: np.ndarray
    triangles: np.ndarray
    uv: np.ndarray
    mirror: np.ndarray
    parts: np.ndarray
    level: np.ndarray
    eyes: np.ndarray
    landmarks: np.ndarray
    dense: np.ndarray


def build() -> Head:
    """Make the head from the committed figures."""
    control = cage.build()
    count = len(control.points)
    triangles, matrix = subdivide.refine(control.triangles, count, 2)
    weight = np.r_[np.ones(468), np.full(180, 0.05), np.full(count - 648, 1.0)]
    points = _through(matrix, control, weight)
    vertices = matrix @ points
    plain = matrix @ control.points
    mirror = cKDTree(plain).query(plain * [-1, 1, 1])[1]
    parts = _parts(matrix, control.parts)
    vertices = sculpt.sculpt(vertices, triangles, parts == SKIN)
    vertices = (vertices + vertices[mirror] * [-1, 1, 1]) / 2
    uv = _face_uv(vertices, triangles, mirror, parts)
    level = matrix @ control.level
    head = Head(vertices, triangles, uv, mirror, parts, level, control.eyes, _landmarks(vertices), np.arange(468))
    return _with_eyeballs(head)


def _through(matrix: sparse.csr_matrix, control: cage.Cage, weight: np.ndarray) -> np.ndarray:
    """Control points whose refined surface passes through the cage's points, bending the change least."""
    count = len(control.points)
    rows = sparse.diags(np.sqrt(weight)) @ matrix[:count]
    bend = subdivide.laplacian(control.triangles, count)
    normal = (rows.T @ rows + 0.02 * bend.T @ bend + 1e-6 * sparse.identity(count)).tocsc()
    miss = control.points - matrix[:count] @ control.points
    return control.points + splu(normal).solve(rows.T @ (np.sqrt(weight)[:, None] * miss))


def _parts(matrix: sparse.csr_matrix, control: np.ndarray) -> np.ndarray:
    share = matrix @ np.stack([control == 1, control == 2], axis=1).astype(float)
    return np.where(share[:, 1] > 0.5, MOUTH, np.where(share[:, 0] > 0.5, LID, SKIN))


def slit_height(vertices: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Height of the closed mouth's line at ``x``."""
    line = vertices[list(topology.MOUTH[:11])]
    upper = vertices[[topology.MOUTH[0], *topology.MOUTH[:9:-1]]]
    middle = (line + upper) / 2
    return np.interp(x, middle[:, 0], middle[:, 1])


def _face_uv(vertices: np.ndarray, triangles: np.ndarray, mirror: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """UV in 0..1; the mouth is drawn a little open so that both lips have their own texels."""
    points = vertices.copy()
    above = vertices[:, 1] - slit_height(vertices, vertices[:, 0])
    width = np.abs(vertices[[61, 291], 0]).mean()
    inside = np.sqrt(np.clip(1 - (np.abs(vertices[:, 0]) / width) ** 2, 0, 1))
    fade = np.exp(-((above / 16) ** 2)) * inside * (vertices[:, 2] > -5)
    points[:, 1] += np.clip(above / 0.2, -1, 1) * 2.5 * fade
    part = parts[triangles].max(axis=1)
    weights = np.select([part == MOUTH, part == LID], [0.01, 0.2], 1.0)
    middle = vertices[triangles].mean(axis=1)
    outside = np.clip((-middle[:, 2] - 30) / 60, 0, 1) + np.clip((-middle[:, 1] - 100) / 60, 0, 1)
    outside += np.clip((middle[:, 1] - 70) / 60, 0, 1)
    scale = 1 - 0.4 * np.clip(outside, 0, 1)
    uv = unwrap.unwrap(triangles, points, mirror, weights, scale)
    low, high = uv.min(axis=0), uv.max(axis=0)
    return 0.5 + (uv - (low + high) / 2) * (0.98 / (high - low).max())


def _landmarks(vertices: np.ndarray) -> np.ndarray:
    """(68,) vertex of each iBUG point: on the jaw the nearest to the figure, elsewhere the one of that meaning.

    On the brows that is the nearest, as seen from the front, to where photos' landmarks lie on the mesh.
    """
    jaw = cKDTree(vertices).query(topology.read_csv("ibug68_neutral_mm.csv")[:17, 1:])[1]
    jaw[9:] = [_across(vertices, i) for i in jaw[7::-1]]
    between = cKDTree(vertices).query(topology.ibug_rows() @ vertices[:468])[1]
    exact = np.array([source if isinstance(source, int) else -1 for source in topology.IBUG])
    out = np.where(exact >= 0, exact, between)
    out[:17] = jaw
    dense, depth_counts = vertices[:468], [1.0, 1.0, 0.3]
    brows = np.column_stack((to_ibug(dense * [1, -1, 1]) * [1, -1], average_of(dense[:, 2])))[17:27]
    out[17:27] = cKDTree(vertices * depth_counts).query(brows * depth_counts)[1]
    return out


def _across(vertices: np.ndarray, index: int) -> int:
    """The vertex at the mirrored place."""
    return int(np.argmin(np.linalg.norm(vertices - vertices[index] * [-1, 1, 1], axis=1)))


def _with_eyeballs(head: Head) -> Head:
    """Append the two eyeballs as islands of their own; UV discs in the lower corners."""
    ball, faces, disc, flip = _eyeball()
    first = len(head.vertices)
    n = len(ball)
    corners = np.array([[EYEBALL_UV + 0.01, EYEBALL_UV + 0.01], [0.99 - EYEBALL_UV, EYEBALL_UV + 0.01]])
    vertices = np.vstack([head.vertices, ball + head.eyes[0], ball + head.eyes[1]])
    uv = np.vstack([head.uv, corners[0] + disc * EYEBALL_UV, corners[1] + disc * EYEBALL_UV])
    triangles = np.vstack([head.triangles, faces + first, faces + first + n])
    mirror = np.r_[head.mirror, first + n + flip, first + flip]
    parts = np.r_[head.parts, np.full(2 * n, EYEBALL)]
    level = np.r_[head.level, np.zeros(2 * n)]
    return Head(vertices, triangles, uv, mirror, parts, level, head.eyes, head.landmarks, head.dense)


def _eyeball(rings: int = 12, segments: int = 24) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Front of an eyeball around the origin with its cornea: points, triangles, unit-disc UV, mirror."""
    polar = np.radians(np.r_[np.linspace(8, 32, 4), np.linspace(42, 112, rings - 4)])
    turn = 2 * np.pi * np.arange(segments) / segments
    p, a = (grid.ravel() for grid in np.meshgrid(polar, turn, indexing="ij"))
    radius = cage.EYE_RADIUS + 0.9 * np.clip(1 - (np.sin(p) * cage.EYE_RADIUS / IRIS_MM) ** 2, 0, 1) * (p < 1)
    points = np.stack([np.sin(p) * np.cos(a), np.sin(p) * np.sin(a), np.cos(p)], axis=1) * radius[:, None]
    points = np.vstack([points, [0, 0, cage.EYE_RADIUS + 0.9]])
    disc = np.vstack([np.stack([p * np.cos(a), p * np.sin(a)], axis=1) / polar[-1], [0, 0]])
    faces = []
    for r in range(rings - 1):
        for s in range(segments):
            i, j, t = r * segments + s, r * segments + (s + 1) % segments, segments
            faces += (
                [(i, i + t, j), (j, i + t, j + t)]
                if segments // 4 <= s < 3 * segments // 4
                else [(i, i + t, j + t), (i, j + t, j)]
            )
    faces += [(rings * segments, s, (s + 1) % segments) for s in range(segments)]
    flip = np.r_[
        (
            np.repeat(np.arange(rings), segments) * segments
            + (segments // 2 - np.tile(np.arange(segments), rings)) % segments
        ),
        rings * segments,
    ]
    return points, np.array(faces), disc, flip
