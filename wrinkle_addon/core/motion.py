# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion maps: how far each blendshape wakes the wrinkles of each texel.

The measure is the compression of the skin, the most negative eigenvalue of its strain (see strain.py). Where the skin
has lines already, only compression across them counts: a brow raise wakes the lines that run across the forehead and
leaves those between the brows asleep.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .lines import Lines
from .models.arkit import side
from .strain import Strains
from .types import Float, MotionMaps

FULL_STRAIN = 0.02
"""A blendshape whose strongest compression stays under this never reaches full activation, so noise is not blown up."""
QUIET = 0.12
"""Share of a blendshape's full compression under which skin counts as riding along."""


def motion_maps(
    strains: Strains,
    skin: Float | None = None,
    left: Float | None = None,
    lines: Mapping[str, Lines] | None = None,
) -> MotionMaps:
    """How far each blendshape wakes the wrinkles of each texel, 0 to 255.

    Full activation is the 95th percentile of the compression over the blendshape's active skin, but never less than a
    strain of 0.02. skin: (M, M), share of the texel that can wrinkle; all of it by default. left: (M, M), share of
    the texel that is the subject's left; a one-sided shape, told by its ARKit name, leaves the middle that it drags
    along to the shape of the other side, so that both together count it once. lines: by blendshape, the lines that it
    may wake; without an entry every direction counts.
    """
    count, size = strains.values.shape[:2]
    maps = np.zeros((count, size, size), np.uint8)
    for index, (name, strain) in enumerate(zip(strains.names, strains.values, strict=True)):
        compression = _compression(strain)
        activation = _activation(compression if skin is None else compression * skin)
        own = side(name)
        if left is not None and own is not None:
            activation = activation * (left if own == "L" else 1 - left)
        known = (lines or {}).get(name)
        if known is not None:
            activation = activation * known.alignment(strain, compression)
        maps[index] = np.rint(activation * 255)
    return MotionMaps(strains.names, maps)


def motion_directions(strains: Strains) -> Float:
    """The direction of the strongest compression: (E, M, M) float32, radians in 0..pi from +u towards +v on the skin.

    Wrinkles run at right angles to it. Meaningful where the motion map is not 0.
    """
    tt, bb, tb = np.moveaxis(strains.values, -1, 0)
    return np.asarray((np.arctan2(2 * tb, tt - bb) / 2 + np.pi / 2) % np.pi, np.float32)


def _compression(strain: Float) -> Float:
    """The most negative eigenvalue's size, (M, M) >= 0. strain: (M, M, 3)."""
    tt, bb, tb = np.moveaxis(strain, -1, 0)
    return np.asarray(np.maximum(np.hypot((tt - bb) / 2, tb) - (tt + bb) / 2, 0), np.float32)


def _activation(compression: Float) -> Float:
    """Compression to 0..1: 1 at the 95th percentile of the skin that takes part, 0 where it only rides along."""
    strongest = float(compression.max(initial=0))
    active = compression[compression > QUIET * strongest]
    full = max(float(np.percentile(active, 95)) if active.size else 0.0, FULL_STRAIN)
    return np.asarray(np.clip((compression / full - QUIET) / (1 - QUIET), 0, 1), np.float32)
