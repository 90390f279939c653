# SPDX-License-Identifier: GPL-3.0-or-later
"""Images inside the .blend file: packed, with a stated colour space."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..core.encode import encode_exr, encode_png
from ..core.types import Byte, Float
from . import ids


def colour_image(name: str, pixels: Byte) -> bpy.types.Image:
    """An sRGB image. pixels: (H, W, 3) uint8, row 0 on top."""
    return _packed(name, encode_png(pixels), ".png")


def data_image(name: str, pixels: npt.NDArray[Any]) -> bpy.types.Image:
    """An image of vectors or weights, which no colour management may touch. pixels: (H, W, 3) uint8 or uint16."""
    return _as_data(_packed(name, encode_png(pixels), ".png"))


def height_image(name: str, pixels: Float) -> bpy.types.Image:
    """A float32 map. pixels: (H, W) float32."""
    return _as_data(_packed(name, encode_exr(pixels), ".exr"))


def _packed(name: str, data: bytes, suffix: str) -> bpy.types.Image:
    image = bpy.data.images.new(name, 1, 1)
    image.pack(data=data, data_len=len(data))
    image.source = "FILE"
    # Where the image goes when the user unpacks it: beside the .blend file.
    image.filepath_raw = f"//textures/{bpy.path.clean_name(image.name)}{suffix}"
    image[ids.FACE_MARK] = ids.FACE_VERSION
    return image


def _as_data(image: bpy.types.Image) -> bpy.types.Image:
    image.colorspace_settings.is_data = True
    # Each channel stands for itself: alpha must not scale the others.
    image.alpha_mode = "CHANNEL_PACKED"
    return image


def packed_bytes(image: bpy.types.Image) -> bytes:
    """The file inside the .blend file."""
    return bytes(image.packed_file.data)


def shrunk(pixels: Float, largest: int) -> Float:
    """A square map averaged down by a whole factor until its edge is at most ``largest``. pixels: (S, S)."""
    factor = -(-pixels.shape[0] // largest)
    if factor <= 1 or pixels.shape[0] % factor:
        return pixels
    edge = pixels.shape[0] // factor
    return np.ascontiguousarray(pixels.reshape(edge, factor, edge, factor).mean(axis=(1, 3)), np.float32)
