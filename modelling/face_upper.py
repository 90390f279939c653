# SPDX-License-Identifier: GPL-3.0-or-later
"""Blendshapes of brows, lids, eyes, cheeks and nose: which muscle pulls what where (FACS, Ekman & Friesen 1978)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .mathematics import smooth
from .muscles import Lids, Skin


def _hairline(skin: Skin) -> np.ndarray:
    """(V,) the forehead's skin slides with the brow, ever less towards the scalp."""
    return 1 - smooth(skin.p[:, 1], 52, 105)


def brow_down(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 4: corrugator draws the brow down and in, procerus the glabella down."""
    field = skin.pull((36, 27, 13), (14, 10, 22), (-4.2, -4.4, 2.4), 0.34, 0.3)
    field += skin.pull(skin.at(336, 1, 0, 0), (8, 9, 14), (-1.4, -1.4, 0.6), 0.2, 0.3)
    field += skin.swell(skin.near(skin.at(336, -1, -1, 0), (5, 6, 9)), 1.0)
    field += skin.slide(skin.near((7, 22, 22), (6, 10, 14)), (-1.6, -1.0, 0.6), 0.3)
    field += skin.swell(skin.along([(20, 13, 12), (34, 14, 12), (46, 11, 4)], 3.8), 1.5)  # the fold hangs over the lid
    near = smooth(skin.p[:, 0], -3, 18)  # the fold between the brows stands beside the midline
    return lids.hold(field * (near * _hairline(skin))[:, None], 0.1)


def brow_inner_up(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 1: the inner frontalis lifts the brows' inner halves and, a little, the skin of the nose."""
    lift = np.zeros_like(skin.p)
    for sign in (-1, 1):
        lift += skin.pull((21 * sign, 24, 19), (12, 12, 24), (0.3 * sign, 5.2, -0.2), 0.36, 0.3)
    lift += skin.slide(skin.near((0, -8, 28), (9, 22, 20)), (0, 0.8, 0), 0.3)
    lift += skin.slide(skin.near((0, 62, 12), (34, 17, 50)), (0, 1.5, 0), 0.4)
    return _both_lids(skin, lids, lift * _hairline(skin)[:, None])


def _both_lids(skin: Skin, lids: Lids, field: np.ndarray) -> np.ndarray:
    flip = skin.face.mirror
    once = lids.hold(field, 0.1)
    return (lids.hold((once[flip] * [-1, 1, 1]), 0.1))[flip] * [-1, 1, 1]


def brow_outer_up(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 2: the outer frontalis lifts the brow's outer half."""
    brow = skin.along([skin.at(334, -2, 0, 0), skin.at(293), skin.at(300)], 11.0)
    field = skin.slide(brow, (1.4, 7.0, -1.5), 0.4)
    field += skin.slide(skin.near((42, 34, 8), (18, 20, 34)), (0.4, 2.2, -0.4), 0.4)
    return lids.hold(field * (skin.left * _hairline(skin))[:, None], 0.1)


def cheek_squint(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 6: the outer ring of orbicularis oculi lifts the cheek and gathers the skin beside the eye."""
    field = skin.pull((50, -34, 4), (15, 17, 26), (-1.2, 5.0, 1.6), 0.36, 0.15)
    field += skin.slide(skin.near((48, -62, -2), (13, 15, 24)), (0.2, 1.6, 0.6), 0.2)
    field += skin.swell(skin.near((44, -21, 6), (12, 8, 18)), 1.2)
    field += skin.slide(skin.near(skin.at(263, 11, 0, -4), (9, 8, 12)), (-1.6, 0.6, 0.6), 0.3)
    return lids.hold(field * skin.left[:, None], 0.45)


def eye_blink(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 45: the upper lid comes down over the eyeball, the lower one rises a little."""
    return lids.close(0.9, 0.1)


def eye_squint(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 7: both lids tighten, the skin beside and under the eye gathers."""
    field = lids.close(0.2, 0.26)
    under = skin.near(skin.at(374, 0, -11, 0), (14, 7, 14))
    field += lids.hold(skin.slide(under, (-0.4, 3.0, 0.4), 0.3) + skin.swell(under, 0.5), 0.3)
    beside = skin.near(skin.at(263, 14, -1, -6), (8, 9, 12))
    field += skin.slide(beside, (-3.0, 0.3, 1.0), 0.3)
    return field * skin.left[:, None]


def eye_wide(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 5: the upper lid rises into its crease."""
    return lids.close(-0.27, -0.05)


def _look(up: float, out: float, upper: float, lower: float) -> Callable[[Skin, Lids], np.ndarray]:
    def shape(skin: Skin, lids: Lids) -> np.ndarray:
        """The eyeball turns and the lids go with it."""
        return lids.look(up, out) + lids.close(upper, lower)

    return shape


def nose_sneer(skin: Skin, lids: Lids) -> np.ndarray:
    """AU 9: levator labii superioris alaeque nasi lifts the wing, the lip and the cheek beside the nose."""
    upper = (1 - skin.lower_lip)[:, None]
    field = skin.drag((28, -42, 14), (13, 17, 22), (-0.5, 7.8, 1.6), 0.5, 0.15) * (0.25 + 0.75 * upper)
    field += skin.slide(skin.near((22, -64, 22), (11, 8, 18)), (-0.6, 3.6, 0.2), 0.1) * upper
    field += skin.slide(skin.near((45, -38, 6), (17, 18, 26)), (-1.2, 4.0, 1.4), 0.1)  # the cheek comes along
    bridge = skin.near((9, -12, 18), (6, 9, 12))
    field += skin.swell(bridge, 1.0) + skin.slide(bridge, (0, 1.6, 0), 0.5)
    field += skin.pull(skin.at(296, -4, -2, 0), (11, 9, 18), (-0.5, -2.6, 0.4), 0.3, 0.3)
    return lids.hold(field * smooth(skin.p[:, 0], -4, 9)[:, None], 0.1)


def cheek_puff(skin: Skin, lids: Lids) -> np.ndarray:
    """AD 34: air blows out cheeks and the skin round the lips."""
    field = np.zeros_like(skin.p)
    for sign in (-1, 1):
        field += skin.swell(skin.near((42 * sign, -62, 2), (17, 17, 22)), 9.0)
    ring = skin.near((0, -54, 28), (17, 6, 16)) + skin.near((0, -86, 22), (17, 6, 16))
    return field + skin.swell(ring, 2.2)


SHAPES: dict[str, Callable[[Skin, Lids], np.ndarray]] = {
    "browDownLeft": brow_down,
    "browInnerUp": brow_inner_up,
    "browOuterUpLeft": brow_outer_up,
    "cheekSquintLeft": cheek_squint,
    "eyeBlinkLeft": eye_blink,
    "eyeSquintLeft": eye_squint,
    "eyeWideLeft": eye_wide,
    "eyeLookUpLeft": _look(25, 0, -0.22, -0.06),
    "eyeLookDownLeft": _look(-28, 0, 0.42, -0.12),
    "eyeLookInLeft": _look(0, -30, 0.0, 0.0),
    "eyeLookOutLeft": _look(0, 30, 0.0, 0.0),
    "noseSneerLeft": nose_sneer,
    "cheekPuff": cheek_puff,
}
