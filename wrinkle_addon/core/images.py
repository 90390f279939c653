# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading photos and masks: any common format and depth in, upright 8-bit sRGB out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .errors import WrinkleError
from .exif import focal_length_px, orientation_cleared
from .image_header import Header, foreign_format, read_header
from .opencv import decoder_messages
from .types import Byte, Photo, Texture

MEGAPIXELS = 120.0
"""Largest photo accepted: 120 million pixels take 360 MB as 8-bit RGB."""
_MOST_BYTES = 1 << 30
_FORMATS = "Give a JPEG, PNG, TIFF, BMP, WebP or OpenEXR image."
_BACKDROP = 128  # what shows through transparent pixels
_JPEG_DAMAGE = (b"premature end", b"bad Huffman code")
_DAMAGED = "Open it in an image editor and save it again, or get the original file."

SMALLEST_TEXTURE = 64


def read_photo(path: Path, megapixels: float = MEGAPIXELS) -> Photo:
    """Read a photo.

    The EXIF orientation is applied. Grey is spread to RGB; transparent pixels are laid over middle grey, as a viewer
    would show them; 16 bit are rounded to 8. Floating-point images (OpenEXR, TIFF) hold linear light: they are exposed
    so that the brightest thousandth just fits (only when it lies above 1 or below 0.25), then encoded as sRGB; NaN and
    infinite pixels become black. Embedded colour profiles are not applied.

    Raises WrinkleError naming the file when it is missing, no image, damaged or larger than ``megapixels`` million
    pixels.
    """
    pixels, header, content = decode_file(path, megapixels)
    rgb = _as_srgb8(pixels, header.linear, path.name)
    focal = focal_length_px(header.exif, header.width, header.height)
    upright = np.ascontiguousarray(_upright(rgb, header.exif.orientation))
    return Photo(pixels=upright, name=path.name, content=content, focal_px=focal)


def read_mask(path: Path, megapixels: float = MEGAPIXELS) -> Byte:
    """Read a mask as (H, W) uint8, white = selected.

    A picture with an alpha channel that is not opaque everywhere is a mask by its alpha, otherwise by its luminance.
    Raises WrinkleError as :func:`read_photo`.
    """
    pixels, header, _ = decode_file(path, megapixels)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        alpha = _as_uint8(pixels[..., 3:])[..., 0]
        if alpha.min() < 255:
            return np.ascontiguousarray(_upright(alpha, header.exif.orientation))
    rgb = _as_srgb8(pixels, False, path.name)
    return np.ascontiguousarray(_upright(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), header.exif.orientation))


def read_texture(path: Path, megapixels: float = MEGAPIXELS) -> Texture:
    """Read an isomap texture; its alpha channel is the visibility, everything is visible where it has none.

    Raises WrinkleError as :func:`read_photo`, and when the picture is not square.
    """
    pixels, header, _ = decode_file(path, megapixels)
    height, width = pixels.shape[:2]
    if height != width:
        raise WrinkleError(
            f"{path.name!r} is {width} x {height} pixels, but a texture is square.", "Give the face's UV texture."
        )
    if height < SMALLEST_TEXTURE:
        raise WrinkleError(
            f"{path.name!r} is only {width} x {height} pixels.", f"Give a texture of {SMALLEST_TEXTURE} or more."
        )
    has_alpha = pixels.ndim == 3 and pixels.shape[2] == 4
    alpha = _as_uint8(pixels[..., 3:])[..., 0] if has_alpha else np.full((height, width), 255, np.uint8)
    rgb = _as_srgb8(pixels[..., :3] if has_alpha else pixels, header.linear, path.name)
    return Texture(np.ascontiguousarray(rgb), np.ascontiguousarray(alpha))


def decode_file(path: Path, megapixels: float = MEGAPIXELS) -> tuple[npt.NDArray[Any], Header, str]:
    """The pixels as the file stores them, its header, and the digest of its bytes.

    Returns (H, W) or (H, W, 3|4) uint8, uint16 or float32 in RGB order, not turned upright. The size is checked in the
    header before anything is decoded.
    """
    data = _read_bytes(path)
    name = path.name
    header = read_header(data)
    if header is None:
        foreign = foreign_format(data)
        if foreign:
            raise WrinkleError(f"{name!r} is a {foreign} file, which is not read.", "Export it as JPEG or PNG.")
        raise WrinkleError(f"{name!r} is not an image, or its header is damaged.", _FORMATS)
    if header.width * header.height > megapixels * 1e6:
        raise WrinkleError(
            f"{name!r} claims {header.width} x {header.height} pixels, over the limit of {megapixels:g} megapixels.",
            "Scale it down first.",
        )
    if not header.complete:
        raise WrinkleError(f"{name!r} ends early or is damaged ({header.kind}).", _DAMAGED)
    return _decode(data, header, name), header, hashlib.sha256(data).hexdigest()


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise WrinkleError(f"{str(path)!r} is a folder, not a photo.", "Choose the image file in it.")
        if not path.exists():
            raise WrinkleError(f"The file {str(path)!r} does not exist.", "Check the name and the folder.")
        if not path.is_file():
            raise WrinkleError(f"{str(path)!r} is not a regular file.", _FORMATS)
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise WrinkleError(f"{path.name!r} is larger than {_MOST_BYTES >> 30} GiB.", "Scale it down first.")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        hint = "Check the name and its permissions."
        raise WrinkleError(f"{str(path)!r} cannot be read ({reason}).", hint) from error
    if not data:
        raise WrinkleError(f"{path.name!r} is empty.", _FORMATS)
    return data


def _decode(data: bytes, header: Header, name: str) -> npt.NDArray[Any]:
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    if header.kind == "TIFF":
        data = orientation_cleared(data)  # OpenCV would turn the image although it is told not to
    try:
        with decoder_messages() as messages:
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except (cv2.error, MemoryError):
        pixels = None
    if any(sign in message for message in messages for sign in _JPEG_DAMAGE):
        pixels = None
    if pixels is None or pixels.shape[:2] != (header.height, header.width):
        raise WrinkleError(f"{name!r} cannot be decoded ({header.kind}).", _DAMAGED)
    if pixels.dtype == np.float64:
        pixels = pixels.astype(np.float32)
    if pixels.dtype not in (np.uint8, np.uint16, np.float32):
        raise WrinkleError(f"{name!r} stores its pixels as {pixels.dtype}.", "Save it with 8 or 16 bit per channel.")
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        code = cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
        pixels = cv2.cvtColor(pixels, code)
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def _as_srgb8(pixels: npt.NDArray[Any], linear: bool, name: str) -> Byte:
    """(H, W) or (H, W, 3|4) of any depth to (H, W, 3) uint8."""
    if pixels.dtype == np.float32 and not np.isfinite(pixels).any():
        raise WrinkleError(f"{name!r} holds no finite pixel.", "Render or export it again.")
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    colour = _as_uint8(_expose(pixels[..., :3]) if linear else pixels[..., :3])
    if colour.shape[2] == 1:
        colour = np.repeat(colour, 3, axis=2)
    if pixels.shape[2] < 4:
        return np.ascontiguousarray(colour)
    alpha = _as_uint8(pixels[..., 3:])
    if alpha.min() == 255 or alpha.max() == 0:  # wholly transparent: an alpha channel nobody filled
        return np.ascontiguousarray(colour)
    weight = alpha.astype(np.uint16)
    return ((colour * weight + _BACKDROP * (255 - weight) + 127) // 255).astype(np.uint8)


def _as_uint8(pixels: npt.NDArray[Any]) -> Byte:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    finite = np.nan_to_num(pixels, nan=0.0, posinf=0.0, neginf=0.0)
    return (np.clip(finite, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def _expose(linear: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Linear light (H, W, C) float32 to sRGB-encoded 0..1 (IEC 61966-2-1)."""
    finite = np.where(np.isfinite(linear), linear, 0.0).astype(np.float32)
    bright = float(np.percentile(finite[:: max(1, finite.shape[0] // 1024)], 99.9))
    if bright > 1.0 or 0.0 < bright < 0.25:
        finite = finite / np.float32(bright)
    finite = np.clip(finite, 0.0, 1.0)
    encoded = np.where(finite <= 0.0031308, 12.92 * finite, 1.055 * finite ** np.float32(1 / 2.4) - 0.055)
    return encoded.astype(np.float32)


def _upright(pixels: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Turn an image as stored into the upright one. orientation: 1..8 as EXIF defines them."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels
