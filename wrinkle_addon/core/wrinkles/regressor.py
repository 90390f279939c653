# SPDX-License-Identifier: GPL-3.0-or-later
"""The trained networks: read from an ``.npz`` without pickle, checked, and handed to the native executor."""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import wrinkle_native as native

from ..errors import WrinkleError
from ..npy import UNREADABLE, any_header
from .settings import Scale

FORMAT = 1
CHANNELS = 8
DEFAULT = Path(__file__).resolve().parents[2] / "assets" / "regressor.npz"
MAX_FILE = 64 << 20
MAX_ARRAYS = 256
HINT = "Use the file that comes with the add-on, or one written by the trainer."

Arrays = dict[str, npt.NDArray[Any]]
Program = list[tuple[Any, ...]]


@dataclass(frozen=True, eq=False)
class ScaleNet:
    """A network for one scale. net: native executor. gate: slope (mm per mm) under which its relief fades out."""

    scale: Scale
    net: native.Net
    gate: float


@dataclass(frozen=True, eq=False)
class Regressor:
    """Networks from fine to coarse. content: digest of the weights. provenance, licence: as the file states them."""

    nets: tuple[ScaleNet, ...]
    content: str
    provenance: str
    licence: str


def weights_digest(arrays: Arrays) -> str:
    """sha256 over name, dtype, shape and bytes of every array but ``meta``, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        if name != "meta":
            array = np.ascontiguousarray(arrays[name])
            digest.update(f"{name}{array.dtype.str}{array.shape!r}".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()


def load_regressor(path: Path | None = None) -> Regressor:
    """Read a regressor file; without a path the one that comes with the add-on.

    Raises WrinkleError naming the file when it is missing, damaged, of another format, or not a network that can be
    run.
    """
    source = path or DEFAULT
    arrays = _arrays(source)
    meta = _meta(source, arrays)
    if meta.get("sha256") != weights_digest(arrays):
        raise WrinkleError(f"The regressor {source.name} is damaged: its checksum does not match.", HINT)
    entries = meta.get("scales")
    if not isinstance(entries, list) or not 1 <= len(entries) <= 4:
        raise WrinkleError(f"The regressor {source.name} does not state 1 to 4 scales.", HINT)
    try:
        nets = tuple(_scale_net(entry, arrays) for entry in entries)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WrinkleError(f"The regressor {source.name} cannot be run: {error}.", HINT) from error
    texts = (str(meta.get(name, "")) for name in ("provenance", "licence"))
    return Regressor(tuple(sorted(nets, key=lambda net: net.scale.mm)), str(meta["sha256"]), *texts)


def _arrays(source: Path) -> Arrays:
    """Every array of the file, none of it pickled, within bounds."""
    try:
        size = source.stat().st_size
        if size > MAX_FILE:
            raise WrinkleError(f"The regressor {source.name} has {size >> 20} MiB, more than {MAX_FILE >> 20}.", HINT)
        data = io.BytesIO(source.read_bytes())
        with zipfile.ZipFile(data) as archive:
            entries = archive.infolist()
        if len(entries) > MAX_ARRAYS or sum(entry.file_size for entry in entries) > 2 * MAX_FILE:
            raise WrinkleError(f"The regressor {source.name} claims too much data.", HINT)
        with any_header(), np.load(data, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except OSError as error:
        raise WrinkleError(f"The regressor {source} cannot be read: {error.strerror or error}.", HINT) from error
    except UNREADABLE as error:
        raise WrinkleError(f"The regressor {source.name} is not a whole regressor file.", HINT) from error


def _meta(source: Path, arrays: Arrays) -> dict[str, Any]:
    try:
        meta = json.loads(arrays["meta"].astype(np.uint8).tobytes())
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise WrinkleError(f"The regressor {source.name} has no readable description.", HINT) from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise WrinkleError(f"The regressor {source.name} is not of format {FORMAT}.", "Update the add-on or the file.")
    return meta


def _number(entry: dict[str, Any], name: str, low: float, high: float, default: float | None = None) -> float:
    value = entry.get(name, default)
    if not isinstance(value, (int, float)) or not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}, not {low} to {high}")
    return float(value)


def _scale_net(entry: dict[str, Any], arrays: Arrays) -> ScaleNet:
    size = int(_number(entry, "size", 8, 256))
    scale = Scale(_number(entry, "mm", 0.05, 5), size, _number(entry, "highpass_mm", 0.5, 100))
    program = program_of(entry["program"], str(entry.get("prefix", "")), arrays)
    return ScaleNet(scale, native.Net(size, CHANNELS, program), _number(entry, "gate", 0, 1, default=0.02))


def program_of(operations: list[Any], prefix: str, arrays: Arrays) -> Program:
    """The operations as the native executor takes them, each convolution with its ``w...`` and ``b...`` arrays."""
    program: Program = []
    for operation in operations:
        if isinstance(operation, str):
            program.append((operation,))
            continue
        ((kind, value),) = operation.items()
        if kind in ("conv3x3", "conv1x1"):
            names = prefix + value, prefix + "b" + value.removeprefix("w")
            program.append((kind, *(np.ascontiguousarray(arrays[name], np.float32) for name in names)))
        else:
            program.append((kind, value))
    return program
