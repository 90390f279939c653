# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the iBUG landmarks lie on models of known topology (assets/model_landmarks.json)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..types import Int
from .raw import RawModel

_ASSET = Path(__file__).resolve().parents[2] / "assets" / "model_landmarks.json"


@cache
def _tables() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(_ASSET.read_text("utf-8"))["tables"])


def apply_table(raw: RawModel) -> bool:
    """Set the landmarks and contours of ``raw`` when its topology is a known one; False otherwise.

    A table applies when the vertex count agrees and its eye corners, nose tip and chin lie as on a face.
    """
    for table in _tables():
        if table["vertices"] != len(raw.mean):
            continue
        landmarks = np.asarray(table["landmarks"], np.int32)
        if not _looks_like_a_face(raw, landmarks):
            continue
        raw.landmarks = landmarks
        raw.right_contour = np.asarray(table["right_contour"], np.int32)
        raw.left_contour = np.asarray(table["left_contour"], np.int32)
        return True
    return False


def _looks_like_a_face(raw: RawModel, landmarks: Int) -> bool:
    right, left, nose, chin = (raw.mean[landmarks[k]] for k in (36, 45, 30, 8))
    eyes = 0.5 * (right + left)
    width = float(left[0] - right[0])
    return bool(width > 0 and nose[2] > eyes[2] and chin[1] < nose[1] < eyes[1] and eyes[1] - chin[1] < 3 * width)
