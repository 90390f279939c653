# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure figures/face_mesh_points.csv: ``python -m modelling.measure_points`` (needs scikit-image)."""

from __future__ import annotations

import hashlib

import numpy as np

from wrinkle_addon.core.files import write_atomic
from wrinkle_addon.core.landmarks import find_landmarks
from wrinkle_addon.core.types import Photo

from .topology import FIGURES

HEADER = (
    "# The 468 points (x right, y down, z away; pixels) that face_landmark.tflite (MediaPipe 0.10.21, Apache-2.0)\n"
    "# gives on skimage.data.astronaut() (NASA, public domain); made by modelling/measure_points.py\n"
    "x,y,z\n"
)


def measure(pixels: np.ndarray) -> str:
    """The table for one (H, W, 3) uint8 portrait."""
    photo = Photo(np.ascontiguousarray(pixels), "astronaut.png", hashlib.sha256(pixels.tobytes()).hexdigest())
    dense = find_landmarks(photo).dense
    if dense is None:
        raise ValueError("the network gave no dense points")
    return HEADER + "".join(",".join(f"{c:.3f}" for c in point) + "\n" for point in dense)


if __name__ == "__main__":
    from skimage import data

    write_atomic(FIGURES / "face_mesh_points.csv", measure(data.astronaut()).encode())
