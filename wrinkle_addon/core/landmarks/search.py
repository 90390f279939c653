# SPDX-License-Identifier: GPL-3.0-or-later
"""Choosing the face: detections proposed by the detector, laid out by the mesh network, checked by the detector again.

The mesh network, given a face upside down, often reports a face all the same. The detector then looks at the crop that
the mesh says is upright: a true one scores above 0.85 there, an overturned one lower than when turned around.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np

from ..progress import Progress
from .detector import Detection, find_faces, score_of
from .mesh import Crop, Mesh, Scaled, crop_of_detection, crop_of_points, cut, fit_mesh

_PRESENT = 0.5  # MediaPipe's own threshold
_CERTAIN = 0.9
_UPRIGHT = 0.8
_PLAUSIBLE = 0.5
_AGREED = 0.6  # where the mesh network is certain, enough to look no further, not enough to be sure
_CHECK_MARGIN = 1.2
_CANDIDATES = 3


@dataclass(frozen=True, eq=False)
class Face:
    """mesh: of the largest face. count: how many faces are plainly there. sure: False when no check confirmed it."""

    mesh: Mesh
    count: int
    sure: bool


def largest_face(photo: Scaled, progress: Progress) -> Face | None:
    """The largest face of the first pyramid level that holds a confirmed one, else the most plausible of all levels."""
    fallback: tuple[float, Face] | None = None
    for detections in find_faces(photo.by(1), progress):
        for detection in islice(detections, _CANDIDATES):
            mesh, trust = _confirmed_mesh(photo, detection)
            others = sum(other.score >= _UPRIGHT and other is not detection for other in detections)
            face = Face(mesh, 1 + others, trust >= _UPRIGHT)
            if face.sure or (trust >= _AGREED and mesh.presence >= _CERTAIN):
                return face
            if trust >= _PLAUSIBLE and (fallback is None or trust > fallback[0]):
                fallback = (trust, face)
    return fallback[1] if fallback else None


def _confirmed_mesh(photo: Scaled, detection: Detection) -> tuple[Mesh, float]:
    """The mesh at a detection, turned around when that fits better, and how far it can be trusted, 0..1."""
    mesh = fit_mesh(photo, crop_of_detection(detection))
    if detection.score >= _CERTAIN and mesh.presence >= _CERTAIN:
        return mesh, detection.score
    trust = _trust(photo, mesh)
    if trust >= _UPRIGHT:
        return mesh, trust
    crop = crop_of_points(mesh.points)
    overturned = Crop(crop.centre, crop.size, crop.angle + np.pi)
    if _upright_score(photo, overturned) > trust:
        other = fit_mesh(photo, overturned)
        other_trust = _trust(photo, other)
        if other_trust > trust:
            return other, other_trust
    return mesh, trust


def _trust(photo: Scaled, mesh: Mesh) -> float:
    if mesh.presence < _PRESENT:
        return 0.0
    return _upright_score(photo, crop_of_points(mesh.points))


def _upright_score(photo: Scaled, crop: Crop) -> float:
    """How sure the detector is that a crop shows an upright face, 0..1."""
    return score_of(cut(photo, Crop(crop.centre, crop.size * _CHECK_MARGIN, crop.angle)))
