# SPDX-License-Identifier: GPL-3.0-or-later
"""Identity modes: smooth fields that change one measure of the face each, sized by anthropometric spread.

Standard deviations in mm are of the size that Farkas, "Anthropometry of the Head and Face" (1994) and ANSUR II (2012)
give: bizygomatic breadth 5.5, bigonial breadth 6, face height 6.5, nose height 3.5, nose breadth 2.8, nose protrusion
2, intercanthal 2.6, biocular 4, eye opening 1.1, mouth breadth 3.6, vermilion heights 1.4, chin height 3, forehead
height 6, head breadth 5.5. Left-right differences are ours: about 1.
"""

from __future__ import annotations

import numpy as np

from .head import Head
from .muscles import Skin

Row = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]

# name: places (x > 0 side), radii, displacement of one standard deviation; both sides move as mirror images.
PAIRED: dict[str, tuple[Row, ...]] = {
    "cheekbone width": (((62, -25, -20), (24, 24, 34), (2.8, 0, 0.5)),),
    "jaw angle width": (((60, -75, -25), (24, 26, 34), (3.0, 0, 0)),),
    "temple width": (((65, 40, -30), (28, 34, 40), (2.4, 0, 0)),),
    "cheek fullness": (((44, -55, 5), (20, 22, 26), (2.0, -0.6, 2.4)),),
    "cheek prominence": (((44, -28, 8), (18, 14, 22), (0.6, 0, 2.2)),),
    "eye spacing": (((31, 2, 5), (22, 16, 24), (1.6, 0, -0.2)),),
    "eye depth": (((31, 2, 5), (19, 12, 22), (0, 0, 1.5)),),
    "eye slant": (((44, 1, 2), (9, 9, 16), (0, 1.6, 0)), ((19, -1, 8), (8, 8, 14), (0, -0.5, 0))),
    "brow height": (((34, 24, 12), (24, 10, 20), (0, 2.2, 0)),),
    "brow tilt": (((50, 22, 4), (13, 10, 18), (0, 1.8, 0)), ((15, 25, 18), (11, 10, 16), (0, -1.2, 0))),
    "brow ridge": (((24, 24, 18), (20, 9, 16), (0, -0.3, 1.8)),),
    "nose width": (((16, -42, 22), (9, 10, 14), (1.5, 0, 0)),),
    "nostril height": (((13, -42, 24), (8, 7, 12), (0, 1.3, 0)),),
    "bridge width": (((8, -8, 20), (7, 18, 12), (1.0, 0, 0)),),
    "mouth width": (((25, -69, 16), (11, 12, 18), (2.0, 0, -0.4)),),
    "mouth corner height": (((25, -69, 16), (10, 9, 16), (0, 1.2, 0)),),
    "nasolabial fullness": (((30, -52, 14), (10, 14, 16), (0.4, -0.4, 1.6)),),
    "jowl": (((44, -92, -4), (17, 14, 22), (1.4, -1.6, 0.8)),),
    "under-eye fullness": (((32, -15, 10), (15, 8, 16), (0, 0, 1.3)),),
}
# Fields on the midline.
MIDDLE: dict[str, tuple[Row, ...]] = {
    "forehead height": (((0, 75, 0), (70, 32, 60), (0, 5.0, 0)),),
    "forehead slope": (((0, 62, 10), (50, 26, 50), (0, 0, -3.6)),),
    "forehead bulge": (((0, 48, 18), (34, 18, 30), (0, 0, 2.4)),),
    "nose length": (((0, -38, 32), (20, 13, 30), (0, -2.6, 0)),),
    "nose protrusion": (((0, -34, 40), (13, 13, 24), (0, 0, 2.2)),),
    "nose tip height": (((0, -32, 44), (9, 9, 12), (0, 1.6, 0.3)),),
    "nose bridge": (((0, -12, 26), (11, 12, 16), (0, 0, 1.7)),),
    "nasion depth": (((0, 6, 20), (10, 9, 14), (0, 0, 1.6)),),
    "nose tip fullness": (((0, -35, 40), (11, 8, 11), (0, -0.6, 1.2)),),
    "philtrum length": (((0, -72, 24), (34, 12, 26), (0, -1.8, 0)),),
    "upper lip thickness": (((0, -58, 32), (17, 3.6, 12), (0, 1.2, 0.5)),),
    "lower lip thickness": (((0, -78, 28), (17, 4.2, 12), (0, -1.3, 0.5)),),
    "lip protrusion": (((0, -68, 28), (18, 11, 16), (0, 0, 1.9)),),
    "chin height": (((0, -112, 12), (42, 24, 34), (0, -3.2, 0)),),
    "chin protrusion": (((0, -98, 18), (24, 18, 26), (0, 0, 3.0)),),
    "chin width": (((0, -102, 14), (26, 18, 26), (0, 0, 0.6)),),
    "double chin": (((0, -118, -14), (30, 16, 26), (0, -3.4, 1.2)),),
    "midface length": (((0, -80, 20), (90, 42, 70), (0, -2.6, 0)),),
    "jaw set": (((0, -92, 10), (60, 30, 50), (0, 0, 2.4)),),
}
# One-sided differences: place, radii, displacement; not mirrored.
ODD: dict[str, Row] = {
    "eye height difference": ((31, 2, 5), (20, 14, 22), (0, 0.8, 0)),
    "brow height difference": ((34, 24, 12), (22, 10, 20), (0, 1.0, 0)),
    "mouth corner difference": ((25, -69, 16), (12, 10, 16), (0, 0.9, 0)),
    "nose deviation": ((0, -34, 38), (13, 16, 24), (1.2, 0, 0)),
    "chin deviation": ((0, -102, 12), (32, 24, 34), (1.6, 0, 0)),
    "cheek difference": ((48, -50, 0), (24, 28, 30), (1.2, 0, 0.6)),
}


def build(face: Head) -> tuple[np.ndarray, tuple[str, ...]]:
    """(K, V, 3) float32 mm per standard deviation, orthogonal, and the name of what leads each mode."""
    skin = Skin(face)
    made: dict[str, np.ndarray] = _global(face)
    for name, rows in PAIRED.items():
        one = sum(_field(skin, row) for row in rows)
        made[name] = one + one[face.mirror] * [-1, 1, 1]
    for name, rows in MIDDLE.items():
        made[name] = np.asarray(sum(_field(skin, row) for row in rows))
    made["chin width"] = made["chin width"] + _widen(skin)
    for name, row in ODD.items():
        one = _field(skin, row)
        made[name] = one if row[0][0] == 0 else one - one[face.mirror] * [-1, 1, 1]
    fields = np.stack([_eyes_move_whole(face, field) for field in made.values()])
    return _orthogonal(fields).astype(np.float32), tuple(made)


def _field(skin: Skin, row: Row) -> np.ndarray:
    centre, radii, move = row
    away = (skin.p - np.array(centre)) / np.array(radii, float)
    return np.exp(-0.5 * (away**2).sum(axis=1))[:, None] * np.array(move)


def _widen(skin: Skin) -> np.ndarray:
    weight = np.exp(-0.5 * (((skin.p - [0, -104, 12]) / [24, 14, 24]) ** 2).sum(axis=1))
    return np.stack([0.09 * skin.p[:, 0] * weight, 0 * weight, 0 * weight], axis=1)


def _global(face: Head) -> dict[str, np.ndarray]:
    """Size, breadth and height of the whole (what remains is depth): coefficients of variation of about 4 %."""
    p = face.vertices - [0, -30, -30]
    zero = np.zeros(len(p))
    return {
        "size": 0.034 * p,
        "face breadth": np.stack([0.038 * p[:, 0], zero, zero], axis=1),
        "face height": np.stack([zero, 0.036 * p[:, 1], zero], axis=1),
    }


def _eyes_move_whole(face: Head, field: np.ndarray) -> np.ndarray:
    """Eyeballs follow the lids as rigid bodies."""
    out = field.copy()
    for sign, centre in zip((-1, 1), face.eyes, strict=True):
        ball = (face.parts == 3) & (face.vertices[:, 0] * sign > 0)
        lids = (face.parts == 1) & (face.vertices[:, 0] * sign > 0)
        lids &= np.abs(face.vertices[:, 0] - centre[0]) < 11
        out[ball] = field[lids].mean(axis=0)
    return out


def _orthogonal(fields: np.ndarray) -> np.ndarray:
    """Gram-Schmidt from the first mode on; each keeps the size of what was new in it."""
    flat = fields.reshape(len(fields), -1).astype(np.float64)
    for i in range(len(flat)):
        for j in range(i):
            flat[i] -= (flat[i] @ flat[j]) / (flat[j] @ flat[j]) * flat[j]
    return flat.reshape(fields.shape)
