# SPDX-License-Identifier: GPL-3.0-or-later
"""A small reconstruction with known truth: a gently curved grid with a forehead, a chin and horizontal grooves."""

from __future__ import annotations

import numpy as np

from wrinkle_addon.core.types import (
    Blendshapes,
    FaceModel,
    Fit,
    Landmarks,
    Light,
    MotionMaps,
    Photo,
    Reconstruction,
    Surface,
    Texture,
    WrinkleMaps,
)

WIDTH_MM, HEIGHT_MM = 140.0, 180.0
EXPRESSIONS = ("browInnerUp", "browDownLeft", "jawOpen", "mouthSmileLeft", "mouthSmileRight")
GROOVE_MM, GROOVE_DEPTH_MM = 8.0, 0.4


def fake_reconstruction(grid: int = 40, size: int = 256, expressive: bool = True) -> Reconstruction:
    """A (grid x grid)-vertex face whose UV is its front view; grooves of known slope run across all of it."""
    model = _model(grid)
    neutral = model.mean
    vertices = neutral + (0.5 * model.arkit.deltas[0] if expressive else 0)
    fit = Fit(
        vertices=vertices.astype(np.float32),
        neutral=neutral,
        image_points=(neutral[:, :2] * (1, -1) + 150).astype(np.float32),
        depth=neutral[:, 2],
        visible=np.ones(len(neutral), bool),
        rotation=np.eye(3, dtype=np.float32),
        px_per_mm=1.0,
        shape_coefficients=np.zeros(1, np.float32),
        expression_coefficients=np.array([0.5], np.float32),
        reprojection=(1.0, 0.0),
    )
    heights, normal = grooves(size)
    coarse = np.ones((16, 16, 1), np.float32)
    return Reconstruction(
        model=model,
        photos=(Photo(np.full((300, 300, 3), 128, np.uint8), "fake.png", "0" * 32),),
        landmarks=(Landmarks(fit.image_points[model.landmarks], np.ones(68, np.float32)),),
        fits=(fit,),
        texture=Texture(np.full((size, size, 3), (200, 150, 130), np.uint8), np.full((size, size), 255, np.uint8)),
        surface=Surface(coarse * (WIDTH_MM, 0, 0), coarse * (0, HEIGHT_MM, 0), np.ones((16, 16), bool)),
        wrinkles=WrinkleMaps(
            np.full((size, size), 200, np.uint8),
            heights,
            Light(np.array([0, 0.6, 0.8], np.float32), 0.5, "given"),
            np.zeros((0, 2), np.int32),
        ),
        normal=normal,
        motion=_motion(64),
    )


def grooves(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Sine grooves across v: displacement (S, S) float32 mm and normals (S, S, 3) uint16."""
    v_mm = (1 - (np.arange(size) + 0.5) / size) * HEIGHT_MM
    wave = 2 * np.pi / GROOVE_MM
    height = GROOVE_DEPTH_MM / 2 * np.sin(wave * v_mm)
    slope = GROOVE_DEPTH_MM / 2 * wave * np.cos(wave * v_mm)
    rows = np.stack([np.zeros(size), -slope, np.ones(size)], axis=1)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    normal = np.rint((rows + 1) / 2 * 65535).astype(np.uint16)
    return (
        np.ascontiguousarray(np.broadcast_to(height[:, None], (size, size)), np.float32),
        np.ascontiguousarray(np.broadcast_to(normal[:, None], (size, size, 3))),
    )


def _model(grid: int) -> FaceModel:
    u, v = np.meshgrid(np.linspace(0, 1, grid), np.linspace(0, 1, grid))
    uv = np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float32)
    x, y = (uv[:, 0] - 0.5) * WIDTH_MM, (uv[:, 1] - 0.5) * HEIGHT_MM
    mean = np.stack([x, y, 30 - 0.004 * x * x - 0.001 * y * y], axis=1).astype(np.float32)
    corner = (np.arange(grid - 1)[:, None] * grid + np.arange(grid - 1)).ravel()
    right, up, across = corner + 1, corner + grid, corner + grid + 1
    triangles = np.concatenate([np.stack([corner, right, across], 1), np.stack([corner, across, up], 1)]).astype(
        np.int32
    )
    forehead, chin = _band(uv[:, 1], 0.7, 1.0), _band(uv[:, 1], 0.0, 0.25)
    deltas = np.zeros((len(EXPRESSIONS), len(mean), 3), np.float32)
    deltas[0, :, 1] = 4 * forehead
    deltas[1, :, 1] = -3 * forehead * (uv[:, 0] > 0.5)
    deltas[2, :, 1] = -10 * chin
    deltas[3, :, 0] = 3 * _band(uv[:, 1], 0.25, 0.5) * (uv[:, 0] > 0.5)
    deltas[4, :, 0] = -3 * _band(uv[:, 1], 0.25, 0.5) * (uv[:, 0] <= 0.5)
    return FaceModel(
        kind="builtin",
        name="grid",
        content="grid",
        mean=mean,
        shape_basis=np.zeros((1, len(mean), 3), np.float32),
        expression_names=EXPRESSIONS[:1],
        expression_basis=deltas[:1],
        expression_bounds=(0.0, 1.0),
        arkit=Blendshapes(EXPRESSIONS, deltas),
        triangles=triangles,
        uv=uv,
        landmarks=np.arange(68, dtype=np.int32),
        right_contour=np.arange(8, dtype=np.int32),
        left_contour=np.arange(8, dtype=np.int32),
        dense=None,
        regions={"forehead": forehead.astype(np.float32), "chin": chin.astype(np.float32)},
    )


def _band(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """1 between low and high, falling off within 0.05 outside."""
    return np.clip(1 - np.maximum(low - values, values - high) / 0.05, 0, 1)


def _motion(size: int) -> MotionMaps:
    u, v = np.meshgrid((np.arange(size) + 0.5) / size, 1 - (np.arange(size) + 0.5) / size)
    forehead, chin, middle = _band(v, 0.7, 1.0), _band(v, 0.0, 0.25), _band(v, 0.25, 0.5)
    maps = [forehead, forehead * (u > 0.5), chin, middle * (u > 0.5), middle * (u <= 0.5)]
    return MotionMaps(EXPRESSIONS, np.rint(np.stack(maps) * 255).astype(np.uint8))
