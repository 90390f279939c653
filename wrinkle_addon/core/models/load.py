# SPDX-License-Identifier: GPL-3.0-or-later
"""One door to every face model: told apart by content, completed and cached."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import WrinkleError
from ..progress import Progress, part, report, silent
from ..types import FaceModel
from . import builtin, cache, entry
from .complete import complete
from .eos_file import is_eos_blendshapes, is_eos_model, read_eos
from .hdf5 import SIGNATURE, read_hdf5
from .ict import FOLDER, NEUTRAL, is_ict, read_ict
from .raw import RawModel
from .uv_file import read_uv

_KNOWN = "Use a Basel Face Model .h5, an eos .bin, ICT-FaceKit's FaceXModel folder or the built-in face."
# part of every cache key: raise it when what is stored is computed differently
_VERSION = "17"


def load_model(
    source: str | Path = "builtin", uv: Path | None = None, cache: Path | None = None, progress: Progress = silent
) -> FaceModel:
    """The face model ``source``: "builtin", a model file or a folder.

    An ICT-FaceKit folder gives the face; its ``generic_neutral_mesh.obj`` gives the whole head with eyes and teeth.
    uv: a file with the user's own UV (.mat, .npy, .obj). cache: the folder of the fast form, else the user's cache
    folder or ``WRINKLE_CACHE``. Raises WrinkleError, naming the file, when it is missing, damaged or no face model.
    """
    report(progress, 0.0, "Loading the face model")
    model = builtin.load_builtin() if str(source) == "builtin" else _from_disk(Path(source), cache, progress)
    if uv is not None:
        own = read_uv(uv, len(model.mean))
        model = replace(model, uv=own, content=_digest(model.content, own.tobytes()))
    report(progress, 1.0, "Loading the face model")
    return model


def _digest(*parts: bytes | str) -> str:
    return cache.digest_of(_VERSION, *parts)


def _from_disk(path: Path, chosen: Path | None, progress: Progress) -> FaceModel:
    if not path.exists():
        raise WrinkleError(f"There is no face model at {path}.", 'Give a model file, a folder, or "builtin".')
    folder = cache.default_folder() if chosen is None else chosen
    path = _model_file(path)
    key = _digest(builtin.load_builtin().content, str(path.name == NEUTRAL), *_content(path, folder))
    stored = entry.read(folder, key)
    if stored is not None:
        return stored
    raw = _read(path, part(progress, 0.0, 0.3))
    model = complete(raw, key, part(progress, 0.3, 0.98))
    entry.write(folder, model)
    # memory-mapped from now on, so that the next stages do not hold a second copy
    return entry.read(folder, key) or model


def _model_file(path: Path) -> Path:
    """A folder stands for the ICT-FaceKit or for the one eos or HDF5 model in it."""
    if not path.is_dir() or is_ict(path):
        return path
    if is_ict(path / FOLDER):
        return path / FOLDER
    found = [file for file in sorted(path.iterdir()) if file.is_file() and _kind(file) in ("bfm", "eos")]
    if len(found) == 1:
        return found[0]
    raise WrinkleError(f"The folder {path} holds {len(found)} face models.", _KNOWN)


def _content(path: Path, folder: Path) -> list[str]:
    """What the model is made of: the digests of its files, with names where these carry meaning."""
    ict = path if path.is_dir() else path.parent
    if path.is_dir() or (path.name == NEUTRAL and is_ict(ict)):
        files = [file for file in sorted(ict.iterdir()) if file.suffix in (".obj", ".json")]
        return [text for file in files for text in (file.name, cache.file_digest(file, folder))]
    files = [path]
    if _kind(path) == "eos":
        files += [f for f in sorted(path.parent.glob("*.bin")) if f != path and _kind(f) == "blendshapes"]
    return [cache.file_digest(file, folder) for file in files]


def _kind(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            start = stream.read(16)
    except OSError as problem:
        raise WrinkleError(f"{path} cannot be read ({problem.strerror}).", "Check the file's permissions.") from problem
    if start.startswith(SIGNATURE):
        return "bfm"
    if is_eos_blendshapes(start):
        return "blendshapes"
    return "eos" if is_eos_model(start) else "unknown"


def _read(path: Path, progress: Progress) -> RawModel:
    if path.is_dir():
        return read_ict(path, progress=progress)
    if path.name == NEUTRAL and is_ict(path.parent):
        return read_ict(path.parent, whole_head=True, progress=progress)
    kind = _kind(path)
    if kind == "bfm":
        return read_hdf5(path, progress)
    if kind == "eos":
        return read_eos(path, progress)
    if kind == "blendshapes":
        raise WrinkleError(f"{path.name} holds blendshapes only.", "Give the model file that lies beside it.")
    if path.stat().st_size == 0:
        raise WrinkleError(f"{path.name} is empty.", _KNOWN)
    raise WrinkleError(f"{path.name} is not a face model this add-on knows.", _KNOWN)
