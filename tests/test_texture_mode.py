# SPDX-License-Identifier: GPL-3.0-or-later
"""Textures of scans: any unit of the mesh, several UV islands, any background, 8 and 16 bit."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wrinkle_cases import LIGHT, SIZE, TEXEL_MM, skin_texture

from wrinkle_addon.core.texture_mode import TextureJob, run_texture_job

EDGE_MM = SIZE * TEXEL_MM
GROOVE = ((15.0, 30.0, 95.0, 35.0, 0.6, 0.25), (15.0, 80.0, 95.0, 85.0, 0.6, 0.25))
ISLANDS = ((0.05, 0.48), (0.52, 0.95))
"""Ranges of v of two islands; all the rest of the UV is background."""
UP_TO = 0.95
"""How far they reach in u, from 0.05 on."""


def scan(path: Path, unit_mm: float) -> Path:
    """A flat piece of skin, EDGE_MM wide, cut in two UV islands that lie where they lie on the skin."""
    lines, count = [], 0
    for low, high in ISLANDS:
        corners = np.array([(0.05, low), (UP_TO, low), (UP_TO, high), (0.05, high)])
        lines += [f"v {x} {y} 0" for x, y in corners * EDGE_MM / unit_mm]
        lines += [f"vt {u} {v}" for u, v in corners]
        lines.append("f " + " ".join(f"{count + k}/{count + k}" for k in range(1, 5)))
        count += 4
    path.write_text("\n".join(lines) + "\n")
    return path


def background(value: int) -> np.ndarray:
    """(S, S, 3) uint8: the islands' skin with grooves, ``value`` between and around them."""
    rgb = skin_texture(GROOVE).rgb
    keep = np.zeros((SIZE, SIZE), bool)
    for low, high in ISLANDS:
        keep[round((1 - high) * SIZE) : round((1 - low) * SIZE), round(0.05 * SIZE) : round(UP_TO * SIZE)] = True
    return np.where(keep[..., None], rgb, np.uint8(value))


def maps_of(folder: Path, picture: np.ndarray, unit_mm: float = 1.0, mesh_mm: float | None = None):
    texture = folder / "texture.png"
    cv2.imwrite(str(texture), picture[..., 2::-1] if picture.shape[2] == 3 else picture[..., (2, 1, 0, 3)])
    job = TextureJob(
        texture, scan(folder / "scan.obj", unit_mm), mesh_mm=mesh_mm, light=tuple(float(x) for x in LIGHT.direction)
    )
    maps, _, report = run_texture_job(job)
    return maps, report


@pytest.mark.parametrize(("unit_mm", "word"), [(1.0, None), (10.0, "centimetres"), (1000.0, "metres")])
def test_the_unit_of_a_scan_is_told_from_its_size(tmp_path, unit_mm, word):
    _, report = maps_of(tmp_path, background(0), unit_mm)
    assert report["texel_mm"] == pytest.approx(TEXEL_MM, rel=1e-3)
    assert [word in text for text in report["warnings"]] == ([True] if word else [])


def test_a_stated_unit_is_believed(tmp_path):
    _, report = maps_of(tmp_path, background(0), 10.0, mesh_mm=1.0)
    assert report["texel_mm"] == pytest.approx(TEXEL_MM / 10, rel=1e-3)
    assert report["warnings"] == []


@pytest.mark.parametrize("value", [0, 128, 255])
def test_what_lies_beside_the_islands_does_not_matter(tmp_path, value):
    maps, _ = maps_of(tmp_path, background(value))
    whole, _ = maps_of(tmp_path, skin_texture(GROOVE).rgb)
    np.testing.assert_allclose(maps.displacement, whole.displacement, atol=2e-3)
    assert whole.displacement.min() < -0.02
    assert np.abs(maps.displacement[:15]).max() == 0


def test_sixteen_bit_and_transparency_say_the_same(tmp_path):
    plain = background(0)
    alpha = np.where(plain.any(axis=2), 255, 0).astype(np.uint8)
    eight, _ = maps_of(tmp_path, plain)
    for other in (plain.astype(np.uint16) * 257, np.dstack([plain, alpha])):
        maps, _ = maps_of(tmp_path, other)
        np.testing.assert_allclose(maps.displacement, eight.displacement, atol=2e-3)
