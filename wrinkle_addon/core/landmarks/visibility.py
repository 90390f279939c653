# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the eyes can be seen: behind dark glasses the mesh network guesses them, and says nothing."""

from __future__ import annotations

import cv2
import numpy as np

from ..types import Byte, Float, Int
from .mesh import Scaled, crop_of_points, cut, mirror_order

_EYE = np.array([33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246])
_CHEEK = np.array([50, 101, 36, 205])
_BRIGHT = 90.0  # percentile: the white of the eye, a reflection, or the skin of a closed lid
_DARKEST = 0.08  # an open eye reaches 0.3 to 1.2 of the cheek's light, a dark lens 0.02


def eyes_are_hidden(photo: Scaled, points: Float) -> bool:
    """True when both eyes are far darker than the cheeks, in linear light.

    points: (468, 3) of the face mesh in photo pixels.
    """
    crop = crop_of_points(points)
    image = cut(photo, crop)
    placed = np.rint(crop.from_photo(points[:, :2]) - 0.5).astype(np.int32)
    mirror = mirror_order()
    return all(
        np.percentile(_light(image, placed[eye]), _BRIGHT) < _DARKEST * np.median(_light(image, placed[cheek]))
        for eye, cheek in ((_EYE, _CHEEK), (mirror[_EYE], mirror[_CHEEK]))
    )


def _light(image: Byte, corners: Int) -> Float:
    """Linear luminance, (N,) float32, of the pixels within the convex hull of some others."""
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(corners), (1,))
    encoded = image[mask > 0].astype(np.float32) / 255
    light: Float = encoded**2.2 @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return light if light.size else np.ones(1, np.float32)
