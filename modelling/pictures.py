# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the built-in face for docs/: ``python -m modelling.pictures [front] [three_quarter] [arkit]``."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from wrinkle_addon.core.files import write_png
from wrinkle_addon.core.models.builtin import load_builtin, parts

from .albedo import paint
from .head import EYEBALL
from .render import Camera, Lighting, render

DOCS = Path(__file__).parents[1] / "docs"
COLUMNS, WIDE, HIGH = 9, 170, 205  # of the contact sheet: faces in a row, mm per face
PIXELS = 0.85  # per mm there


def portrait(yaw: float, name: str) -> None:
    """One picture of the neutral face."""
    model = load_builtin()
    camera = Camera(yaw=yaw, distance=800, focal_mm=95, target=(0, -16, -12), size=(560, 660))
    light = Lighting(direction=(-0.5, 0.5, 0.7), strength=2.4, ambient=0.45, background=(96, 104, 112))
    picture = render(
        model.mean, model.triangles, model.uv, paint(2048), camera, light, wet=parts() == EYEBALL, samples=24
    )
    write_png(DOCS / name, picture)


def contact_sheet() -> None:
    """All 52 blendshapes at weight 1, side by side in one orthographic view."""
    model = load_builtin()
    count, rows = len(model.arkit.names), -(-len(model.arkit.names) // COLUMNS)
    keep = model.triangles[model.mean[model.triangles, 2].min(axis=1) > -75]
    vertices, triangles = [], []
    for index in range(count):
        column, row = index % COLUMNS, index // COLUMNS
        place = [(column - (COLUMNS - 1) / 2) * WIDE, ((rows - 1) / 2 - row) * HIGH, 0]
        vertices.append(model.mean + model.arkit.deltas[index] + np.array([0, 14, 0]) + place)
        triangles.append(keep + index * len(model.mean))
    camera = Camera(
        focal_mm=None, width_mm=COLUMNS * WIDE, target=(0, 0, 0), distance=2000,
        size=(round(COLUMNS * WIDE * PIXELS), round(rows * HIGH * PIXELS)),
    )  # fmt: skip
    light = Lighting(direction=(-0.45, 0.6, 0.65), strength=2.8, ambient=0.35, background=(96, 104, 112))
    picture = render(
        np.vstack(vertices), np.vstack(triangles), np.tile(model.uv, (count, 1)), paint(1024), camera, light,
        wet=np.tile(parts() == EYEBALL, count), samples=5,
    )  # fmt: skip
    for index, name in enumerate(model.arkit.names):
        corner = (int(index % COLUMNS * WIDE * PIXELS) + 6, int((index // COLUMNS + 1) * HIGH * PIXELS) - 8)
        cv2.putText(picture, name, corner, cv2.FONT_HERSHEY_SIMPLEX, 0.38, (255, 255, 255), 1, cv2.LINE_AA)
    write_png(DOCS / "arkit_contact_sheet.png", picture)


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["front", "three_quarter", "arkit"]
    if "front" in wanted:
        portrait(0, "face_front.png")
    if "three_quarter" in wanted:
        portrait(38, "face_three_quarter.png")
    if "arkit" in wanted:
        contact_sheet()
