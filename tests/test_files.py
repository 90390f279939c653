# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are whole or absent, and read back as they were written."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from wrinkle_addon.core import files
from wrinkle_addon.core.encode import encode_exr, encode_png
from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.opencv import cv2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (300, 1, 3), (1, 400, 4), (700, 900, 3), (33, 65, 1)])
def test_png_round_trip(tmp_path: Path, shape: tuple[int, ...], dtype: type) -> None:
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    files.write_png(tmp_path / "a.png", pixels)
    read = files.read_png(tmp_path / "a.png")
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, pixels[..., 0] if shape[2:] == (1,) else pixels)


def test_png_of_many_blocks_and_views(tmp_path: Path) -> None:
    wide = np.random.default_rng(1).integers(0, 65536, (1500, 1000, 3)).astype(np.uint16)
    files.write_png(tmp_path / "a.png", wide[::-1, ::2])
    np.testing.assert_array_equal(files.read_png(tmp_path / "a.png"), wide[::-1, ::2])


def test_png_refuses_other_arrays() -> None:
    for pixels in (
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros(4),
    ):
        with pytest.raises(ValueError, match="PNG"):
            encode_png(pixels)


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (17, 5), (100, 333)])
def test_exr_round_trip(tmp_path: Path, shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).normal(0, 0.1, shape).astype(np.float32)
    pixels[0] = 0
    files.write_exr(tmp_path / "a.exr", pixels)
    read = files.read_exr(tmp_path / "a.exr")
    assert read.shape == shape
    np.testing.assert_array_equal(read, pixels)
    assert cv2.imdecode(np.frombuffer(encode_exr(pixels), np.uint8), cv2.IMREAD_UNCHANGED).dtype == np.float32


def test_exr_refuses_other_arrays_and_other_images(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="float32"):
        encode_exr(np.zeros((4, 4, 3), np.float32))
    with pytest.raises(ValueError, match="float32"):
        encode_exr(np.zeros((4, 4)))  # type: ignore[arg-type]
    files.write_png(tmp_path / "a.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(WrinkleError, match="OpenEXR"):
        files.read_exr(tmp_path / "a.png")


def test_jpeg_keeps_the_channel_order(tmp_path: Path) -> None:
    pixels = np.full((16, 16, 3), (200, 100, 30), np.uint8)
    files.write_jpeg(tmp_path / "a.jpg", pixels)
    np.testing.assert_allclose(files.read_png(tmp_path / "a.jpg"), pixels, atol=3)
    with pytest.raises(ValueError, match="JPEG"):
        files.write_jpeg(tmp_path / "a.jpg", pixels.astype(np.float32))  # type: ignore[arg-type]


def test_json_takes_numpy_values(tmp_path: Path) -> None:
    value = {"a": np.float32(0.5), "b": np.arange(3), "c": (1, "ü"), "d": Path("x"), "e": np.bool_(True)}
    files.write_json(tmp_path / "a.json", value)
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {
        "a": 0.5,
        "b": [0, 1, 2],
        "c": [1, "ü"],
        "d": "x",
        "e": True,
    }
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "b.json", {"a": float("nan")})
    assert not (tmp_path / "b.json").exists()


def test_npz_round_trip_without_pickle(tmp_path: Path) -> None:
    files.write_npz(tmp_path / "a.npz", path=np.arange(3), names=np.array(["a", "b"]), single=1.5)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as loaded:
        assert loaded["path"].tolist() == [0, 1, 2]
        assert loaded["names"].tolist() == ["a", "b"]
        assert loaded["single"] == 1.5
    with pytest.raises(ValueError, match="objects"):
        files.write_npz(tmp_path / "b.npz", bad=np.array([{}], object))
    assert not (tmp_path / "b.npz").exists()


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    files.write_atomic(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WrinkleError, match=r"a\.bin.*no space left") as caught:
        files.write_atomic(path, b"new and longer")
    assert "full" in caught.value.hint
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


def test_refusals_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(WrinkleError, match=r"absent.*folder"):
        files.write_atomic(tmp_path / "absent" / "a.bin", b"")
    (tmp_path / "taken").mkdir()
    with pytest.raises(WrinkleError, match="taken"):
        files.write_atomic(tmp_path / "taken", b"")
    with pytest.raises(WrinkleError, match="cannot be written"):
        files.write_atomic(tmp_path / ("x" * 300), b"")
    with pytest.raises(WrinkleError, match="not valid"):
        files.write_atomic(tmp_path / "nul\0", b"")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def test_unusual_names(tmp_path: Path) -> None:
    for name in ("mit Leerzeichen.png", "地图.exr", "emoji 😀.json", "x" * 250 + ".bin"):
        files.write_atomic(tmp_path / name, b"data")
        assert (tmp_path / name).read_bytes() == b"data"


def test_output_folder(tmp_path: Path) -> None:
    folder = files.output_folder(tmp_path / "a" / "新 b")
    assert folder.is_dir()
    assert files.output_folder(folder) == folder
    (tmp_path / "file").write_text("x")
    for taken in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(WrinkleError, match="file"):
            files.output_folder(taken)
    with pytest.raises(WrinkleError, match="not valid"):
        files.output_folder(Path("nul\0"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(WrinkleError, match="permission denied"):
            files.output_folder(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_rubbish_of_interrupted_runs_is_swept(tmp_path: Path) -> None:
    old, fresh = tmp_path / ".wrinkle-0123.tmp", tmp_path / ".wrinkle-4567.tmp"
    old.write_bytes(b"half")
    fresh.write_bytes(b"another process writes this now")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    files.output_folder(tmp_path)
    assert not old.exists()
    assert fresh.exists()
