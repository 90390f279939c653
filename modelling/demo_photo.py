# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the demo photo: the built-in face as a wrinkled person, path-traced in Cycles. Seeded.

python -m modelling.demo_photo [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from wrinkle_addon.core.models.builtin import load_builtin

from . import render
from .aged import aged_relief
from .albedo import Look, paint

TARGET = Path(__file__).parents[1] / "wrinkle_addon" / "assets" / "demo_photo.jpg"
SEED = 11


def demo_photo() -> np.ndarray:
    """(H, W, 3) uint8 sRGB."""
    model = load_builtin()
    rng = np.random.default_rng(SEED)
    person = model.mean + np.einsum("k,kvc->vc", rng.normal(0, 0.5, len(model.shape_basis)), model.shape_basis)
    relief = aged_relief(model, 4096, SEED, age=1.2)
    return render.render(
        person,
        model.triangles,
        model.uv,
        paint(2048, Look(seed=SEED)),
        camera=render.Camera(yaw=-8.0, pitch=3.0, distance=1000.0, focal_mm=140.0, size=(960, 1120)),
        light=render.Lighting(direction=(-0.5, 0.7, 0.5), strength=3.4, angle=3.0, ambient=0.3),
        relief=render.Relief(relief, levels=0),
        samples=24,
    )


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    cv2.imwrite(str(target), demo_photo()[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
