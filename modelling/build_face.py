# SPDX-License-Identifier: GPL-3.0-or-later
"""Make wrinkle_addon/assets/builtin_face.npz: ``python -m modelling.build_face``. Takes about a minute."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np

from wrinkle_addon.core import regions
from wrinkle_addon.core.models import arkit

from . import expressions, head, identity

TARGET = Path(__file__).parents[1] / "wrinkle_addon" / "assets" / "builtin_face.npz"
STEP_MM = 0.004  # displacements are stored as int16 multiples of this, those below half of it are dropped
LICENCE = (
    "GPL-3.0-or-later. Topology and depth of the 468-point mesh: MediaPipe 0.10.21 (Apache-2.0), measured by its "
    "network on skimage.data.astronaut() (NASA, public domain); calibrated to 68 positions measured on ICT-FaceKit's "
    "neutral (MIT, USC ICT)."
)


def contours(face: head.Head) -> tuple[np.ndarray, np.ndarray]:
    """Vertices that may form the outline on the subject's right and left: cheek, jaw and under the jaw."""
    p = face.vertices
    level = np.arange(len(p)) < 3800  # the cage and its first refinement are dense enough
    oval = p[[face.landmarks[i] for i in range(17)]]
    near = np.linalg.norm(p[:, None] - oval[None], axis=2).min(axis=1) < 17
    near &= (face.parts == head.SKIN) & level & (np.abs(p[:, 0]) > 8) & (p[:, 1] < 12)
    right = np.nonzero(near & (p[:, 0] < 0))[0]
    return right, face.mirror[right]


def pack(deltas: np.ndarray) -> dict[str, np.ndarray]:
    """Sparse form of (E, V, 3) mm: ``start`` (E + 1,), ``vertex`` uint16, ``value`` int16 in STEP_MM."""
    rounded = np.round(deltas / STEP_MM).astype(np.int16)
    start, vertex, value = [0], [], []
    for shape in rounded:
        used = np.nonzero(shape.any(axis=1))[0]
        vertex.append(used.astype(np.uint16))
        value.append(shape[used])
        start.append(start[-1] + len(used))
    return {"start": np.array(start, np.int32), "vertex": np.concatenate(vertex), "value": np.concatenate(value)}


def write(target: Path, arrays: dict[str, np.ndarray]) -> None:
    """An .npz whose bytes depend on nothing but the arrays."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, buffer.getvalue())


def checksum(arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 over the arrays' bytes in order of their names, without ``meta``."""
    digest = hashlib.sha256()
    for name in sorted(set(arrays) - {"meta"}):
        digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def main() -> None:
    face = head.build()
    shape, modes = identity.build(face)
    motion = expressions.build(face)
    right, left = contours(face)
    named = regions.vertex_regions(
        face.vertices.astype(np.float32),
        face.uv.astype(np.float32),
        face.triangles.astype(np.int32),
        face.landmarks.astype(np.int32),
    )
    arrays = {
        "mean": face.vertices.astype(np.float32),
        "triangles": face.triangles.astype(np.uint16),
        "uv": face.uv.astype(np.float32),
        "mirror": face.mirror.astype(np.uint16),
        "parts": face.parts.astype(np.uint8),
        "eyes": face.eyes.astype(np.float32),
        "landmarks": face.landmarks.astype(np.uint16),
        "dense": face.dense.astype(np.uint16),
        "right_contour": right.astype(np.uint16),
        "left_contour": left.astype(np.uint16),
        "regions": np.stack([np.round(v * 255) for v in named.values()]).astype(np.uint8),
    }
    arrays |= {f"shape_{k}": v for k, v in pack(shape).items()}
    arrays |= {f"motion_{k}": v for k, v in pack(motion).items()}
    meta = {
        "format": 1,
        "name": "Built-in face",
        "licence": LICENCE,
        "provenance": "made by modelling/build_face.py",
        "step_mm": STEP_MM,
        "modes": modes,
        "expressions": arkit.NAMES,
        "regions": list(named),
        "sha256": checksum(arrays),
    }
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    write(TARGET, arrays)


if __name__ == "__main__":
    main()
