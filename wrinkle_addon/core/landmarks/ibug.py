# SPDX-License-Identifier: GPL-3.0-or-later
"""From the 468 points of the face mesh to the 68 points of the iBUG convention."""

from __future__ import annotations

import numpy as np

from ..types import Float

_JAW = ((127,), (234,), (93,), (132, 58), (58, 172), (136,), (150,), (176,), (152,))
_JAW_LEFT = ((400,), (379,), (365,), (397, 288), (361,), (323,), (454,), (356,))
_BROWS = ((70,), (63,), (105,), (66,), (107,), (336,), (296,), (334,), (293,), (300,))
_NOSE = ((168, 6), (197, 195), (5,), (4,), (75,), (97,), (2,), (326,), (305,))
_EYES = ((33,), (160,), (158,), (133,), (153,), (144,), (362,), (385,), (387,), (263,), (373,), (380,))
_OUTER_LIPS = ((61,), (39,), (37,), (0,), (267,), (269,), (291,), (405,), (314,), (17,), (84,), (181,))
_INNER_LIPS = ((78,), (82,), (13,), (312,), (308,), (317,), (14,), (87,))
_TABLE = (*_JAW, *_JAW_LEFT, *_BROWS, *_NOSE, *_EYES, *_OUTER_LIPS, *_INNER_LIPS)


def _matrix() -> Float:
    weights = np.zeros((68, 468), np.float32)
    for row, members in enumerate(_TABLE):
        for member in members:
            weights[row, member] += 1 / len(members)
    return weights


_WEIGHTS = _matrix()


def to_ibug(points: Float) -> Float:
    """points: (468, 2 or 3) of the face mesh. Returns (68, 2) in iBUG order, same frame."""
    return (_WEIGHTS @ points[:, :2]).astype(np.float32)
