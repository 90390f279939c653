# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrays to PNG and OpenEXR bytes, deflated in blocks on as many threads as the native part uses.

OpenCV's writers deflate on one core, and its OpenEXR writer only works when an environment variable was set before the
library was first used, which another Blender add-on may have prevented. Both formats are simple enough to write
directly.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from .parallel import in_parallel
from .types import Byte, Float

_LEVEL = 1
_PNG_BLOCK_BYTES = 1 << 20
_PNG_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}
_EXR_ROWS = 16  # fixed by OpenEXR's ZIP compression


def encode_png(pixels: npt.NDArray[Any]) -> bytes:
    """PNG file of an image.

    pixels: (H, W) or (H, W, C) with C = 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; uint8 or uint16. Rows are predicted
    from the row above (filter 2). The deflate stream is made of blocks that end on a byte boundary (sync flush), so
    that they are compressed side by side and simply joined. Format: PNG specification (third edition), RFC 1950/1951.

    Raises ValueError for another dtype or shape.
    """
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.dtype not in (np.uint8, np.uint16) or pixels.ndim != 3 or pixels.shape[2] not in _PNG_COLOUR_TYPE:
        raise ValueError(f"a PNG holds 1-4 channels of uint8 or uint16, not {pixels.dtype} {pixels.shape}")
    height, width, channels = pixels.shape
    if not height or not width:
        raise ValueError("a PNG needs at least one pixel")
    depth = 8 * pixels.dtype.itemsize
    rows = _big_endian_rows(pixels)
    step = max(1, _PNG_BLOCK_BYTES // rows.shape[1])

    def block(first: int) -> tuple[bytes, int, int]:
        last = min(first + step, height)
        filtered = np.empty((last - first, rows.shape[1] + 1), np.uint8)
        filtered[:, 0] = 2
        above = rows[first - 1 : last - 1] if first else np.vstack([np.zeros_like(rows[:1]), rows[: last - 1]])
        np.subtract(rows[first:last], above, out=filtered[:, 1:])
        raw = filtered.tobytes()
        deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
        data = deflate.compress(raw) + deflate.flush(zlib.Z_FINISH if last == height else zlib.Z_SYNC_FLUSH)
        return data, zlib.adler32(raw), len(raw)

    blocks = in_parallel(block, range(0, height, step))
    checksum = 1
    for _, adler, length in blocks:
        checksum = _join_adler32(checksum, adler, length)
    stream = b"\x78\x01" + b"".join(data for data, _, _ in blocks) + struct.pack(">I", checksum)
    header = struct.pack(">IIBBBBB", width, height, depth, _PNG_COLOUR_TYPE[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", stream) + _chunk(b"IEND", b"")


def encode_exr(pixels: Float | npt.NDArray[np.float16]) -> bytes:
    """OpenEXR file, scan lines, ZIP compression.

    pixels: (H, W) float32, stored as one channel named Y, or (H, W, 3) float16 RGB; row 0 on top. Format: "OpenEXR file
    layout" (openexr.com); ZIP splits the bytes of a block of 16 rows into those of even and odd position, takes
    differences, and deflates.
    """
    if not pixels.size or (pixels.ndim, pixels.dtype.str[1:]) not in ((2, "f4"), (3, "f2")):
        raise ValueError(f"expected (H, W) float32 or (H, W, 3) float16, not {pixels.dtype} {pixels.shape}")
    height, width = pixels.shape[:2]
    # A file lists its channels by name, and a row holds one after the other.
    names, kind, stored = (b"Y", 2, "<f4") if pixels.ndim == 2 else (b"BGR", 1, "<f2")
    rows = pixels[:, None] if pixels.ndim == 2 else np.moveaxis(pixels[..., ::-1], 2, 1)
    if rows.shape[1] != len(names):
        raise ValueError(f"expected three channels, not {rows.shape[1]}")
    channels = b"".join(bytes([name]) + b"\0" + struct.pack("<iIii", kind, 0, 1, 1) for name in names) + b"\0"
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    attributes = [
        (b"channels", b"chlist", channels),
        (b"compression", b"compression", b"\x03"),
        (b"dataWindow", b"box2i", window),
        (b"displayWindow", b"box2i", window),
        (b"lineOrder", b"lineOrder", b"\0"),
        (b"pixelAspectRatio", b"float", struct.pack("<f", 1.0)),
        (b"screenWindowCenter", b"v2f", struct.pack("<2f", 0.0, 0.0)),
        (b"screenWindowWidth", b"float", struct.pack("<f", 1.0)),
    ]
    header = b"\x76\x2f\x31\x01" + struct.pack("<i", 2)
    for name, form, value in attributes:
        header += name + b"\0" + form + b"\0" + struct.pack("<i", len(value)) + value
    header += b"\0"

    def block(first: int) -> bytes:
        raw = np.ascontiguousarray(rows[first : first + _EXR_ROWS], stored).reshape(-1).view(np.uint8)
        split = np.concatenate([raw[0::2], raw[1::2]])
        predicted = split.copy()
        predicted[1:] = split[1:] - split[:-1] + np.uint8(128)
        data = zlib.compress(predicted.tobytes(), _LEVEL)
        if len(data) >= raw.size:
            data = raw.tobytes()
        return struct.pack("<ii", first, len(data)) + data

    blocks = in_parallel(block, range(0, height, _EXR_ROWS))
    start = len(header) + 8 * len(blocks)
    sizes = np.array([len(data) for data in blocks], np.int64)
    offsets = start + np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return header + offsets.astype("<u8").tobytes() + b"".join(blocks)


def _big_endian_rows(pixels: npt.NDArray[Any]) -> Byte:
    """(H, W * C * bytes) uint8 rows as PNG stores them."""
    stored = np.ascontiguousarray(pixels.astype(">u2") if pixels.dtype == np.uint16 else pixels)
    return stored.reshape(pixels.shape[0], -1).view(np.uint8)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def _join_adler32(first: int, second: int, second_length: int) -> int:
    """Adler-32 of two joined byte strings from the checksums of both and the length of the second (RFC 1950: a = 1 +
    sum of bytes, b = sum of all a, both modulo 65521)."""
    base = 65521
    a1, b1 = first & 0xFFFF, first >> 16
    a2, b2 = second & 0xFFFF, second >> 16
    a = (a1 + a2 - 1) % base
    b = (b1 + b2 + second_length * (a1 - 1)) % base
    return b << 16 | a
