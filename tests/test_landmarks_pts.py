# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmark files: counted from 1 on disk, tolerant where it does no harm, one clear sentence otherwise."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from shared_files import PHOTO_PTS, need

from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.landmarks import read_pts, write_pts

POINTS = np.random.default_rng(0).uniform(0, 4000, (68, 2)).astype(np.float32)


def lines(points: np.ndarray = POINTS) -> str:
    return "".join(f"{x + 1:.6f} {y + 1:.6f}\n" for x, y in points)


def test_round_trip(tmp_path: Path) -> None:
    write_pts(tmp_path / "ü 点.pts", POINTS)
    landmarks = read_pts(tmp_path / "ü 点.pts")
    np.testing.assert_allclose(landmarks.points, POINTS, atol=1e-3)
    assert landmarks.points.dtype == landmarks.confidence.dtype == np.float32
    assert (landmarks.confidence == 1).all()
    assert landmarks.dense is None


def test_the_first_pixel_is_one_on_disk(tmp_path: Path) -> None:
    points = np.zeros((68, 2), np.float32)
    write_pts(tmp_path / "a.pts", points)
    assert "\n1.000000 1.000000\n" in (tmp_path / "a.pts").read_text()


def test_eos_reads_the_same_points(tmp_path: Path) -> None:
    eos = pytest.importorskip("eos")
    if not hasattr(eos.core, "read_pts_landmarks"):
        pytest.skip("this eos has no reader of .pts files")
    write_pts(tmp_path / "a.pts", POINTS)
    theirs = [landmark.coordinates for landmark in eos.core.read_pts_landmarks(str(tmp_path / "a.pts"))]
    np.testing.assert_allclose(np.array(theirs).reshape(68, 2), POINTS, atol=1e-3)


def test_a_human_file_of_ibug(tmp_path: Path) -> None:
    points = read_pts(need(PHOTO_PTS)).points
    np.testing.assert_allclose(points[0], (610.284152, 271.773913), atol=1e-3)
    write_pts(tmp_path / "a.pts", points)
    np.testing.assert_allclose(read_pts(tmp_path / "a.pts").points, points, atol=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nn_points:  68\n{\n" + lines() + "}\n",
        "version: 1\r\nn_points: 68\r\n{\r\n" + lines().replace("\n", "\r\n") + "}\r\n",
        "\ufeffversion: 1\n{\n" + lines() + "}",
        "// made by hand\nversion: 1\nn_points: 68\n{\n"
        + lines().replace("\n", " # a point\n\n")
        + "}\nafterwards 1 2 3\n",
        lines().replace(" ", ",\t"),
        "{\n" + lines(),
    ],
)
def test_variants_are_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.pts").write_bytes(text.encode())
    np.testing.assert_allclose(read_pts(tmp_path / "a.pts").points, POINTS, atol=1e-3)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 points"),
        (lines(POINTS[:67]).encode(), "67 points"),
        ((lines() + "1 2\n").encode(), "69 points"),
        (lines().replace("\n", "\nnan nan\n", 1).replace("\n", "", 0).encode(), "69 points"),
        (("nan 1\n" + lines(POINTS[1:])).encode(), "sensible"),
        (("inf 1\n" + lines(POINTS[1:])).encode(), "sensible"),
        (("1e30 1\n" + lines(POINTS[1:])).encode(), "sensible"),
        (("1 2 3\n" + lines(POINTS[1:])).encode(), "not x and y"),
        (("one two\n" + lines(POINTS[1:])).encode(), "not x and y"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe\xfd", "not a text"),
        (b"1 2\n" * 400_000, "too large"),
    ],
)
def test_bad_files_give_one_sentence(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "bad.pts").write_bytes(data)
    with pytest.raises(WrinkleError, match=words) as caught:
        read_pts(tmp_path / "bad.pts")
    assert "bad.pts" in caught.value.message
    assert caught.value.hint


def test_absent_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(WrinkleError, match="absent"):
        read_pts(tmp_path / "absent.pts")
    with pytest.raises(WrinkleError, match="folder"):
        read_pts(tmp_path)
    with pytest.raises(WrinkleError, match="cannot be read"):
        read_pts(Path("nul\0.pts"))


def test_random_damage_never_escapes(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    good = np.frombuffer(("version: 1\nn_points: 68\n{\n" + lines() + "}\n").encode(), np.uint8)
    path = tmp_path / "a.pts"
    for _ in range(500):
        data = good[: rng.integers(1, good.size + 1)].copy()
        data[rng.integers(0, data.size, 3)] = rng.integers(0, 256, 3)
        path.write_bytes(data.tobytes())
        with contextlib.suppress(WrinkleError):
            assert read_pts(path).points.shape == (68, 2)


def test_only_finite_points_are_written(tmp_path: Path) -> None:
    for points in (POINTS[:5], np.full((68, 2), np.nan, np.float32)):
        with pytest.raises(ValueError, match="68 finite"):
            write_pts(tmp_path / "a.pts", points)
    assert not (tmp_path / "a.pts").exists()
