# SPDX-License-Identifier: GPL-3.0-or-later
"""The geometry under a texture."""

from __future__ import annotations

import numpy as np
import pytest

from wrinkle_addon.core.surface import flat_surface, surface_of, tangent_axes


def bent_sheet(columns: int = 40, rows: int = 30):
    """A quarter cylinder of radius 50 mm about the y axis, 80 mm high, u around it, v up: vertices, triangles, uv."""
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    angle = (u - 0.5) * np.pi / 2
    vertices = np.stack([50 * np.sin(angle), 80 * v, 50 * np.cos(angle)], -1).reshape(-1, 3)
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (i.ravel() for i in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    uv = np.stack([u, v], -1).reshape(-1, 2)
    return vertices.astype(np.float32), triangles.astype(np.int32), (0.1 + 0.8 * uv).astype(np.float32)


def test_derivatives_of_a_cylinder_are_exact() -> None:
    vertices, triangles, uv = bent_sheet()
    surface = surface_of(vertices, triangles, uv, grid=64)
    inside = surface.covered
    assert np.allclose(np.linalg.norm(surface.du[inside], axis=1), 50 * np.pi / 2 / 0.8, rtol=2e-3)
    assert np.allclose(surface.dv[inside], [0, 100, 0], atol=0.1)
    assert inside.mean() == pytest.approx(0.64, abs=0.03)
    assert surface.texel_mm(1000) == pytest.approx(np.sqrt(50 * np.pi / 2 / 0.8 * 100) / 1000, rel=5e-3)


def test_axes_are_orthonormal_and_outward_everywhere() -> None:
    vertices, triangles, uv = bent_sheet()
    t, b, n = tangent_axes(surface_of(vertices, triangles, uv, grid=64))
    axes = np.stack([t, b, n], -2).astype(np.float64)
    assert np.allclose(axes @ np.swapaxes(axes, -1, -2), np.eye(3), atol=1e-5)
    assert np.allclose(np.linalg.det(axes), 1, atol=1e-5)
    column = (np.arange(64) + 0.5) / 64
    angle = np.clip((column - 0.1) / 0.8 - 0.5, -0.5, 0.5) * np.pi / 2
    truth = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], -1)
    assert np.einsum("rci,ci->rc", n, truth).min() > np.cos(np.radians(3))
    assert (b[..., 1] > 0.999).all()


def test_mirrored_uv_keeps_the_normal_outward_and_b_towards_v() -> None:
    vertices, triangles, uv = bent_sheet()
    plain = tangent_axes(surface_of(vertices, triangles, uv, grid=32))
    mirrored = surface_of(vertices, triangles, uv * np.float32([-1, 1]) + np.float32([1, 0]), grid=32)
    assert mirrored.mirrored
    t, b, n = (axis[:, ::-1] for axis in tangent_axes(mirrored))
    for axis, expected in ((t, -plain[0]), (b, plain[1]), (n, plain[2])):
        assert np.allclose(axis[mirrored.covered[:, ::-1]], expected[mirrored.covered[:, ::-1]], atol=2e-3)


def test_triangles_without_uv_area_do_no_harm() -> None:
    vertices, triangles, uv = bent_sheet(6, 5)
    broken = np.concatenate([triangles, [[0, 0, 1], [3, 3, 3]]]).astype(np.int32)
    surface = surface_of(vertices, broken, uv, grid=16)
    assert np.isfinite(surface.du).all()
    assert np.isfinite(np.stack(tangent_axes(surface))).all()


def test_flat_surface_has_the_texel_asked_for() -> None:
    surface = flat_surface(2048, 0.1)
    assert surface.texel_mm(2048) == pytest.approx(0.1)
    t, b, n = tangent_axes(surface)
    assert np.allclose(t[0, 0], [1, 0, 0])
    assert np.allclose(b[0, 0], [0, 1, 0])
    assert np.allclose(n[0, 0], [0, 0, 1])
