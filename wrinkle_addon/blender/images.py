# SPDX-License-Identifier: GPL-3.0-or-later
"""Images inside the .blend file: packed, with a stated colour space."""

from __future__ import annotations

import bpy

from . import ids


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


def _as_data(image: bpy.types.Image) -> bpy.types.Image:
    image.colorspace_settings.is_data = True
    # Each channel stands for itself: alpha must not scale the others.
    image.alpha_mode = "CHANNEL_PACKED"
    return image


def packed_bytes(image: bpy.types.Image) -> bytes:
    """The file inside the .blend file."""
    return bytes(image.packed_file.data)
