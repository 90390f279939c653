# SPDX-License-Identifier: GPL-3.0-or-later
"""Small sound files of every kind that is read, to be damaged."""

from __future__ import annotations

import io
import json
import struct
import tempfile
import zlib
from functools import cache
from pathlib import Path

import cv2
import h5py
import numpy as np

from wrinkle_addon.core.encode import encode_exr, encode_png
from wrinkle_addon.core.wrinkles.regressor import FORMAT, weights_digest

VERTICES = 24


def _picture(channels: int, dtype: type = np.uint8) -> np.ndarray:
    rng = np.random.default_rng(channels)
    return rng.integers(0, np.iinfo(dtype).max, (72, 72, channels), dtype)


def _encoded(suffix: str, channels: int = 3, dtype: type = np.uint8) -> bytes:
    done, data = cv2.imencode(suffix, _picture(channels, dtype))
    assert done
    return data.tobytes()


def _with_exif(jpeg: bytes) -> bytes:
    """The JPEG turned by EXIF, with a focal length."""
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack("<HHIHH", 0xA405, 3, 1, 35, 0)
    tiff = b"II*\0" + struct.pack("<IH", 8, 2) + entries + struct.pack("<I", 0)
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


@cache
def photos() -> tuple[tuple[str, bytes], ...]:
    return (
        (".png", encode_png(_picture(3))),
        (".png", encode_png(_picture(4))),
        (".png", encode_png(_picture(1, np.uint16))),
        (".jpg", _with_exif(_encoded(".jpg"))),
        (".jpg", _encoded(".jpg", 1)),
        (".bmp", _encoded(".bmp")),
        (".webp", _encoded(".webp")),
        (".tif", _encoded(".tif", 3, np.uint16)),
        (".exr", encode_exr(np.random.default_rng(0).random((72, 72), dtype=np.float32))),
    )


@cache
def points() -> tuple[tuple[str, bytes], ...]:
    lines = "".join(f"{100 + k}.5 {200 - k}\n" for k in range(68))
    return ((".pts", f"version: 1\nn_points: 68\n{{\n{lines}}}\n".encode()),)


def _mesh() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    corners = np.array([rng.permutation(VERTICES)[:3] for _ in range(30)], np.int32)
    return rng.normal(0, 50, (VERTICES, 3)).astype(np.float32), corners


@cache
def hdf5() -> tuple[tuple[str, bytes], ...]:
    mean, triangles = _mesh()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.h5"
        with h5py.File(path, "w") as file:
            for part in ("shape", "expression"):
                file[f"{part}/model/mean"] = mean.ravel()
                file[f"{part}/model/pcaBasis"] = np.eye(mean.size, 4, dtype=np.float32)
                file[f"{part}/model/pcaVariance"] = np.ones(4, np.float32)
            file["shape/representer/cells"] = triangles.T
            file["metadata/landmarks/json"] = json.dumps([{"id": "nose.tip", "coordinates": [1, 2, 3]}])
        return ((".h5", path.read_bytes()),)


@cache
def eos() -> tuple[tuple[str, bytes], ...]:
    mean, triangles = _mesh()
    basis = np.eye(mean.size, 2, dtype="<f4")
    parts = (
        struct.pack("<I", 1),
        struct.pack("<ii", mean.size, 1) + mean.astype("<f4").tobytes(),
        struct.pack("<ii", mean.size, 2) + basis.T.tobytes(),
        struct.pack("<ii", 2, 1) + np.full(2, 400.0, "<f4").tobytes(),
        struct.pack("<Q", len(triangles)) + triangles.astype("<i4").tobytes(),
        struct.pack("<iiiiii", 0, 0, 0, 0, 0, 0) + struct.pack("<Q", 0),
        struct.pack("<Q", VERTICES) + np.full((VERTICES, 2), 0.5, "<f8").tobytes(),
    )
    return ((".bin", b"".join(parts)),)


@cache
def obj() -> tuple[tuple[str, bytes], ...]:
    mean, triangles = _mesh()
    lines = [f"v {x:.3f} {y:.3f} {z:.3f}" for x, y, z in mean] + [f"vt {k / 99:.3f} 0.5" for k in range(VERTICES)]
    lines += ["f " + " ".join(f"{c + 1}/{c + 1}" for c in triangle) for triangle in triangles]
    return ((".obj", "\n".join(lines).encode()),)


@cache
def uvs() -> tuple[tuple[str, bytes], ...]:
    table = np.random.default_rng(5).random((VERTICES, 2))
    npy = io.BytesIO()
    np.save(npy, table.astype(np.float32))
    name = b"uv\0\0\0\0\0\0"
    body = struct.pack("<IIII", 6, 8, 6, 0) + struct.pack("<IIii", 5, 8, VERTICES, 2) + struct.pack("<II", 1, 2) + name
    body += struct.pack("<II", 9, table.nbytes) + np.asfortranarray(table).tobytes("F")
    matrix = struct.pack("<II", 14, len(body)) + body
    packed = zlib.compress(matrix)
    header = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM"
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / "uv.mat"
        with h5py.File(new, "w") as file:
            file["uv"] = table.T
        version_73 = new.read_bytes()
    return (
        (".npy", npy.getvalue()),
        (".mat", header + matrix),
        (".mat", header + struct.pack("<II", 15, len(packed)) + packed),
        (".mat", version_73),
        *obj(),
    )


@cache
def regressors() -> tuple[tuple[str, bytes], ...]:
    rng = np.random.default_rng(6)
    arrays = {
        "a/w0": rng.normal(0, 0.1, (4, 8, 3, 3)).astype(np.float32),
        "a/b0": np.zeros(4, np.float32),
        "a/w1": rng.normal(0, 0.1, (1, 4, 1, 1)).astype(np.float32),
        "a/b1": np.zeros(1, np.float32),
    }
    program = [{"conv3x3": "w0"}, "relu", {"conv1x1": "w1"}]
    scale = {"mm": 0.25, "size": 64, "highpass_mm": 5.0, "program": program, "prefix": "a/", "gate": 0.01}
    meta = {"format": FORMAT, "sha256": weights_digest(arrays), "scales": [scale]}
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return ((".npz", buffer.getvalue()),)


def tables() -> tuple[tuple[str, bytes], ...]:
    return ((".csv", b'photos,name,model\na.jpg,first,builtin\n"b.jpg;c.jpg",second,\n'),)


def orders() -> tuple[tuple[str, bytes], ...]:
    item = {"name": "a", "photos": ["/a.jpg"], "options": {}, "signature": "0"}
    order = {"arguments": {}, "threads": 1, "blender": "", "items": [item]}
    return ((".json", json.dumps(order).encode()),)
