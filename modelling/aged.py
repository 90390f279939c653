# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrinkles of a whole face with known depth: lines laid along anatomy, carved into a map in the model's UV.

Lines are drawn in a chart of the face, unrolled about a vertical axis so that distances on cheeks and temples stay true
to a few percent: s is arc length to the subject's left, y is up, both in mm, the origin between the outer eye corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from wrinkle_native import interpolate_uv

from wrinkle_addon.core.regions import EXCLUDED
from wrinkle_addon.core.types import FaceModel

Array = npt.NDArray[np.float32]

RADIUS_MM = 75.0  # of the cylinder about which the face is unrolled
HALF_MM = 120.0  # the chart spans +-HALF_MM in s and y
SAMPLE_MM = 0.12


@dataclass(frozen=True, eq=False)
class Line:
    """points: (N, 2) mm in the chart, from end to end; width: Gaussian sigma in mm; depth in mm."""

    points: npt.NDArray[np.float64]
    width: float
    depth: float
    shoulder: float = 0.2


def unroll(points: npt.ArrayLike, origin: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(N, 2) chart coordinates of (N, 3) positions in mm."""
    x, y, z = np.moveaxis(np.asarray(points, np.float64) - np.asarray(origin, np.float64), -1, 0)
    return np.stack([RADIUS_MM * np.arctan2(x, z + RADIUS_MM), y], axis=-1)


def aged_relief(model: FaceModel, size: int, seed: int, age: float = 1.0) -> Array:
    """Displacement (size, size) float32 mm in the model's UV, outwards positive, of a seeded wrinkled face.

    age scales the depths: 1 is a person of about sixty who raises the brows a little, 0 is smooth.
    """
    marks = model.mean[np.maximum(model.landmarks, 0)]
    origin = (marks[36] + marks[45]) / 2
    chart = _carve(face_lines(unroll(marks, origin), np.random.default_rng(seed)), age)
    where = interpolate_uv(model.mean.astype(np.float32), model.uv, model.triangles, size, fill=1e4)
    place = unroll(where.reshape(-1, 3), origin).reshape(size, size, 2)
    columns = ((place[..., 0] + HALF_MM) / SAMPLE_MM - 0.5).astype(np.float32)
    rows = ((HALF_MM - place[..., 1]) / SAMPLE_MM - 0.5).astype(np.float32)
    relief = cv2.remap(chart, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    free = np.prod([1 - model.regions[name] for name in EXCLUDED], axis=0)
    mask = interpolate_uv(np.ascontiguousarray(free[:, None], np.float32), model.uv, model.triangles, size)[..., 0]
    # Nothing behind the ears' line belongs to the chart.
    front = np.clip((where[..., 2] - origin[2] + 70.0) / 15.0, 0, 1) * (where[..., 0] < 1e3)
    return np.asarray(relief * mask * front, np.float32)


def face_lines(marks: npt.NDArray[np.float64], rng: np.random.Generator) -> list[Line]:
    """Lines of every region for the chart positions (68, 2) of the iBUG landmarks."""
    lines = _forehead(marks, rng) + _glabella(marks, rng)
    for side in (-1, 1):
        lines += _crows_feet(marks, rng, side) + _under_eye(marks, rng, side) + _folds(marks, rng, side)
    return lines


def _wavy(points: list[tuple[float, float]], rng: np.random.Generator, wobble: float) -> npt.NDArray[np.float64]:
    """A smooth curve through quadratic or cubic control points, with a gentle irregular wobble across it."""
    control = np.asarray(points)
    t = np.linspace(0, 1, 160)
    degree = len(control) - 1
    curve = np.stack([np.polyval(np.polyfit(np.linspace(0, 1, degree + 1), axis, degree), t) for axis in control.T], 1)
    along = np.gradient(curve, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], 1) / np.linalg.norm(along, axis=1, keepdims=True)
    wave = sum(rng.normal() * np.sin(2 * np.pi * (k * t + rng.random())) / k for k in (2, 3, 5, 8))
    return np.asarray(curve + across * (wobble * np.asarray(wave))[:, None])


def _forehead(marks: npt.NDArray[np.float64], rng: np.random.Generator) -> list[Line]:
    low, high = marks[[19, 24], 1].mean() + 13, marks[[19, 24], 1].mean() + 46
    reach = abs(marks[26, 0] - marks[17, 0]) / 2
    lines = []
    for y in np.arange(low, high, rng.uniform(7.5, 10.5)):
        left, right = rng.uniform(0.55, 0.95, 2) * reach
        dip = rng.uniform(-3.5, 1.0)
        points = [(-left, y + dip), (-left / 3, y + 1.5), (right / 3, y + 1.5), (right, y + dip)]
        lines.append(Line(_wavy(points, rng, 0.5), rng.uniform(0.6, 1.0), rng.uniform(0.25, 0.55), 0.3))
    return lines


def _glabella(marks: npt.NDArray[np.float64], rng: np.random.Generator) -> list[Line]:
    lines = []
    for side in (-1, 1):
        x, y = side * rng.uniform(5, 8), marks[[21, 22], 1].mean()
        points = [(x * 0.8, y - 9), (x, y + 2), (x * 1.25, y + 13)]
        lines.append(Line(_wavy(points, rng, 0.3), rng.uniform(0.6, 1.0), rng.uniform(0.2, 0.5)))
    return lines


def _crows_feet(marks: npt.NDArray[np.float64], rng: np.random.Generator, side: int) -> list[Line]:
    corner = marks[45] if side > 0 else marks[36]
    lines = []
    for angle in np.linspace(38, -42, int(rng.integers(4, 7))) + rng.normal(0, 4):
        turn = np.radians(angle)
        start, length = rng.uniform(5, 9), rng.uniform(14, 25)
        ends = [corner + (start + length * t) * np.array([side * np.cos(turn), np.sin(turn)]) for t in (0, 0.5, 1)]
        ends[1][1] += rng.uniform(0.4, 1.6)
        points = [(float(x), float(y)) for x, y in ends]
        lines.append(Line(_wavy(points, rng, 0.25), rng.uniform(0.35, 0.6), rng.uniform(0.12, 0.32)))
    return lines


def _under_eye(marks: npt.NDArray[np.float64], rng: np.random.Generator, side: int) -> list[Line]:
    inner, outer = (marks[42], marks[45]) if side > 0 else (marks[39], marks[36])
    lines = []
    for k, drop in enumerate(np.cumsum(rng.uniform(2.2, 3.6, 4)) + 5):
        middle = (inner + outer) / 2
        points = [(inner[0] + side * 2, inner[1] - drop * 0.8), (middle[0], middle[1] - drop - 2.5)]
        points.append((outer[0] + side * 3, outer[1] - drop * 0.7))
        lines.append(Line(_wavy(points, rng, 0.2), rng.uniform(0.3, 0.5), rng.uniform(0.06, 0.18) / (1 + 0.2 * k)))
    return lines


def _folds(marks: npt.NDArray[np.float64], rng: np.random.Generator, side: int) -> list[Line]:
    wing, mouth = (marks[35], marks[54]) if side > 0 else (marks[31], marks[48])
    top = (wing[0] + side * 4, wing[1] + 5)
    bottom = (mouth[0] + side * 8, mouth[1] - 1)
    belly = ((top[0] + bottom[0]) / 2 + side * 4.5, (top[1] + bottom[1]) / 2 + 1)
    fold = Line(_wavy([top, belly, bottom], rng, 0.3), rng.uniform(1.2, 1.9), rng.uniform(0.5, 0.9), 0.35)
    start = (mouth[0] + side * 2.5, mouth[1] - 4)
    marionette = [start, (start[0] + side * 1.5, start[1] - 9), (start[0] + side * 0.5, start[1] - 19)]
    return [fold, Line(_wavy(marionette, rng, 0.25), rng.uniform(0.7, 1.1), rng.uniform(0.2, 0.4))]


def _carve(lines: list[Line], age: float) -> Array:
    """Press the lines into a flat chart; the cross-section is sharp at the bottom with raised shoulders."""
    count = round(2 * HALF_MM / SAMPLE_MM)
    height = np.zeros((count, count), np.float32)
    for line in lines:
        pixels = np.stack([line.points[:, 0] + HALF_MM, HALF_MM - line.points[:, 1]], 1) / SAMPLE_MM - 0.5
        margin = int(6 * line.width / SAMPLE_MM) + 2
        low = np.clip(pixels.min(0).astype(int) - margin, 0, count)
        high = np.clip(pixels.max(0).astype(int) + margin, 0, count)
        yy, xx = np.mgrid[low[1] : high[1], low[0] : high[0]]
        distance, nearest = _distance(np.stack([xx, yy], -1).astype(np.float32), pixels.astype(np.float32))
        t = nearest / (len(pixels) - 1)
        strength = np.clip(np.minimum(t, 1 - t) / 0.22, 0, 1)
        strength = strength * strength * (3 - 2 * strength)
        q = np.sqrt((distance * SAMPLE_MM / line.width) ** 2 + 0.03)
        profile = -np.exp(-0.5 * q**1.6) + line.shoulder * np.exp(-0.5 * ((q - 2.3) / 1.2) ** 2)
        height[low[1] : high[1], low[0] : high[0]] += (age * line.depth * strength * profile).astype(np.float32)
    return height


def _distance(places: Array, pixels: Array) -> tuple[Array, Array]:
    """Distance of (H, W, 2) pixels to a polyline's (N, 2) points, and the index of the nearest one, as float."""
    shape = places.shape[:2]
    mask = np.full(shape, 255, np.uint8)
    first = places[0, 0]
    dense = np.stack([np.interp(np.linspace(0, 1, 4000), np.linspace(0, 1, len(pixels)), axis) for axis in pixels.T], 1)
    local = np.round(dense - first).astype(int)
    inside = ((local >= 0) & (local < np.array(shape)[::-1])).all(1)
    mask[local[inside, 1], local[inside, 0]] = 0
    distance, labels = cv2.distanceTransformWithLabels(mask, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    index = np.zeros(labels.max() + 1, np.float32)
    at = labels[local[inside, 1], local[inside, 0]]
    index[at] = np.linspace(0, len(pixels) - 1, 4000, dtype=np.float32)[inside]
    return distance.astype(np.float32), index[labels]
