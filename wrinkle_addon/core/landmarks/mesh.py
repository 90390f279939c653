# SPDX-License-Identifier: GPL-3.0-or-later
"""The 468-point face mesh network on turned, scaled crops of the photo.

The network (Kartynnik et al. 2019) wants an upright face in the middle of a 192 x 192 crop 1.5 times as wide as the
face. The first crop comes from the detector; the following ones from the network's own points, until the crop no
longer changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ..types import Byte, Float
from .detector import Detection
from .networks import MESH_FILE, run_network

POINTS = 468
_INPUT = 192
_MARGIN = 1.5
_ROUNDS = 10  # two or three are usual; more where the detector misjudged the turn
_SETTLED = 0.02  # change of the crop, in parts of its size, below which another round brings nothing
_RIGHT_EYE, _LEFT_EYE = 33, 263
_HOPELESS = 0.05  # presence below which the crop shows no face at all


@dataclass(frozen=True, eq=False)
class Crop:
    """A turned square of the photo. centre: (2,) photo pixels. size: side in photo pixels. angle: radians, the
    direction of the crop's x axis in the photo."""

    centre: Float
    size: float
    angle: float

    def to_photo(self, points: Float) -> Float:
        """(N, 2) network coordinates (0..192 from edge to edge) to photo pixels."""
        photo: Float = self.centre + (points / _INPUT - 0.5) @ self.axes * self.size
        return photo

    def from_photo(self, points: Float) -> Float:
        """The way back of :meth:`to_photo`."""
        inside: Float = ((points - self.centre) @ self.axes.T / self.size + 0.5) * _INPUT
        return inside

    @property
    def axes(self) -> npt.NDArray[np.float64]:
        """(2, 2), the crop's x and y directions in the photo as rows."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.array([[cos, sin], [-sin, cos]])


@dataclass(frozen=True, eq=False)
class Mesh:
    """points: (468, 3) float32, x and y in photo pixels, z in the same scale (smaller is nearer). spread: (468,)
    float32, disagreement of the crops in photo pixels. presence: 0..1, how surely there is a face."""

    points: Float
    spread: Float
    presence: float


def crop_of_detection(face: Detection) -> Crop:
    """The first crop: the detection's box, turned so that the eyes are level."""
    across = face.keypoints[1] - face.keypoints[0]
    return Crop(face.centre, face.size * _MARGIN, float(np.arctan2(across[1], across[0])))


def crop_of_points(points: Float) -> Crop:
    """The crop for the next round. points: (468, 2+) photo pixels."""
    across = points[_LEFT_EYE, :2] - points[_RIGHT_EYE, :2]
    angle = float(np.arctan2(across[1], across[0]))
    cos, sin = np.cos(angle), np.sin(angle)
    axes = np.array([[cos, sin], [-sin, cos]])
    turned = points[:, :2] @ axes.T
    low, high = turned.min(0), turned.max(0)
    return Crop(((low + high) / 2) @ axes, float((high - low).max()) * _MARGIN, angle)


def fit_mesh(photo: Scaled, crop: Crop) -> Mesh:
    """The face mesh in a crop.

    The last crop is seen once more in a mirror: the mean of both has no bias to one side, and where they disagree the
    network is unsure.
    """
    points, presence = _run(photo, crop, mirrored=False)
    for _ in range(_ROUNDS - 1):
        following = crop_of_points(points)
        if presence < _HOPELESS or _change(crop, following) < _SETTLED:
            break
        crop = following
        points, presence = _run(photo, crop, mirrored=False)
    other, other_presence = _run(photo, crop, mirrored=True)
    spread = np.linalg.norm((points - other)[:, :2], axis=1) / 2
    return Mesh((points + other) / 2, spread.astype(np.float32), min(presence, other_presence))


def _change(old: Crop, new: Crop) -> float:
    """How much a crop moved, grew or turned, in parts of its size or radians."""
    moved = float(np.linalg.norm(new.centre - old.centre)) / old.size
    turned = abs(float(np.angle(np.exp(1j * (new.angle - old.angle)))))
    return max(moved, abs(float(np.log(new.size / old.size))), turned)


def mirror_order() -> npt.NDArray[np.intp]:
    """(468,) index of each point's mirror image.

    In the canonical face model of MediaPipe (Apache-2.0) points 0..247 are those of the midline and of the subject's
    right; the others follow in the same order as their partners.
    """
    midline = {0, 1, 2, *range(4, 7), *range(8, 20), 94, 151, 152, 164, 168, 175, 195, 197, 199, 200}
    right = [index for index in range(248) if index not in midline]
    order = np.arange(POINTS)
    order[right] = np.arange(248, POINTS)
    order[248:] = right
    return order


_MIRROR = mirror_order()


def _run(photo: Scaled, crop: Crop, mirrored: bool) -> tuple[Float, float]:
    """Points in the photo, (468, 3) float32, and presence, 0..1, of one crop, perhaps seen in a mirror."""
    image = cut(photo, crop)
    if mirrored:
        image = image[:, ::-1]
    blob = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    outputs = run_network(MESH_FILE, blob)
    found = next(value for value in outputs.values() if value.size == POINTS * 3).reshape(POINTS, 3)
    logit = next(value for value in outputs.values() if value.size == 1).item()
    if mirrored:
        found = found[_MIRROR] * np.array([-1, 1, 1], np.float32) + np.array([_INPUT, 0, 0], np.float32)
    points = np.empty((POINTS, 3), np.float32)
    points[:, :2] = crop.to_photo(found[:, :2])
    points[:, 2] = found[:, 2] * crop.size / _INPUT
    return points, float(1 / (1 + np.exp(-np.clip(logit, -80, 80))))


class Scaled:
    """A photo averaged down by whole numbers; each size is made once. pixels: (H, W, 3) uint8 RGB."""

    def __init__(self, pixels: Byte) -> None:
        self._sizes = {1: pixels}

    def by(self, factor: int) -> Byte:
        """The photo ``factor`` times smaller; rows and columns that do not fill a pixel are left out."""
        if factor not in self._sizes:
            whole = self._sizes[1]
            rows, columns = (max(1, length // factor) for length in whole.shape[:2])
            window = whole[: rows * factor, : columns * factor]
            small = cv2.resize(window, (columns, rows), interpolation=cv2.INTER_AREA)
            self._sizes[factor] = np.asarray(small, np.uint8)
        return self._sizes[factor]


def cut(photo: Scaled, crop: Crop) -> Byte:
    """A crop as (192, 192, 3); large ones out of the averaged photo, so that fine detail does not alias."""
    factor = max(1, int(crop.size / _INPUT))
    # Crop pixel i has its centre at i + 0.5 from the crop's edge; photo pixel i at i.
    step = crop.size / _INPUT / factor
    cos, sin = np.cos(crop.angle) * step, np.sin(crop.angle) * step
    middle = (crop.centre + 0.5) / factor - 0.5
    half = (_INPUT - 1) / 2
    matrix = np.array(
        [
            [cos, -sin, middle[0] - half * (cos - sin)],
            [sin, cos, middle[1] - half * (sin + cos)],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size, mode = (_INPUT, _INPUT), cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(photo.by(factor), matrix, size, flags=flags, borderMode=mode), np.uint8)
