# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a photo can show wrinkles at all: how sharp the face is in millimetres, and how it is exposed."""

from __future__ import annotations

import cv2
import numpy as np

from .types import Byte, Float, Landmarks, Photo

COARSEST_MM = 1.0
"""Gaussian sigma of the photo's blur from which on most lines of a face (sigma 0.25 to 1.4 mm) are lost. Lids and lips
themselves are soft by about 0.3 mm."""
BURNT_SHARE = 0.2
"""Share of the face that may be white before the shading there is missed."""
DARK_LEVEL = 20
"""Median sRGB value of the face under which little but noise is left of the shading."""
_WINDOW = 256
_EYES_AND_MOUTH = (range(36, 42), range(42, 48), range(48, 68))
_SIGMAS = (1.0, 2.0)
_DIFFERENCE = 1 / 3
"""Variance of the box two pixels wide that a central difference averages the slope over."""
_PIXEL = 0.5
"""Sigma in pixels of the averaging over a sensor's pixel; no photo is sharper."""


def photo_warnings(photo: Photo, marks: Landmarks, px_per_mm: float) -> tuple[str, ...]:
    """Sentences about what the photo cannot show; ``px_per_mm`` is the face's scale in the photo."""
    found = []
    blur_mm = edge_blur(photo.pixels, marks.points) / px_per_mm
    if blur_mm > COARSEST_MM:
        found.append(
            f"The face in {photo.name!r} is small or blurred: edges are {2 * blur_mm:.1f} mm wide, and finer lines are "
            "lost; a sharper or larger photo would show them."
        )
    face = _face(photo.pixels, marks.points)
    if face.size and float((face > 250).mean()) > BURNT_SHARE:
        found.append(f"Much of the face in {photo.name!r} is overexposed: nothing can be read where it is white.")
    elif face.size and float(np.median(face)) < DARK_LEVEL:
        found.append(f"The face in {photo.name!r} is very dark: its noise may be taken for wrinkles.")
    return tuple(found)


def edge_blur(pixels: Byte, points: Float) -> float:
    """Gaussian sigma, in pixels, of the blur of the sharpest edges around the eyes and the mouth.

    A step blurred by s has a steepest slope in proportion to 1 / sqrt(s^2 + t^2) after a further Gaussian of t. The
    ratio r of the slopes for two t is free of the edge's contrast: s^2 = (t2^2 - r^2 t1^2) / (r^2 - 1).
    """
    blurs = [_blur_of(_window(pixels, points[list(part)])) for part in _EYES_AND_MOUTH]
    return max(min(blurs), _PIXEL)


def _window(pixels: Byte, points: Float) -> Float:
    """Luminance of the surroundings of some points, at most _WINDOW across."""
    low, high = points.min(axis=0) - np.ptp(points, axis=0).max() / 4, points.max(axis=0) + np.ptp(points) / 4
    middle = (low + high) / 2
    half = np.clip((high - low) / 2, 8, _WINDOW / 2)
    left, top = np.maximum(middle - half, 0).astype(int)
    right, bottom = np.maximum(middle + half, 0).astype(int)
    cut = pixels[top:bottom, left:right]
    return np.asarray(cut @ np.array([0.2126, 0.7152, 0.0722], np.float32), np.float32)


def _blur_of(grey: Float) -> float:
    if min(grey.shape) < 8:
        return _PIXEL
    near, wide = (_slope(np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), np.float32)) for sigma in _SIGMAS)
    edges = wide >= np.percentile(wide, 97)
    ratio = float(np.median(near[edges] / np.maximum(wide[edges], 1e-3))) ** 2
    small, large = (sigma**2 + _DIFFERENCE for sigma in _SIGMAS)
    return float(np.sqrt(max(large - ratio * small, 0) / max(ratio - 1, 1e-3)))


def _slope(image: Float) -> Float:
    dx, dy = (cv2.Sobel(image, cv2.CV_32F, *axis, ksize=1) for axis in ((1, 0), (0, 1)))
    return np.asarray(np.hypot(dx, dy), np.float32)


def _face(pixels: Byte, points: Float) -> Byte:
    """The brightest channel of every pixel (of every few, in a large photo) within the landmarks' hull, (N,)."""
    step = max(1, int(np.ptp(points, axis=0).max() / 512))
    small = pixels[::step, ::step]
    mask = np.zeros(small.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.asarray(cv2.convexHull(np.round(points / step).astype(np.int32))), (1,))
    return np.asarray(small.max(axis=-1)[mask > 0], np.uint8)
