# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 ARKit blendshapes of the built-in head. Only the left side is written; the right one mirrors it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wrinkle_addon.core.models import arkit

from . import face_lower, face_upper
from .head import Head
from .mathematics import smooth
from .muscles import Lids, Skin

Shape = Callable[[Skin, Lids], np.ndarray]


def build(face: Head) -> np.ndarray:
    """(52, V, 3) float32 mm in the order of :data:`arkit.NAMES`."""
    skin = Skin(face)
    lids = Lids(skin)
    makers: dict[str, Shape] = face_upper.SHAPES | face_lower.SHAPES
    made: dict[str, np.ndarray] = {}
    for name, maker in makers.items():
        field = skin.finish(maker(skin, lids))
        if arkit.side(name) == "L":
            field = field * np.where(skin.inside, smooth(skin.p[:, 0], -6, 5), 1)[:, None]
        if arkit.side(name) is None and arkit.mirrored(name) == name:
            field = (field + mirror(face, field)) / 2
        made[name] = field
        made[arkit.mirrored(name)] = mirror(face, field) if arkit.mirrored(name) != name else field
    return np.stack([made[name] for name in arkit.NAMES]).astype(np.float32)


def mirror(face: Head, field: np.ndarray) -> np.ndarray:
    """The motion on the other side."""
    return field[face.mirror] * [-1, 1, 1]
