# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader of the Basel Face Model family in HDF5: 2017 (nomouth, face12_nomouth) and 2019.

Layout: ``shape|expression/model/{mean, pcaBasis, pcaVariance}`` with mean (3V,), an orthonormal pcaBasis (3V, K) and
variances (K,), triangles in ``shape/representer/cells`` (3, T), millimetres, +Y up, nose to +Z. Landmarks may be
named in ``metadata/landmarks/json``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import WrinkleError
from ..progress import Progress, report, silent
from ..types import Float, Int
from .raw import MAX_TRIANGLES, RawModel, check_finite, check_size, check_triangles, outward

if TYPE_CHECKING:
    import h5py

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_AGAIN = "Download model2017-1_bfm_nomouth.h5 (or face12_nomouth) from the Basel Face Model page again."
_LICENCE = "Basel Face Model: research use only, see its licence"


def read_hdf5(path: Path, progress: Progress = silent) -> RawModel:
    """The model in ``path``; raises WrinkleError naming the file for anything that is not a whole, sound BFM."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return _read(file, path.name, progress)
    except (OSError, RuntimeError, ValueError, TypeError, KeyError) as problem:
        raise WrinkleError(f"{path.name} is not a whole HDF5 model file ({_short(problem)}).", _AGAIN) from problem


def _short(problem: Exception) -> str:
    return str(problem).split("\n")[0][:120].rstrip(".")


def _node(file: h5py.File, name: str, where: str) -> Any:
    """The dataset ``where`` or None; links that leave the file are refused, as is data stored elsewhere."""
    import h5py

    group: Any = file
    for part in where.split("/"):
        if not isinstance(group, h5py.Group):
            return None
        link = group.get(part, getlink=True)
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise WrinkleError(f"{name} points to data outside itself at {where}.", _AGAIN)
        group = group[part]
    if not isinstance(group, h5py.Dataset):
        return None
    if group.external or group.is_virtual:
        raise WrinkleError(f"{name} points to data outside itself at {where}.", _AGAIN)
    return group


def _required(file: h5py.File, name: str, where: str, kinds: str = "f") -> Any:
    node = _node(file, name, where)
    if node is None or node.dtype.kind not in kinds:
        raise WrinkleError(f"{name} is an HDF5 file but not a face model: it has no {where}.", _AGAIN)
    return node


def _read(file: h5py.File, name: str, progress: Progress) -> RawModel:
    report(progress, 0.0, "Reading the face model")
    mean_node = _required(file, name, "shape/model/mean")
    vertices = int(np.prod(mean_node.shape)) // 3
    check_size(name, "its shape", vertices, 1)
    if int(np.prod(mean_node.shape)) != 3 * vertices:
        raise WrinkleError(f"{name} has a mean shape that is not a list of 3D points.", _AGAIN)
    mean = np.asarray(mean_node[()], np.float32).reshape(vertices, 3)
    check_finite(name, "the mean shape", mean)
    triangles = outward(mean, _triangles(file, name, vertices))
    shape = _basis(file, name, "shape", vertices)
    report(progress, 0.4, "Reading the expressions")
    if _node(file, name, "expression/model/pcaBasis") is None:
        expressions = np.zeros((0, vertices, 3), np.float32)
    else:
        expressions = _expressions(file, name, vertices)
    report(progress, 0.8, "Checking the face model")
    names = tuple(f"expression_{k:03d}" for k in range(len(expressions)))
    model = RawModel("bfm", name, mean, shape, names, expressions, (-3.0, 3.0), triangles, licence=_LICENCE)
    model.named_points = _named_points(file, name)
    return model


def _named_points(file: h5py.File, name: str) -> dict[str, Float]:
    """Named landmark positions, (3,) mm each, of ``metadata/landmarks/json``; empty when the file has none that are
    sound."""
    node = _node(file, name, "metadata/landmarks/json")
    if node is None or node.shape not in ((), (1,)) or node.id.get_storage_size() > 1 << 20:
        return {}
    try:
        entries = json.loads(node[()] if node.shape == () else node[0])
        points = {str(e["id"]): np.asarray(e["coordinates"], np.float32).reshape(3) for e in entries}
    except (ValueError, TypeError, KeyError):
        return {}
    return {key: point for key, point in points.items() if np.isfinite(point).all()}


def _expressions(file: h5py.File, name: str, vertices: int) -> Float:
    """The expression components and, as one more, the mean expression: BFM measures expressions from the neutral face
    and their average is not zero, while our coefficients of zero must mean a neutral face."""
    basis = _basis(file, name, "expression", vertices)
    node = _node(file, name, "expression/model/mean")
    if node is None or node.shape != (3 * vertices,):
        return basis
    average = np.asarray(node[()], np.float32).reshape(1, vertices, 3)
    check_finite(name, "the mean expression", average)
    if float(np.abs(average).max()) < 0.05:
        return basis
    return np.concatenate((basis, average))


def _basis(file: h5py.File, name: str, part: str, vertices: int) -> Float:
    """(K, V, 3) mm per standard deviation."""
    node = _required(file, name, f"{part}/model/pcaBasis")
    variance_node = _required(file, name, f"{part}/model/pcaVariance")
    if node.ndim != 2 or variance_node.ndim != 1 or node.shape != (3 * vertices, variance_node.shape[0]):
        raise WrinkleError(
            f"{name} is inconsistent: {part}/model/pcaBasis is {node.shape}, the mean has {vertices} vertices and "
            f"there are {variance_node.shape} variances.",
            _AGAIN,
        )
    check_size(name, f"its {part} components", vertices, node.shape[1])
    variance = np.asarray(variance_node[()], np.float32)
    check_finite(name, f"the {part} variances", variance)
    basis = np.ascontiguousarray(np.asarray(node[()], np.float32).T)
    with np.errstate(over="ignore", invalid="ignore"):
        basis *= np.sqrt(np.maximum(variance, 0.0))[:, None]
    check_finite(name, f"the {part} components", basis)
    return basis.reshape(-1, vertices, 3)


def _triangles(file: h5py.File, name: str, vertices: int) -> Int:
    node = _required(file, name, "shape/representer/cells", "iuf")
    if node.ndim != 2 or 3 not in node.shape or max(node.shape) > MAX_TRIANGLES:
        raise WrinkleError(f"{name} has an unusable list of triangles, {node.shape}.", _AGAIN)
    cells = np.asarray(node[()])
    cells = cells.T if cells.shape[0] == 3 else cells
    return check_triangles(name, cells.astype(np.int64), vertices)
