# SPDX-License-Identifier: GPL-3.0-or-later
"""Images inside the .blend file: packed, with a stated colour space."""

from __future__ import annotations

import bpy
import numpy as np

from ..core.encode import encode_exr, encode_png
from ..core.errors import WrinkleError
from . import ids

_PNG, _EXR = b"\x89PNG", b"\x76\x2f\x31\x01"


def colour_image(name: str, data: bytes) -> bpy.types.Image:
    """An sRGB image. data: a PNG file."""
    return _packed(name, data, ".png")


def photo_image(name: str, data: bytes) -> bpy.types.Image:
    """A photo. data: a JPEG file."""
    return _packed(name, data, ".jpg")


def data_image(name: str, data: bytes) -> bpy.types.Image:
    """An image of vectors or weights, which no colour management may touch. data: a PNG file."""
    return _as_data(_packed(name, data, ".png"))


def height_image(name: str, data: bytes) -> bpy.types.Image:
    """A float32 map. data: an EXR file."""
    return _as_data(_packed(name, data, ".exr"))


def _packed(name: str, data: bytes, suffix: str) -> bpy.types.Image:
    image = bpy.data.images.new(name, 1, 1)
    image.pack(data=data, data_len=len(data))
    image.source = "FILE"
    # Where the image goes when the user unpacks it: beside the .blend file.
    image.filepath_raw = f"//textures/{bpy.path.clean_name(image.name)}{suffix}"
    image[ids.FACE_MARK] = ids.FACE_VERSION
    return image


def repack(image: bpy.types.Image, data: bytes) -> None:
    """Give a packed image other contents, of any size, in the format that it has."""
    image.pack(data=data, data_len=len(data))
    reread(image)


def reread(image: bpy.types.Image) -> None:
    """Have the file inside the .blend file read again when the image is next needed."""
    image.buffers_free()
    image.update_tag()


def _as_data(image: bpy.types.Image) -> bpy.types.Image:
    image.colorspace_settings.is_data = True
    # Each channel stands for itself: alpha must not scale the others.
    image.alpha_mode = "CHANNEL_PACKED"
    return image


def packed_bytes(image: bpy.types.Image) -> bytes:
    """The file inside the .blend file."""
    return bytes(image.packed_file.data)


def image_file(image: bpy.types.Image, exr: bool = False) -> bytes:
    """``image`` as a PNG file, or as an EXR file of its first channel; painted and replaced images too.

    Raises WrinkleError when its file is gone.
    """
    if image.packed_file is not None and not image.is_dirty:
        data = packed_bytes(image)
        if data.startswith(_EXR if exr else _PNG):
            return data
    width, height = image.size
    if not width or not height:
        raise WrinkleError(f"The image {image.name!r} has no file any more.", "Put it back or reconstruct the face.")
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(height, width, -1)[::-1]
    if exr:
        return encode_exr(np.ascontiguousarray(pixels[..., 0]))
    top, kind = (65535, np.uint16) if image.is_float else (255, np.uint8)
    return encode_png(np.rint(np.clip(pixels[..., :3], 0, 1) * top).astype(kind))
