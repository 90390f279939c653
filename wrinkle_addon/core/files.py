# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing files so that each is whole or absent, and reading our own maps back.

Every writer makes the bytes in memory, writes them to a temporary file in the same folder, flushes them to the disk
and then renames the file over the target, which is one step for the file system. Arrays are RGB, row 0 on top.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .encode import encode_exr, encode_png
from .errors import WrinkleError
from .types import Byte, Float

_TEMPORARY = ".wrinkle-{}.tmp"
_STALE_SECONDS = 3600.0
_HINTS = {
    errno.EACCES: "Choose a folder you may write to.",
    errno.EPERM: "Choose a folder you may write to.",
    errno.EROFS: "The disk is read-only: choose another folder.",
    errno.ENOSPC: "The disk is full: free some space or choose another folder.",
    errno.EDQUOT: "Your disk quota is used up: free some space or choose another folder.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.ENOTDIR: "A part of the path is a file: choose another folder.",
    errno.EISDIR: "There is a folder of that name: choose another name.",
}


def write_atomic(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``; on any failure the file that was there before stays as it was.

    Raises WrinkleError naming the file when the system refuses.
    """
    temporary = path.parent / _TEMPORARY.format(secrets.token_hex(8))
    try:
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    except ValueError as error:  # a NUL character in the name
        raise WrinkleError(f"The file name {str(path)!r} is not valid.", "Choose another name.") from error


def write_png(path: Path, pixels: npt.NDArray[Any]) -> None:
    """Write an image losslessly. pixels: (H, W) or (H, W, 1..4) uint8 or uint16; grey, grey + alpha, RGB or RGBA."""
    write_atomic(path, encode_png(pixels))


def write_jpeg(path: Path, pixels: Byte, quality: int = 95) -> None:
    """Write an 8-bit JPEG without chroma subsampling. pixels: (H, W) or (H, W, 3) uint8 RGB, sides up to 65500."""
    import cv2

    if pixels.dtype != np.uint8 or (pixels.ndim == 3 and pixels.shape[2] != 3):
        raise ValueError(f"a JPEG holds (H, W) or (H, W, 3) uint8, not {pixels.dtype} {pixels.shape}")
    swapped = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    sampling = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, *sampling]
    done, data = cv2.imencode(".jpg", swapped, settings)
    if not done:
        raise WrinkleError(f"The image for {path.name!r} cannot be stored as a JPEG.", "Choose a smaller size.")
    write_atomic(path, data.tobytes())


def write_exr(path: Path, pixels: Float) -> None:
    """Write one float32 channel as OpenEXR. pixels: (H, W) float32."""
    write_atomic(path, encode_exr(pixels))


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object as UTF-8. NumPy values, paths and tuples may stand in it; NaN may not (ValueError)."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    write_atomic(path, (text + "\n").encode())


def write_npz(path: Path, /, **arrays: npt.ArrayLike) -> None:
    """Write named arrays as an uncompressed .npz that reads without pickle; object arrays raise ValueError."""
    converted = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in converted.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name!r} holds Python objects; a .npz here holds numbers and strings only")
    buffer = io.BytesIO()
    np.savez(buffer, **converted)
    write_atomic(path, buffer.getvalue())


def read_exr(path: Path) -> Float:
    """The map written by :func:`write_exr` (or the luminance of any OpenEXR image). Returns (H, W) float32."""
    from .images import decode_file

    pixels = decode_file(path)[0]
    if pixels.dtype != np.float32:
        raise WrinkleError(f"{path.name!r} is not an OpenEXR image of floating-point numbers.", "Give an .exr file.")
    if pixels.ndim == 3:
        return np.ascontiguousarray(pixels[..., :3] @ np.array([0.2126, 0.7152, 0.0722], np.float32))
    return pixels


def read_png(path: Path) -> npt.NDArray[Any]:
    """The pixels of an image file as stored: (H, W) or (H, W, 3|4), RGB order, uint8, uint16 or float32."""
    from .images import decode_file

    return decode_file(path)[0]


def output_folder(path: Path) -> Path:
    """Make the folder if need be and prove that it can be written to.

    Also removes temporary files that an interrupted run left there more than an hour ago. Returns ``path``; raises
    WrinkleError naming it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        trial = path / _TEMPORARY.format(secrets.token_hex(8))
        try:
            trial.write_bytes(b"")
        finally:
            trial.unlink(missing_ok=True)
    except FileExistsError as error:
        raise WrinkleError(f"{str(path)!r} is a file, not a folder.", "Choose another folder.") from error
    except OSError as error:
        raise _refused(path, error) from error
    except ValueError as error:
        raise WrinkleError(f"The folder name {str(path)!r} is not valid.", "Choose another name.") from error
    for stale in path.glob(_TEMPORARY.format("*")):
        with contextlib.suppress(OSError):
            if time.time() - stale.stat().st_mtime > _STALE_SECONDS:
                stale.unlink()
    return path


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; only POSIX systems can open a folder, and not every file system can sync one."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _refused(path: Path, error: OSError) -> WrinkleError:
    reason = (error.strerror or type(error).__name__).lower()
    hint = _HINTS.get(error.errno or 0, "Choose another folder.")
    if error.errno == errno.ENOENT:
        hint = "The folder does not exist: make it first or choose another."
    return WrinkleError(f"{str(path)!r} cannot be written ({reason}).", hint)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")
