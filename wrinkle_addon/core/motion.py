# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion maps: how far each blendshape wakes the wrinkles of each texel.

The measure is the compression of the skin, the most negative eigenvalue of its strain (see strain.py). Where the skin
has lines already, only compression across them counts: a brow raise wakes the lines that run across the forehead and
leaves those between the brows asleep.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import wrinkle_native

from .lines import TRUST, Lines
from .models.arkit import side
from .strain import Strains
from .types import Float, MotionMaps

FULL_STRAIN = 0.02
"""A blendshape whose strongest compression stays under this never reaches full activation, so noise is not blown up."""
QUIET = 0.12
"""Share of a blendshape's full compression under which skin counts as riding along."""
SIDES = {None: 0, "L": 1, "R": 2}


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
    size = strains.values.shape[1]
    whole = np.ones((size, size), np.float32)
    lines = lines or {}
    kinds = list({id(entry): entry for entry in lines.values()}.values())
    place = {id(entry): index for index, entry in enumerate(kinds)}
    sides = [0 if left is None else SIDES[side(name)] for name in strains.names]
    maps = wrinkle_native.motion_maps(
        np.ascontiguousarray(strains.values, np.float32),
        whole if skin is None else np.ascontiguousarray(skin, np.float32),
        whole if left is None else np.ascontiguousarray(left, np.float32),
        np.array(sides, np.int32),
        np.array([entry.across for entry in kinds], np.float32).reshape(-1, size, size, 2),
        np.array([entry.sure for entry in kinds], np.float32).reshape(-1, size, size),
        np.array([place[id(lines[name])] if name in lines else -1 for name in strains.names], np.int32),
        FULL_STRAIN,
        QUIET,
        TRUST,
    )
    return MotionMaps(strains.names, maps)


def motion_directions(strains: Strains) -> Float:
    """The direction of the strongest compression: (E, M, M) float32, radians in 0..pi from +u towards +v on the skin.

    Wrinkles run at right angles to it. Meaningful where the motion map is not 0.
    """
    tt, bb, tb = np.moveaxis(strains.values, -1, 0)
    return np.asarray((np.arctan2(2 * tb, tt - bb) / 2 + np.pi / 2) % np.pi, np.float32)
