# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of ICT-FaceKit's folder of OBJ files.

``generic_neutral_mesh.obj`` in centimetres, ``identityNNN.obj`` one standard deviation each, expressions by name,
``vertex_indices.json``. ICT-FaceKit's README lists vertices 0-9408 as the face; what follows is the head, mouth, teeth
and eyes.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import WrinkleError
from ..progress import Progress, report, silent
from ..types import Blendshapes, Float, Int
from . import arkit
from .obj import Obj, read_obj
from .raw import RawModel, check_triangles
from .seams import split_seams

FOLDER, NEUTRAL, INDICES = "FaceXModel", "generic_neutral_mesh.obj", "vertex_indices.json"
FACE_VERTICES, WHOLE_VERTICES, ALL_VERTICES = 9409, 24591, 26719
# Where the parts of ICT-FaceKit's README begin: face, head and neck, socket of the mouth, of the left and the right
# eye, gums and tongue, teeth, left and right eyeball. What follows (tears, lashes) is to be seen through and left out.
_PARTS = (0, FACE_VERTICES, 11248, 13294, 13678, 14062, 17039, 21451, 23021)
_MM = 10.0
# Jaw lines of ICT-FaceKit's README ("extended jawline"), from the ear to the chin.
_RIGHT_JAW = (1280, 1278, 1275, 1272, 1248, 12, 820, 1834, 1902, 243, 844, 781, 1673, 2199, 801, 1447, 800)
_LEFT_JAW = (3041, 3661, 3042, 4390, 3880, 3022, 3085, 2484, 4102, 4036, 3061, 2253, 3466, 3490, 3493, 3496, 3498)
_AGAIN = "Use the folder FaceXModel of ICT-FaceKit as it is."
_LICENCE = "ICT-FaceKit: MIT, USC Institute for Creative Technologies"


def is_ict(folder: Path) -> bool:
    """Whether the folder is ICT-FaceKit's FaceXModel."""
    return (folder / NEUTRAL).is_file() and (folder / INDICES).is_file()


def read_ict(folder: Path, whole_head: bool = False, progress: Progress = silent) -> RawModel:
    """The face part of the model in ``folder``, or all of it with eyes and teeth.

    Raises WrinkleError naming the file when one is damaged or does not have the neutral mesh's vertices.
    """
    neutral = read_obj(folder / NEUTRAL)
    landmarks, names = _indices(folder / INDICES, len(neutral.vertices))
    if len(neutral.vertices) != ALL_VERTICES:
        raise WrinkleError(f"{NEUTRAL} has {len(neutral.vertices):,} vertices, not {ALL_VERTICES:,}.", _AGAIN)
    if len(neutral.uv_triangles) == 0:
        raise WrinkleError(f"{NEUTRAL} has no UV.", _AGAIN)
    count = WHOLE_VERTICES if whole_head else FACE_VERTICES
    kept = (neutral.triangles < count).all(axis=1)
    if not whole_head:
        # one triangle behind the ear lies in another tile than the face
        kept &= (neutral.uv[neutral.uv_triangles] <= 1.0).all(axis=(1, 2))
    check_triangles(NEUTRAL, neutral.triangles[kept], count)
    uv_triangles, uv = neutral.uv_triangles[kept], neutral.uv
    if whole_head:
        uv_triangles, uv = _one_square(neutral.triangles[kept], uv_triangles, uv)
    split = split_seams(count, neutral.triangles[kept], uv_triangles, uv)
    files = sorted(folder.glob("identity[0-9]*.obj"))
    expressions = [name for name in names if (folder / f"{name}.obj").is_file()]
    wanted = [*files, *(folder / f"{name}.obj" for name in expressions)]
    deltas = np.empty((len(wanted), len(split.vertex), 3), np.float32)
    for index, file in enumerate(wanted):
        report(progress, index / len(wanted), f"Reading {file.name}")
        deltas[index] = _difference(file, neutral, split.vertex)
    own = deltas[len(files) :]
    return RawModel(
        kind="ict",
        name="ICT-FaceKit" + (" whole head" if whole_head else ""),
        mean=neutral.vertices[split.vertex] * np.float32(_MM),
        shape_basis=deltas[: len(files)],
        expression_names=tuple(expressions),
        expression_basis=own,
        expression_bounds=(0.0, 1.0),
        triangles=split.triangles,
        uv=split.uv,
        landmarks=landmarks,
        right_contour=np.asarray(_RIGHT_JAW, np.int32),
        left_contour=np.asarray(_LEFT_JAW, np.int32),
        named=_arkit_names(expressions, own),
        licence=_LICENCE,
    )


def _one_square(triangles: Int, uv_triangles: Int, uv: Float) -> tuple[Int, Float]:
    """The UV (N, 2) of a whole head, whose parts lie one over another and side by side, in one square; its triangles.

    The face keeps the most; the other parts get cells in a row below it and a column beside it. Each triangle gets
    corners of its own, as one on a tile's edge belongs to two.
    """
    corners = uv[uv_triangles]
    corners = corners - np.floor(corners.mean(axis=1, keepdims=True)).clip(min=0)
    cells = (len(_PARTS) - 1) // 2 + 1  # along a side: one more part fits in the corner
    small = 1.0 / cells
    row, column = [(k * small, 0.0) for k in range(cells)], [(1 - small, k * small) for k in range(1, cells)]
    place = np.array([(0.0, small), *row, *column])
    part = np.searchsorted(_PARTS, triangles.max(axis=1), side="right") - 1
    scale = np.where(part == 0, 1 - small, small)[:, None, None]
    placed = corners.clip(0.0, 1.0) * scale + place[part][:, None]
    return np.arange(3 * len(triangles), dtype=np.int32).reshape(-1, 3), placed.reshape(-1, 2).astype(np.float32)


def _difference(file: Path, neutral: Obj, vertex: npt.NDArray[np.intp]) -> Float:
    moved = read_obj(file, faces=False).vertices
    if len(moved) != len(neutral.vertices):
        raise WrinkleError(
            f"{file.name} has {len(moved):,} vertices, the neutral mesh {len(neutral.vertices):,}.", _AGAIN
        )
    return np.asarray((moved - neutral.vertices)[vertex] * _MM, np.float32)


def _indices(path: Path, vertices: int) -> tuple[Int, list[str]]:
    """The 68 landmark vertices and the expressions' names."""
    try:
        if path.stat().st_size > 16 << 20:
            raise ValueError("too large")
        table = json.loads(path.read_text("utf-8"))
        landmarks = np.asarray(table["idx_to_landmark_verts"], np.int64)
        names = [str(name) for name in table["expressions"]]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise WrinkleError(f"{path.name} cannot be read.", _AGAIN) from problem
    inside = landmarks.shape == (68,) and landmarks.min() >= 0 and landmarks.max() < min(vertices, FACE_VERTICES)
    if not inside or any("/" in name or "\\" in name for name in names):
        raise WrinkleError(f"{path.name} does not list 68 landmark vertices and expressions.", _AGAIN)
    return landmarks.astype(np.int32), names


def _arkit_names(names: list[str], deltas: Float) -> Blendshapes:
    """The expressions under ARKit's names: ``_L`` is Left, and what ARKit does not split is the sum of both sides."""
    found: dict[str, Float] = {}
    for name, delta in zip(names, deltas, strict=True):
        stem, side = (name[:-2], {"_L": "Left", "_R": "Right"}.get(name[-2:], "")) if name[-2:-1] == "_" else (name, "")
        if stem + side in arkit.NAMES:
            found[stem + side] = delta
        elif stem in arkit.NAMES:
            found[stem] = found[stem] + delta if stem in found else delta
    if not found:
        return Blendshapes((), np.zeros((0, *deltas.shape[1:]), np.float32))
    return Blendshapes(tuple(found), np.stack(list(found.values())))
