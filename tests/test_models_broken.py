# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged and foreign model files end in one clear sentence, and never take much memory."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import shared_files
from model_files import eos_bytes, small_face, write_bfm

from wrinkle_addon.core.errors import Cancelled, WrinkleError
from wrinkle_addon.core.models import load_model


@pytest.fixture
def bfm(tmp_path: Path) -> Path:
    return write_bfm(tmp_path / "model.h5", *small_face())


def refused(path: Path, match: str) -> None:
    with pytest.raises(WrinkleError, match=match) as caught:
        load_model(path, cache=path.parent / "cache")
    assert "\n" not in str(caught.value)


def replace(path: Path, name: str, value: object) -> None:
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = value


def test_missing_empty_and_foreign(tmp_path: Path) -> None:
    refused(tmp_path / "none.h5", "no face model at")
    (tmp_path / "empty.h5").touch()
    refused(tmp_path / "empty.h5", "empty.h5 is empty")
    (tmp_path / "text.bin").write_text("this is not a model at all")
    refused(tmp_path / "text.bin", "text.bin is not a face model")
    refused(tmp_path, "holds 0 face models")


def test_other_hdf5(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["something"] = np.zeros(3)
    refused(tmp_path / "other.h5", "other.h5 is an HDF5 file but not a face model")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_truncated_hdf5(bfm: Path, share: float) -> None:
    bfm.write_bytes(bfm.read_bytes()[: int(share * bfm.stat().st_size)])
    refused(bfm, "model.h5 is not a whole HDF5 model file")


def test_nan(bfm: Path) -> None:
    with h5py.File(bfm, "r+") as file:
        file["shape/model/pcaBasis"][5, 1] = np.nan
    refused(bfm, "model.h5 holds values that are not numbers")


def test_a_billion_vertices(bfm: Path) -> None:
    with h5py.File(bfm, "r+") as file:
        del file["shape/model/mean"]
        file.create_dataset("shape/model/mean", (3_000_000_000,), np.float32, chunks=(1 << 20,))
    refused(bfm, "model.h5 claims 1,000,000,000 vertices")


def test_many_components(bfm: Path) -> None:
    with h5py.File(bfm, "r+") as file:
        rows = file["shape/model/mean"].shape[0]
        for name, shape in (("pcaBasis", (rows, 10**6)), ("pcaVariance", (10**6,))):
            del file[f"shape/model/{name}"]
            file.create_dataset(f"shape/model/{name}", shape, np.float32, chunks=True)
    refused(bfm, "claims 1,000,000 components")


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("shape/model/pcaBasis", np.zeros((7, 3), np.float32), "inconsistent"),
        ("shape/model/pcaVariance", np.zeros(2, np.float32), "inconsistent"),
        ("shape/representer/cells", np.full((3, 9), 10**6), "triangles that name vertices"),
        ("shape/representer/cells", np.zeros((4, 9)), "unusable list of triangles"),
        ("shape/model/mean", np.zeros(10, np.float32), "3 vertices"),
        ("shape/model/mean", "text", "it has no shape/model/mean"),
    ],
)
def test_inconsistent_hdf5(bfm: Path, name: str, value: object, match: str) -> None:
    replace(bfm, name, value)
    refused(bfm, match)


@pytest.mark.parametrize("kind", ["external link", "soft link", "external data"])
def test_data_outside_the_file(bfm: Path, kind: str) -> None:
    shutil.copy(bfm, bfm.with_name("other.h5"))
    with h5py.File(bfm, "r+") as file:
        name, shape = "shape/model/mean", file["shape/model/mean"].shape
        del file[name]
        if kind == "external link":
            file[name] = h5py.ExternalLink("other.h5", name)
        elif kind == "soft link":
            file[name] = h5py.SoftLink("/expression/model/mean")
        else:
            file.create_dataset(name, shape, np.float32, external=[(str(bfm.with_name("x")), 0, h5py.h5f.UNLIMITED)])
    refused(bfm, "points to data outside itself")


def test_no_face_in_the_geometry(tmp_path: Path) -> None:
    mean, triangles = small_face()
    flat = mean * [1.0, 1.0, 0.0] + np.random.default_rng(0).normal(0, 30, mean.shape) * [0, 0, 1]
    refused(write_bfm(tmp_path / "noise.h5", flat, triangles), "No face was found in the geometry of noise.h5")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_truncated_eos(tmp_path: Path, share: float) -> None:
    data = eos_bytes(*small_face())
    (tmp_path / "model.bin").write_bytes(data[: int(share * len(data))])
    refused(tmp_path / "model.bin", "model.bin is not a whole eos model file")


def _huge_matrix(data: bytes) -> bytes:
    return data[:4] + struct.pack("<i", 2_000_000_001) + data[8:]


def _nan(data: bytes) -> bytes:
    return data[:20] + struct.pack("<f", float("nan")) + data[24:]


@pytest.mark.parametrize(
    ("harm", "match"),
    [(_huge_matrix, "claims a matrix"), (_nan, "not numbers"), (lambda data: data + b"more", "more follows")],
)
def test_harmed_eos(tmp_path: Path, harm: Callable[[bytes], bytes], match: str) -> None:
    (tmp_path / "model.bin").write_bytes(harm(eos_bytes(*small_face())))
    refused(tmp_path / "model.bin", match)


def test_random_bytes_behind_a_sound_start(tmp_path: Path) -> None:
    data = eos_bytes(*small_face())
    random = np.random.default_rng(4)
    for place in (0, 8, 40, 300):
        (tmp_path / "model.bin").write_bytes(data[:place] + random.bytes(2000))
        with pytest.raises(WrinkleError):
            load_model(tmp_path / "model.bin", cache=tmp_path / "cache")


def test_ict_with_a_damaged_file(tmp_path: Path) -> None:
    source = shared_files.need(shared_files.ICT)
    for name in ("generic_neutral_mesh.obj", "identity000.obj", "vertex_indices.json"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    text = (tmp_path / "identity000.obj").read_bytes()
    (tmp_path / "identity000.obj").write_bytes(text[: len(text) // 10])
    refused(tmp_path, "identity000.obj")
    (tmp_path / "vertex_indices.json").write_text("{")
    refused(tmp_path, "vertex_indices.json cannot be read")


def test_cancelling_leaves_nothing(bfm: Path) -> None:
    with pytest.raises(Cancelled):
        load_model(bfm, cache=bfm.parent / "cache", progress=lambda fraction, text: fraction < 0.5)
    assert not list((bfm.parent / "cache").glob("models/*"))
