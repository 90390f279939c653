# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmarks of a face: found in a photo, or read from a file."""

from __future__ import annotations

from itertools import islice

import numpy as np

from ..errors import WrinkleError
from ..progress import Progress, report, silent
from ..types import Float, Landmarks, Photo
from .detector import Detection, find_faces, is_sure
from .ibug import average_of, to_ibug
from .mesh import Mesh, fit_mesh
from .pts import read_pts, write_pts

__all__ = ["find_landmarks", "read_pts", "write_pts"]

_SMALLEST_PHOTO = 64
_PRESENT = 0.5  # MediaPipe's own threshold
_LOW = 0.5
_CANDIDATES = 3


def find_landmarks(photo: Photo, progress: Progress = silent) -> Landmarks:
    """The 68 iBUG points and the 468 mesh points of the largest face, in the photo's pixels.

    Raises WrinkleError naming the photo when it is smaller than 64 pixels or shows no face.
    """
    height, width = photo.pixels.shape[:2]
    if min(height, width) < _SMALLEST_PHOTO:
        hint = f"Give a photo of {_SMALLEST_PHOTO} pixels or more."
        raise WrinkleError(f"{photo.name!r} is too small ({width} x {height} pixels).", hint)
    faces, mesh = _best_face(photo, progress)
    if mesh is None:
        hint = "Give a photo that shows one face from the front, well lit and whole."
        raise WrinkleError(f"No face was found in {photo.name!r}.", hint)
    report(progress, 1.0, "Face found")
    points = to_ibug(mesh.points)
    confidence = _confidence(mesh, points, width, height)
    return Landmarks(points, confidence, mesh.points, _warnings(photo.name, faces, mesh, confidence))


def _best_face(photo: Photo, progress: Progress) -> tuple[list[Detection], Mesh | None]:
    """All faces of the level at which a face was confirmed by the mesh network, and the mesh of the largest of them."""
    best: tuple[list[Detection], Mesh | None] = ([], None)
    for faces in find_faces(photo.pixels, progress):
        for face in islice(faces, _CANDIDATES):
            mesh = fit_mesh(photo.pixels, face)
            if mesh.presence < _PRESENT:
                continue
            if is_sure(face) or mesh.presence > 0.9:
                return faces, mesh
            if best[1] is None or mesh.presence > best[1].presence:
                best = (faces, mesh)
    return best


def _confidence(mesh: Mesh, points: Float, width: int, height: int) -> Float:
    """(68,) float32 0..1."""
    between_eyes = float(np.linalg.norm(points[36] - points[45]))
    spread = average_of(mesh.spread) / max(between_eyes, 1e-6)
    confidence = mesh.presence * np.exp(-((spread / 0.04) ** 2))
    inside = ((points >= -0.5) & (points <= np.array([width, height]) - 0.5)).all(1)
    return np.where(inside, confidence, 0.0).astype(np.float32)


def _warnings(name: str, faces: list[Detection], mesh: Mesh, confidence: Float) -> tuple[str, ...]:
    warnings = []
    if len(faces) > 1:
        warnings.append(f"{name!r} shows {len(faces)} faces; the largest is used.")
    low = int((confidence < _LOW).sum())
    if low:
        warnings.append(f"{low} of the 68 landmarks in {name!r} are uncertain: check them before you trust the result.")
    return tuple(warnings)
