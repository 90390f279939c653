# SPDX-License-Identifier: GPL-3.0-or-later
"""Skin with known wrinkles and a small regressor, shared by the wrinkle tests."""

from __future__ import annotations

import json

import cv2
import numpy as np

from wrinkle_addon.core.types import Light, Surface, Texture
from wrinkle_addon.core.wrinkles.regressor import weights_digest

SIZE, TEXEL_MM = 512, 0.22
LIGHT = Light(np.array([0.5, 0.5, 0.7071], np.float32), 0.4, "given")


def skin_texture(lines=(), size=SIZE, exposure=1.0, seed=0, grain=0.01) -> Texture:
    """Even skin with soft grain and dark lines ((x0, y0, x1, y1, width, depth) in mm and log luminance), opaque."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size].astype(np.float32) * TEXEL_MM
    log = grain * cv2.GaussianBlur(rng.standard_normal((size, size)).astype(np.float32), (0, 0), 2)
    for x0, y0, x1, y1, width, depth in lines:
        along = np.array([x1 - x0, y1 - y0], np.float32)
        t = np.clip(((x - x0) * along[0] + (y - y0) * along[1]) / (along @ along), 0, 1)
        distance2 = (x - x0 - t * along[0]) ** 2 + (y - y0 - t * along[1]) ** 2
        log -= depth * np.exp(-0.5 * distance2 / width**2)
    linear = np.exp(log)[..., None] * np.array([0.40, 0.25, 0.18], np.float32) * exposure
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.clip(linear, 1e-9, 1) ** (1 / 2.4) - 0.055)
    return Texture((coded * 255 + rng.random((size, size, 1))).astype(np.uint8), np.full((size, size), 255, np.uint8))


def sheared_surface(size=SIZE, grid=32) -> Surface:
    """A plane whose UV is sheared, stretched and not even."""
    du, dv = np.zeros((2, grid, grid, 3), np.float32)
    edge = size * TEXEL_MM
    du[..., 0] = edge * np.linspace(0.9, 1.1, grid, dtype=np.float32)
    dv[..., 0], dv[..., 1] = 0.2 * edge, edge
    return Surface(du, dv, np.ones((grid, grid), bool))


def simple_scales(gain=0.2) -> tuple[dict, list]:
    """Arrays and scale entries of a regressor whose relief is ``gain`` times the high-passed log luminance."""
    weights = np.zeros((4, 32, 3, 3), np.float32)
    weights[range(4), range(4), 1, 1] = gain
    arrays, scales = {}, []
    for prefix, mm, highpass_mm in (("fine/", 0.25, 5.0), ("coarse/", 0.75, 15.0)):
        arrays |= {prefix + "w0": weights, prefix + "b0": np.zeros(4, np.float32)}
        program = ["unshuffle2", {"conv3x3": "w0"}, "shuffle2"]
        scales.append({"mm": mm, "size": 64, "highpass_mm": highpass_mm, "prefix": prefix, "program": program})
    return arrays, scales


def write_regressor(path, arrays, entries, **changes) -> None:
    """An ``.npz`` as the trainer writes it; ``changes`` overwrite its description."""
    meta = {"format": 1, "scales": entries, "provenance": "made by a test", "licence": "none"}
    meta |= {"sha256": weights_digest(arrays)} | changes
    np.savez(path, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8), **arrays)
