# SPDX-License-Identifier: GPL-3.0-or-later
"""Blendshapes of jaw, lips and chin: which muscle pulls what where (FACS, Ekman & Friesen 1978)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import topology
from .mathematics import smooth, to_line
from .muscles import Lids, Skin

CORNER, UPPER, LOWER = 291, 0, 17  # of the 468 points: the left mouth corner, the middles of both lips


def _upper(skin: Skin, field: np.ndarray) -> np.ndarray:
    return field * (1 - skin.lower_lip)[:, None]


def _lower(skin: Skin, field: np.ndarray) -> np.ndarray:
    return field * skin.lower_lip[:, None]


def _left(skin: Skin) -> np.ndarray:
    """Left side with a passage as wide as the lips need, nothing beyond the midline's other side."""
    return smooth(skin.p[:, 0], -4, 12)


def jaw_open(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 26/27: the jaw turns about its hinge; the cheeks are drawn in."""
    field = skin.turn_jaw(17.0, 2.0)
    for sign in (-1, 1):
        field += skin.slide(skin.near((40 * sign, -58, 4), (13, 16, 18)), (-2.0 * sign, -1.5, -1.5), 0.0)
    return field


def jaw_forward(skin: Skin, lids: Lids) -> np.ndarray:
    """AD 29: the jaw thrusts forwards."""
    return skin.turn_jaw(0.0, 6.0)


def jaw_left(skin: Skin, lids: Lids) -> np.ndarray:
    """AD 30: the jaw shifts to the subject's left."""
    return skin.turn_jaw(0.0, 0.0, 7.0)


def mouth_close(skin: Skin, lids: Lids) -> np.ndarray:
    """The lips meet while the jaw is open: together with jawOpen at 1 they rest on each other, nearer the upper jaw."""
    opened = jaw_open(skin, lids)
    rim = np.array([61, *topology.MOUTH[1:10], 291])
    seam = np.stack([np.interp(skin.p[:, 0], skin.p[rim, 0], opened[rim, k]) for k in range(3)], axis=1)
    line = np.linalg.norm(skin.p - [0, -68.2, 24], axis=1)  # only to keep the field near the mouth
    distance = to_line(skin.p[:, :2], skin.p[rim, :2])
    reach = (1 - smooth(distance, 6.5, 24)) * (1 - smooth(line, 34, 50)) * skin.skin
    return (0.35 * seam - opened) * reach[:, None]


def _lip_band(skin: Skin, reach: float) -> np.ndarray:
    """(V,) 1 on both lips and their inside, fading ``reach`` mm away."""
    line = [skin.at(i) for i in (61, 37, 0, 267, 291)]
    other = [skin.at(i) for i in (61, 84, 17, 314, 291)]
    return np.maximum(skin.along(line, reach), skin.along(other, reach))


def mouth_funnel(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 22: the lips open and flare like a funnel."""
    band = _lip_band(skin, 9.0)
    x = skin.p[:, 0]
    middle = np.exp(-0.5 * (x / 13) ** 2)
    field = np.stack([-0.22 * x * band, 0 * x, 4.0 * band], axis=1)
    field += _upper(skin, (band * middle)[:, None] * np.array([0, 4.0, 3.0]))
    return field + _lower(skin, (band * middle)[:, None] * np.array([0, -6.0, 2.5]))


def mouth_pucker(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 18: orbicularis oris draws the corners together and the lips forwards."""
    x = skin.p[:, 0]
    # the nose's floor is fastened to the bone
    held = 1 - 0.8 * smooth(skin.p[:, 1], -64, -44) * (1 - smooth(np.abs(x), 12, 34))
    band = _lip_band(skin, 11.0) * held
    field = np.stack([-0.27 * x * band, 1.0 * band, 7.5 * band], axis=1)
    for sign in (-1, 1):
        field += skin.drag((42 * sign, -66, 8), (13, 16, 18), (-3.6 * sign, 1.6, 3.6), 0.6) * held[:, None]
    return field + skin.slide(skin.near((0, -100, 20), (26, 12, 20)), (0, 1.4, 1.0), 0.0)


def mouth_left(skin: Skin, lids: Lids) -> np.ndarray:
    """Both lips shift to the subject's left."""
    field = skin.slide(_lip_band(skin, 10.0), (7.5, 0.6, 0), 0.4)
    return field + skin.swell(skin.near((38, -64, 8), (8, 12, 14)), 1.5)


def mouth_smile(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 12: zygomaticus major draws the corner up, out and back; the cheek bunches above."""
    field = skin.pull(skin.at(CORNER, 3, 0, 0), (10, 9.5, 18), (6.4, 7.6, -7.4), 0.34, 0.1)
    field += skin.drag((42, -52, 6), (15, 17, 22), (3.4, 4.6, 0.2), 0.5)
    field += skin.swell(skin.near((43, -42, 8), (14, 11, 18)), 2.2)
    field += skin.slide(skin.near((26, -98, 12), (18, 16, 22)), (0.4, 3.2, 0.2), 0.0)
    field += skin.slide(skin.near((0, -68, 28), (20, 12, 18)), (0.6, 1.8, -1.2), 0.0)
    return lids.hold(field * _left(skin)[:, None], 0.45)


def mouth_frown(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 15: depressor anguli oris draws the corner down."""
    field = skin.drag(skin.at(CORNER, 3, -2, 0), (9, 9, 16), (1.8, -6.6, -1.5), 0.5)
    field += skin.swell(skin.near(skin.at(CORNER, 6, -14, -2), (8, 7, 12)), 0.7)
    return field * _left(skin)[:, None]


def mouth_dimple(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 14: buccinator draws the corner back and in."""
    field = skin.drag(skin.at(CORNER, 4, 0, 0), (10, 10, 16), (5.2, 0.6, -5.2), 0.4, 0.1)
    field += skin.swell(skin.near(skin.at(CORNER, 8, 0, -2), (4, 7, 9)), -1.6)
    return field * _left(skin)[:, None]


def mouth_stretch(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 20: risorius and platysma draw the corner out and down."""
    field = skin.drag(skin.at(CORNER, 4, -4, 0), (12, 13, 18), (7.8, -4.4, -6.0), 0.4, 0.15)
    field += skin.slide(skin.near((36, -92, 0), (14, 14, 18)), (2.0, -3.5, -1.0), 0.3)
    return field * _left(skin)[:, None]


def mouth_roll_lower(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 28: the lower lip rolls over the teeth."""
    band = skin.along([skin.at(i) for i in (146, 84, 17, 314, 375)], 5.5)
    return _lower(skin, band[:, None] * np.array([0, 3.8, -5.5]))


def mouth_roll_upper(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 28: the upper lip rolls over the teeth."""
    band = skin.along([skin.at(i) for i in (185, 37, 0, 267, 409)], 5.5)
    return _upper(skin, band[:, None] * np.array([0, -3.2, -5.5]))


def mouth_shrug_lower(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 17: mentalis pushes the chin's skin and the lower lip up."""
    chin = skin.near((0, -94, 22), (17, 9, 16))
    field = skin.slide(chin, (0, 6.0, 0.5), 0.3) + skin.swell(skin.near((0, -88, 20), (13, 6, 14)), 1.4)
    lip = _lower(skin, _lip_band(skin, 7.0)[:, None] * np.array([0, 3.0, 1.2]))
    return field + lip * np.exp(-0.5 * (skin.p[:, 0] / 17) ** 2)[:, None]


def mouth_shrug_upper(skin: Skin, lids: Lids) -> np.ndarray:
    """The upper lip is pushed up from below."""
    band = _lip_band(skin, 7.5) * np.exp(-0.5 * (skin.p[:, 0] / 16) ** 2)
    return _upper(skin, band[:, None] * np.array([0, 3.8, 1.5]))


def mouth_press(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 24: the lips press against each other."""
    band = _lip_band(skin, 5.5)
    field = _upper(skin, band[:, None] * np.array([0, -1.3, -1.5]))
    field += _lower(skin, band[:, None] * np.array([0, 1.3, -1.5]))
    field += skin.slide(skin.near(skin.at(CORNER), (9, 8, 14)), (1.8, 0.8, -1.5), 0.2)
    return field * _left(skin)[:, None]


def mouth_lower_down(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 16: depressor labii inferioris draws one half of the lower lip down and out."""
    pull = skin.near(skin.at(405, 1, -2, 0), (10, 11, 16))
    field = skin.slide(pull, (1.6, -7.0, -0.5), 0.1)
    return _lower(skin, field) * _left(skin)[:, None]


def mouth_upper_up(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 10: levator labii superioris lifts one half of the upper lip."""
    pull = skin.near(skin.at(269, 1, 3, 0), (10, 11, 16))
    field = skin.slide(pull, (0.8, 6.5, -0.5), 0.1)
    field += skin.swell(skin.near((24, -50, 16), (7, 8, 10)), 1.4)
    return _upper(skin, field) * _left(skin)[:, None]


def tongue_out(skin: Skin, lids: Lids) -> np.ndarray:
    """Only what lets the tongue pass: the face has no tongue, so the lips part a little."""
    band = _lip_band(skin, 7.0) * np.exp(-0.5 * (skin.p[:, 0] / 14) ** 2)
    return _lower(skin, band[:, None] * np.array([0, -4.0, 1.5])) + _upper(
        skin, band[:, None] * np.array([0, 1.2, 0.5])
    )


SHAPES: dict[str, Callable[[Skin, Lids], np.ndarray]] = {
    "jawForward": jaw_forward,
    "jawLeft": jaw_left,
    "jawOpen": jaw_open,
    "mouthClose": mouth_close,
    "mouthFunnel": mouth_funnel,
    "mouthPucker": mouth_pucker,
    "mouthLeft": mouth_left,
    "mouthSmileLeft": mouth_smile,
    "mouthFrownLeft": mouth_frown,
    "mouthDimpleLeft": mouth_dimple,
    "mouthStretchLeft": mouth_stretch,
    "mouthRollLower": mouth_roll_lower,
    "mouthRollUpper": mouth_roll_upper,
    "mouthShrugLower": mouth_shrug_lower,
    "mouthShrugUpper": mouth_shrug_upper,
    "mouthPressLeft": mouth_press,
    "mouthLowerDownLeft": mouth_lower_down,
    "mouthUpperUpLeft": mouth_upper_up,
    "tongueOut": tongue_out,
}
