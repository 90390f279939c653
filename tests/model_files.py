# SPDX-License-Identifier: GPL-3.0-or-later
"""Face models for tests: the large ones loaded once per run, small made-up files in every format."""

from __future__ import annotations

import atexit
import json
import shutil
import struct
import tempfile
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import shared_files

from wrinkle_addon.core.models import builtin, load_model
from wrinkle_addon.core.models.uv import largest_piece
from wrinkle_addon.core.types import FaceModel


@cache
def cache_folder() -> Path:
    """A folder for prepared models that lives as long as the test run."""
    folder = Path(tempfile.mkdtemp(prefix="wrinkle_models_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def loaded(path: Path) -> FaceModel:
    """The model at ``path``, prepared once; the test is skipped when it is not there."""
    return load_model(shared_files.need(path), cache=cache_folder())


@cache
def small_face(reach: float = 105.0) -> tuple[np.ndarray, np.ndarray]:
    """(V, 3) mm and triangles: the skin around the middle of the built-in face, in another order of vertices."""
    face = builtin.load_builtin()
    distance = np.linalg.norm((face.mean - face.mean[face.landmarks[33]]) * [1.0, 1.0, 0.5], axis=1)
    near = (distance < reach) & (builtin.parts() == 0)
    piece = largest_piece(face.triangles[near[face.triangles].all(axis=1)], len(face.mean))
    kept = np.random.default_rng(3).permutation(np.unique(piece))
    index = np.full(len(face.mean), -1)
    index[kept] = np.arange(len(kept))
    return face.mean[kept], index[piece].astype(np.int32)


def write_bfm(path: Path, mean: np.ndarray, triangles: np.ndarray, components: int = 3) -> Path:
    """An HDF5 file in the Basel Face Model's layout."""
    random = np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        for part in ("shape", "expression"):
            basis = np.linalg.qr(random.standard_normal((mean.size, components)))[0]
            file[f"{part}/model/mean"] = mean.ravel().astype(np.float32) * (part == "shape")
            file[f"{part}/model/pcaBasis"] = basis.astype(np.float32)
            file[f"{part}/model/pcaVariance"] = np.linspace(900.0, 100.0, components).astype(np.float32)
        file["shape/representer/cells"] = triangles.T.astype(np.int32)
    return path


def write_bfm_part(path: Path, model: FaceModel, kept: np.ndarray, release: int) -> Path:
    """The vertices ``kept`` (n,) of a model as the Basel Face Model page hands out its parts (face12 of 2017, 2019):
    colour, noise variance, representer and the landmarks' names and places beside shape and expressions."""
    index = np.full(len(model.mean), -1)
    index[kept] = np.arange(len(kept))
    inside = model.triangles[(index[model.triangles] >= 0).all(axis=1)]
    places = {"center.nose.tip": 30, "right.eye.corner_outer": 36, "left.eye.corner_outer": 45}
    places |= {"right.lips.corner": 48, "left.lips.corner": 54, "center.chin.tip": 8}
    entries = [
        {"id": name, "coordinates": model.mean[model.landmarks[point]].tolist()} for name, point in places.items()
    ]
    with h5py.File(path, "w") as file:
        for part, bases in (("shape", model.shape_basis), ("expression", model.expression_basis)):
            flat = bases[:, kept].reshape(len(bases), -1)
            _, sizes, axes = np.linalg.svd(flat, full_matrices=False)
            mean = model.mean[kept].reshape(-1)
            file[f"{part}/model/mean"] = (mean if part == "shape" else np.zeros_like(mean)).astype(np.float32)
            file[f"{part}/model/pcaBasis"] = axes.T.astype(np.float32)
            file[f"{part}/model/pcaVariance"] = (sizes**2).astype(np.float32)
            file[f"{part}/model/noiseVariance"] = np.float32(0.0)
        file["color/model/mean"] = np.full(3 * len(kept), 0.5, np.float32)
        file["shape/representer/points"] = model.mean[kept].T
        file["shape/representer/cells"] = index[inside].T.astype(np.int32)
        text = json.dumps(entries)
        file["metadata/landmarks/json"] = text if release == 2017 else np.array([text.encode()])
        file["version/majorVersion"] = np.int32(0)
    return path


def eos_bytes(mean: np.ndarray, triangles: np.ndarray, components: int = 2) -> bytes:
    """An eos model of version 1: shape model, empty colour model, one texture coordinate (double) per vertex."""
    random = np.random.default_rng(2)
    basis = np.linalg.qr(random.standard_normal((mean.size, components)))[0].astype("<f4")
    low, extent = mean.min(axis=0), np.ptp(mean, axis=0)
    uv = ((mean - low) / extent)[:, :2].astype("<f8") * [1, -1] + [0, 1]
    return b"".join(
        (
            struct.pack("<I", 1),
            struct.pack("<ii", mean.size, 1) + mean.astype("<f4").tobytes(),
            struct.pack("<ii", mean.size, components) + basis.T.tobytes(),
            struct.pack("<ii", components, 1) + np.full(components, 400.0, "<f4").tobytes(),
            struct.pack("<Q", len(triangles)) + triangles.astype("<i4").tobytes(),
            struct.pack("<iiiiii", 0, 0, 0, 0, 0, 0) + struct.pack("<Q", 0),
            struct.pack("<Q", len(uv)) + uv.tobytes(),
        )
    )


def eos_blendshapes(vertices: int, names: tuple[str, ...]) -> bytes:
    """An eos blendshape file: names with (3V, 1) displacements in mm."""
    random = np.random.default_rng(4)
    parts = [struct.pack("<Q", len(names))]
    for name in names:
        delta = random.standard_normal(3 * vertices).astype("<f4")
        parts += [struct.pack("<Q", len(name)) + name.encode(), struct.pack("<ii", delta.size, 1) + delta.tobytes()]
    return b"".join(parts)
