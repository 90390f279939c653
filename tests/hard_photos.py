# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos that are hard: made out of the demo face, a person whose photo is free, and the built-in head.

Each is (H, W, 3) uint8 RGB. Marks: (68, 2) of the photo that is changed.
"""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.people import LIGHTS, SMOOTH, Shot
from modelling import render
from wrinkle_addon.core.models.builtin import load_builtin


def profile(yaw, width=420):
    """The built-in head, turned."""
    shot, model = Shot(SMOOTH, "high left", yaw=yaw, width=width), load_builtin()
    return render.render(
        SMOOTH.vertices(model),
        model.triangles,
        model.uv,
        SMOOTH.albedo(model),
        camera=shot.camera,
        light=LIGHTS[shot.light],
        samples=4,
    )


def cut_by_the_border(pixels, marks):
    """Half of the face lies outside."""
    return np.ascontiguousarray(pixels[:, int(marks[30, 0]) :])


def dark_glasses(pixels, marks):
    worn = pixels.copy()
    for corners in ((36, 39), (42, 45)):
        middle = marks[list(corners)].mean(0)
        width = float(np.linalg.norm(np.subtract(*marks[list(corners)])))
        axes = (int(0.9 * width), int(0.65 * width))
        cv2.ellipse(worn, tuple(map(int, middle)), axes, 0, 0, 360, (25, 22, 20), -1)
    return worn


def beard(pixels, marks, seed=0):
    """Short dark hairs over chin, cheeks and upper lip, lying the way they grow."""
    rng = np.random.default_rng(seed)
    height, width = pixels.shape[:2]
    area = np.zeros((height, width), np.uint8)
    low, top = marks[2:15], (marks[33] + marks[51]) / 2
    cv2.fillPoly(area, [np.vstack([low, [low[-1, 0], top[1]], [low[0, 0], top[1]]]).astype(np.int32)], (1,))
    cv2.fillPoly(area, [marks[48:60].astype(np.int32)], (0,))
    rows, columns = np.nonzero(area)
    unit = float(np.linalg.norm(marks[36] - marks[45])) / 90
    hair = np.ones((height, width), np.float32)
    for index in rng.integers(0, len(rows), int(len(rows) / (unit * unit) * 1.5)):
        start = np.array([columns[index], rows[index]], float)
        end = start + rng.normal([0, 5 * unit], 2 * unit)
        cv2.line(hair, tuple(start.astype(int).tolist()), tuple(end.astype(int).tolist()), 0.25, 1, cv2.LINE_AA)
    return np.clip(pixels * cv2.GaussianBlur(hair, (0, 0), 0.5)[..., None], 0, 255).astype(np.uint8)


def hand_over_the_mouth(pixels, marks):
    """Four fingers from the side, in the colour of the cheek, each darker towards its edge."""
    covered = pixels.astype(np.float32)
    across = float(np.linalg.norm(marks[48] - marks[54]))
    colour = np.median(pixels[tuple(np.add(marks[2:6].astype(int)[:, ::-1].T, [[0], [int(across / 6)]]))], axis=0)
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]].astype(np.float32)
    thick = 0.3 * across
    for finger in range(4):
        middle = marks[33, 1] + thick * (finger + 0.7) + 0.06 * (columns - marks[33, 0])
        away = np.abs(rows - middle) / (thick / 2)
        tip = np.maximum(columns - (marks[54, 0] + (0.1, 0.3, 0.25, 0)[finger] * across), 0) / (thick / 2)
        reach = np.hypot(away, tip)
        share = np.clip((1 - reach) * thick / 4, 0, 1)[..., None]
        shade = (0.55 + 0.45 * np.sqrt(np.clip(1 - reach**2, 0, 1)))[..., None]
        covered = covered * (1 - share) + colour * shade * share
    return np.clip(covered, 0, 255).astype(np.uint8)


def two_overlapping(pixels, marks):
    """The same face once more, half behind the first one."""
    shift = int(0.75 * np.ptp(marks[:, 0]))
    height, width = pixels.shape[:2]
    both = np.zeros((height, width + shift, 3), np.uint8)
    both[:, shift:] = pixels
    hull = np.zeros((height, width), np.uint8)
    outline = np.vstack([marks[:17], marks[26:16:-1] - [0, 0.35 * np.ptp(marks[:, 1])]])
    cv2.fillConvexPoly(hull, cv2.convexHull(outline.astype(np.int32)), (1,))
    front = both[:, :width]
    front[hull > 0] = pixels[hull > 0]
    both[:, :shift] = pixels[:, :shift]
    return both


def drawing(pixels, marks):
    """Ink on paper: the outlines of the features and some curls."""
    sheet = np.full_like(pixels, 245)
    size = max(2, int(np.ptp(marks[:, 0]) / 120))
    closed = {"jaw": (range(17), False), "right brow": (range(17, 22), False), "left brow": (range(22, 27), False)}
    closed |= {"nose": (range(27, 36), False), "right eye": (range(36, 42), True), "left eye": (range(42, 48), True)}
    closed |= {"lips": (range(48, 60), True), "mouth": (range(60, 68), True)}
    for points, around in closed.values():
        cv2.polylines(sheet, [marks[list(points)].astype(np.int32)], around, (30, 30, 40), size, cv2.LINE_AA)
    for eye in (range(36, 42), range(42, 48)):
        middle = marks[list(eye)].mean(0)
        cv2.circle(sheet, tuple(middle.astype(int).tolist()), 3 * size, (30, 30, 40), -1, cv2.LINE_AA)
    return sheet
