# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera: weak perspective and full perspective in one set of parameters.

With P = R (X - centre), in mm, x right, y up, z to the viewer, a point lies at

    u = cx + s (Px + tx) / (1 - k Pz),    v = cy - s (Py + ty) / (1 - k Pz)

where s is pixels per millimetre at the face's middle and k = 1 / distance in 1/mm: k = 0 is weak perspective, and
s / k is the focal length in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
POSE_SIZE = 7
TYPICAL_K, SPREAD_K, LARGEST_K = 1.0 / 1000.0, 1.0 / 2000.0, 1.0 / 250.0
"""Faces are photographed from 0.25 m; without a stated focal length about 1 m is assumed."""


@dataclass(frozen=True, eq=False)
class Camera:
    """rotation: (3, 3) model to camera. offset: (tx, ty) mm. scale: px per mm. k: 1/mm. middle: (cx, cy) px. centre:
    (3,) mm."""

    rotation: Array
    offset: Array
    scale: float
    k: float
    middle: Array
    centre: Array

    def turned(self, points: npt.NDArray[np.floating[Any]]) -> Array:
        """(N, 3) mm in the camera frame, relative to the face's middle."""
        return np.asarray((points - self.centre) @ self.rotation.T, np.float64)

    def project(self, points: npt.NDArray[np.floating[Any]]) -> Array:
        """(N, 2) px of (N, 3) mm."""
        return self.project_turned(self.turned(points))

    def project_turned(self, turned: Array) -> Array:
        near = self.scale / np.maximum(1.0 - self.k * turned[:, 2], 0.05)
        return np.column_stack(
            (
                self.middle[0] + (turned[:, 0] + self.offset[0]) * near,
                self.middle[1] - (turned[:, 1] + self.offset[1]) * near,
            )
        )

    def derivatives(self, turned: Array) -> tuple[Array, Array]:
        """Of the projection: by the turned point, (N, 2, 3), and by the pose (turn 3, offset 2, log scale, k), (N, 2,
        7)."""
        inverse = 1.0 / np.maximum(1.0 - self.k * turned[:, 2], 0.05)
        flat = (turned[:, :2] + self.offset) * [1.0, -1.0] * (self.scale * inverse)[:, None]
        by_point = np.zeros((len(turned), 2, 3))
        by_point[:, 0, 0] = self.scale * inverse
        by_point[:, 1, 1] = -self.scale * inverse
        by_point[:, :, 2] = flat * (self.k * inverse)[:, None]
        by_pose = np.empty((len(turned), 2, POSE_SIZE))
        by_pose[:, :, :3] = np.cross(turned[:, None, :], by_point)
        by_pose[:, :, 3:5] = by_point[:, :, :2]
        by_pose[:, :, 5] = flat
        by_pose[:, :, 6] = flat * (turned[:, 2] * inverse)[:, None]
        return by_point, by_pose

    def moved(self, step: Array) -> Camera:
        """After a step in the seven pose parameters."""
        return replace(
            self,
            rotation=rotation_of(step[:3]) @ self.rotation,
            offset=self.offset + step[3:5],
            scale=float(self.scale * np.exp(np.clip(step[5], -0.5, 0.5))),
            k=float(np.clip(self.k + step[6], 0.0, LARGEST_K)),
        )


def rotation_of(turn: Array) -> Array:
    """Rotation matrix of a rotation vector (Rodrigues)."""
    angle = float(np.linalg.norm(turn))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = turn / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross)


def place(rotation: Array, points: Array, pixels: Array, middle: Array, centre: Array, k: float) -> Camera:
    """The camera with this rotation whose scale and offset fit (N, 3) mm to (N, 2) px best in the sense of least
    squares."""
    turned = (points - centre) @ rotation.T
    flat, seen = turned[:, :2], (pixels - middle) * [1.0, -1.0]
    flat_mean, seen_mean = flat.mean(axis=0), seen.mean(axis=0)
    spread = float(((flat - flat_mean) ** 2).sum())
    scale = max(float(((flat - flat_mean) * (seen - seen_mean)).sum()) / max(spread, 1e-9), 1e-6)
    return Camera(rotation, seen_mean / scale - flat_mean, scale, k, middle, centre)
