# SPDX-License-Identifier: GPL-3.0-or-later
"""Bombs, full disks, locked folders, long and foreign names, two processes at one cache."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from model_files import small_face, write_bfm

from wrinkle_addon.core import files
from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.images import read_photo
from wrinkle_addon.core.models import load_model
from wrinkle_addon.core.models.cache import read_entry, write_entry

ROOT = Path(__file__).resolve().parents[1]
SIDE = 60_000
on_posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX limits and links")
as_user = pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="the superuser may write anywhere")


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


CLAIMS = {
    "png": png_claiming(SIDE, SIDE),
    "bmp": b"BM" + struct.pack("<IIIIiiHHI", 100, 0, 54, 40, SIDE, SIDE, 1, 24, 0) + bytes(60),
    "jpg": b"\xff\xd8\xff\xc0\x00\x11\x08" + struct.pack(">HH", SIDE, SIDE) + bytes(10) + b"\xff\xda\x00\x02\xff\xd9",
    "webp": b"RIFF"
    + struct.pack("<I", 40)
    + b"WEBPVP8X"
    + struct.pack("<II", 10, 0)
    + (b"\xff\xff\xff" * 2)
    + bytes(10),
    "tiff": b"II*\0" + struct.pack("<IHHHIIHHII", 8, 2, 256, 4, 1, SIDE, 257, 4, 1, SIDE) + bytes(4),
}


@pytest.mark.parametrize("kind", CLAIMS)
def test_a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded(tmp_path: Path, kind: str) -> None:
    (tmp_path / f"bomb.{kind}").write_bytes(CLAIMS[kind])
    with pytest.raises(WrinkleError, match="over the limit of 120 megapixels"):
        read_photo(tmp_path / f"bomb.{kind}")


def test_a_model_that_contains_itself(tmp_path: Path) -> None:
    path = write_bfm(tmp_path / "model.h5", *small_face())
    with h5py.File(path, "r+") as file:
        del file["shape/model/mean"]
        file["shape/model/again"] = file["shape"]
        file["shape/model/mean"] = file["shape"]
    with pytest.raises(WrinkleError, match="it has no shape/model/mean"):
        load_model(path, cache=tmp_path / "cache")


def test_a_model_that_unpacks_without_end(tmp_path: Path) -> None:
    path = write_bfm(tmp_path / "model.h5", *small_face())
    with h5py.File(path, "r+") as file:
        del file["shape/representer/cells"]
        file.create_dataset("shape/representer/cells", (3, 1 << 30), np.int32, chunks=(3, 1 << 20), compression="gzip")
    with pytest.raises(WrinkleError, match="unusable list of triangles"):
        load_model(path, cache=tmp_path / "cache")


@pytest.mark.parametrize("name", ["with space", "脸 面", "face 🙂", "ä" * 100])
def test_foreign_and_long_names(tmp_path: Path, name: str) -> None:
    folder = files.output_folder(tmp_path / name)
    files.write_png(folder / f"{name}.png", np.full((70, 80, 3), 9, np.uint8))
    assert read_photo(folder / f"{name}.png").pixels.shape == (70, 80, 3)


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrinkleError, match="Choose a shorter name"):
        files.output_folder(tmp_path / ("x" * 300))


@on_posix
def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "map.exr"
    files.write_exr(path, np.zeros((64, 64), np.float32))
    before = path.read_bytes()
    import signal

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(WrinkleError, match="cannot be written"):
            files.write_exr(path, np.ones((512, 512), np.float32))
        assert not write_entry(tmp_path, "key", {}, {"a": np.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, heard)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["map.exr"]


@on_posix
@as_user
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WrinkleError, match="folder you may write to"):
        files.output_folder(tmp_path / "out")


@on_posix
def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "map.png").symlink_to(tmp_path / "precious")
    files.write_png(tmp_path / "map.png", np.zeros((4, 4), np.uint8))
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "map.png").is_symlink()


def test_two_processes_build_one_cache(tmp_path: Path) -> None:
    model, cache = write_bfm(tmp_path / "model.h5", *small_face()), tmp_path / "cache"
    load = "import sys, pathlib; from wrinkle_addon.core.models import load_model; " + (
        "load_model(pathlib.Path(sys.argv[1]), cache=pathlib.Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", load, str(model), str(cache)]
    both = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in both] == [("", 0)] * 2
    (entry,) = (cache / "models").iterdir()
    assert read_entry(cache, entry.name) is not None


def test_what_a_killed_writer_left_is_removed_after_an_hour(tmp_path: Path) -> None:
    left = tmp_path / "models" / ".key.abc"
    left.mkdir(parents=True)
    (left / "mean.npy").write_bytes(b"half")
    assert write_entry(tmp_path, "one", {}, {"a": np.zeros(3)})
    assert left.exists()
    os.utime(left, (0, 0))
    assert write_entry(tmp_path, "two", {}, {"a": np.zeros(3)})
    assert not left.exists()
