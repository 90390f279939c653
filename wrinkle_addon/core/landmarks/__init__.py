# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmarks of a face: found in a photo, or read from a file."""

from __future__ import annotations

import numpy as np

from ..errors import WrinkleError
from ..progress import Progress, report, silent
from ..types import Float, Landmarks, Photo
from .ibug import average_of, to_ibug
from .mesh import Mesh, Scaled
from .pts import read_pts, write_pts
from .search import Face, largest_face
from .visibility import eyes_are_hidden

__all__ = ["find_landmarks", "read_pts", "write_pts"]

_SMALLEST_PHOTO = 64
_LOW = 0.5
_WIDE_SPREAD = 0.05  # of the distance between the eyes' outer corners
_FAR_TURN = 40.0
_EYES = slice(36, 48)
_HIDDEN = 0.3
_RIGHT_CHEEK, _LEFT_CHEEK = 234, 454


def find_landmarks(photo: Photo, progress: Progress = silent) -> Landmarks:
    """The 68 iBUG points and the 468 mesh points of the largest face, in the photo's pixels.

    Raises WrinkleError naming the photo when it is smaller than 64 pixels or shows no face.
    """
    height, width = photo.pixels.shape[:2]
    if min(height, width) < _SMALLEST_PHOTO:
        hint = f"Give a photo of {_SMALLEST_PHOTO} pixels or more."
        raise WrinkleError(f"{photo.name!r} is too small ({width} x {height} pixels).", hint)
    scaled = Scaled(photo.pixels)
    face = largest_face(scaled, progress)
    if face is None:
        hint = "Give a photo that shows one face from the front, well lit and whole."
        raise WrinkleError(f"No face was found in {photo.name!r}.", hint)
    report(progress, 1.0, "Face found")
    points = to_ibug(face.mesh.points)
    confidence = _confidence(face.mesh, points, width, height)
    warnings = _warnings(photo.name, face, confidence)
    if eyes_are_hidden(scaled, face.mesh.points):
        confidence[_EYES] *= _HIDDEN
        warnings.append(
            f"The eyes in {photo.name!r} are hidden by dark glasses or shadow: their landmarks are a guess."
        )
    return Landmarks(points, confidence, face.mesh.points, tuple(warnings))


def _confidence(mesh: Mesh, points: Float, width: int, height: int) -> Float:
    """(68,) float32 0..1."""
    between_eyes = float(np.linalg.norm(points[36] - points[45]))
    spread = average_of(mesh.spread) / max(between_eyes, 1e-6)
    confidence = mesh.presence * np.exp(-((spread / _WIDE_SPREAD) ** 2))
    inside = ((points >= -0.5) & (points <= np.array([width, height]) - 0.5)).all(1)
    return np.where(inside, confidence, 0.0).astype(np.float32)


def _warnings(name: str, face: Face, confidence: Float) -> list[str]:
    warnings = []
    if face.count > 1:
        warnings.append(f"{name!r} shows {face.count} faces; the largest is used.")
    if not face.sure:
        warnings.append(
            f"It is not certain that {name!r} shows a face: check the landmarks before you trust the result."
        )
    turn = _turn_degrees(face.mesh.points)
    if turn > _FAR_TURN:
        warnings.append(f"The face in {name!r} is turned by about {turn:.0f} degrees: its far side is a guess.")
    low = int((confidence < _LOW).sum())
    if low:
        warnings.append(f"{low} of the 68 landmarks in {name!r} are uncertain: check them before you trust the result.")
    return warnings


def _turn_degrees(points: Float) -> float:
    """Angle between the face's forward direction and the viewer, about the vertical axis. points: (468, 3)."""
    across = points[_LEFT_CHEEK] - points[_RIGHT_CHEEK]
    return float(np.degrees(np.arctan2(abs(across[2]), np.linalg.norm(across[:2]))))
