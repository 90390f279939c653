# SPDX-License-Identifier: GPL-3.0-or-later
"""Form finer than the cage: smoothed seams, lid creases, lip volume, philtrum, nose wings and nostrils."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from . import subdivide, topology
from .mathematics import smooth, to_line


def sculpt(vertices: np.ndarray, triangles: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """(V, 3) mm with the details worked in. skin: (V,) bool, False on lid margins and the mouth's inside."""
    out = _even(vertices, triangles, skin)
    out = out + _features(out, _normals(out, triangles)) * skin[:, None]
    return _nostrils(out)


def nostril(vertices: np.ndarray) -> np.ndarray:
    """The left nostril's middle."""
    return np.abs(vertices[[79, 166, 75, 60, 20, 238]].mean(axis=0)) * [1, -1, 1]


def _even(vertices: np.ndarray, triangles: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """Smooth the passage from face to skull and neck, the forehead and the cheeks, without shrinking them."""
    p = vertices
    oval = p[[*topology.OVAL, topology.OVAL[0]]]
    seam = np.exp(-0.5 * (to_line(p, oval) / 13) ** 2) * (1 - 0.75 * smooth(-np.abs(p[:, 0]), -30, -12) * (p[:, 1] < 0))
    brow = p[[70, 63, 105, 66, 107, 336, 296, 334, 293, 300]]
    forehead = smooth(p[:, 1], 24, 36) + 0.9 * np.exp(-0.5 * (to_line(p, brow) / 6) ** 2)
    cheek = np.exp(-0.5 * (((np.abs(p[:, 0]) - 44) / 14) ** 2 + ((p[:, 1] + 58) / 24) ** 2))
    weight = np.clip(np.maximum.reduce([seam, forehead, 0.8 * cheek]), 0, 1) * skin
    graph = subdivide.laplacian(triangles, len(p))
    inwards, back = sparse.diags(0.5 * weight) @ graph, sparse.diags(-0.51 * weight) @ graph
    strong = sparse.diags(0.5 * np.clip(seam * (p[:, 1] < 20) + smooth(p[:, 1], 34, 46), 0, 1) * skin) @ graph
    out = p
    for _ in range(14):
        out = out - strong @ out
    for _ in range(40):
        out = out - inwards @ out
        out = out - back @ out
    return _fill_out(out, skin)


def _fill_out(p: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """Give the jaw back what smoothing took: a smooth push that brings its surface to the calibration figures."""
    target = topology.read_csv("ibug68_neutral_mm.csv")[:17, 1:]
    out = p
    for _ in range(3):
        nearest = cKDTree(out[skin]).query(target)[1]
        away = np.linalg.norm(target[:, None] - target[None], axis=2)
        push = np.linalg.solve(np.exp(-0.5 * (away / 22) ** 2) + 0.05 * np.eye(17), target - out[skin][nearest])
        reach = np.exp(-0.5 * (np.linalg.norm(out[:, None] - target[None], axis=2) / 22) ** 2)
        out = out + (reach @ push) * skin[:, None]
    return out


def _normals(p: np.ndarray, t: np.ndarray) -> np.ndarray:
    flat = np.cross(p[t[:, 1]] - p[t[:, 0]], p[t[:, 2]] - p[t[:, 0]])
    out = np.zeros_like(p)
    for k in range(3):
        np.add.at(out, t[:, k], flat)
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)


def _features(p: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Grooves and swellings along the normal; the mirror index pairs the points of both sides."""
    flip = topology.mirror()
    height = np.zeros(len(p))

    def ridge(names: list[int], width: float, mm: float) -> None:
        for side in (np.array(names), flip[names]):
            height[:] += mm * np.exp(-0.5 * (to_line(p, p[side]) / width) ** 2)

    def middle(names: list[int], width: float, mm: float) -> None:
        height[:] += mm * np.exp(-0.5 * (to_line(p, p[names]) / width) ** 2)

    lid = p[[33, 246, 161, 160, 159, 158, 157, 173, 133]]
    rise = np.array([3.2, 5.2, 6.6, 7.4, 7.6, 7.2, 6.2, 4.6, 2.6])
    crease = lid + np.stack([0 * rise, rise, 0 * rise], axis=1)
    for sign in (1, -1):
        flat = np.c_[p[:, 0] * sign, p[:, 1]]
        near = (p[:, 2] > -12) & (p[:, 0] * sign < 0)
        height += -0.75 * np.exp(-0.5 * (to_line(flat, crease[:, :2]) / 1.5) ** 2) * near
        height += 0.5 * np.exp(-0.5 * (to_line(flat, crease[:, :2] + [0, 3.6]) / 2.2) ** 2) * near
    ridge([0, 37, 39, 40], 1.6, 0.45)  # white roll above the upper lip
    ridge([72, 73, 74], 2.6, 0.7)  # upper vermilion
    middle([12, 11], 2.4, 0.5)
    ridge([15, 86, 85], 3.6, 0.9)  # lower vermilion
    middle([164, 0], 1.7, -0.7)  # philtrum
    ridge([97, 37], 1.5, 0.5)  # its columns
    ridge([18, 83, 182], 3.2, -0.8)  # mentolabial fold
    ridge([129, 102, 64, 98], 1.5, -0.9)  # groove behind the wing
    ridge([129, 203, 206, 216], 3.2, -0.55)  # nasolabial fold
    mouth = p[[*topology.MOUTH, topology.MOUTH[0]]]
    height *= smooth(to_line(p, mouth), 0.6, 3.2)  # the lips' meeting line stays
    return height[:, None] * normal


def _nostrils(vertices: np.ndarray) -> np.ndarray:
    """Push the nostrils up into the nose."""
    out = vertices.copy()
    for side in (-1, 1):
        away = (vertices - nostril(vertices) * [side, 1, 1]) / [4.2, 3.2, 4.6]
        fall = np.exp(-((away**2).sum(axis=1) ** 2))
        out += fall[:, None] * np.array([0.0, 4.0, -1.0])
    return out
