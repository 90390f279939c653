# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image file claims to be, read from its header before anything is decoded.

Decoders take memory for the size that a header claims, and some return a half-grey picture for a file that ends early.
So the size is checked first, and each format's own end marks and lengths show whether the file is whole.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

from .exif import Exif, parse_exif, read_ifd, tiff_structure

_PNG = b"\x89PNG\r\n\x1a\n"
_EXR = b"\x76\x2f\x31\x01"
_STANDALONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Header:
    """kind: "PNG", "JPEG", "TIFF", "BMP", "WebP" or "OpenEXR". width, height: as stored, before orientation.
    complete: False when the file ends early or its checksums disagree. linear: the numbers are linear light."""

    kind: str
    width: int
    height: int
    complete: bool
    exif: Exif = field(default_factory=Exif)
    linear: bool = False


def read_header(data: bytes) -> Header | None:
    """The header of an image file's bytes, or None when the format is unknown or the header itself is damaged."""
    reader = {
        data[:8] == _PNG: _png,
        data[:3] == b"\xff\xd8\xff": _jpeg,
        data[:2] == b"BM": _bmp,
        data[:4] == b"RIFF" and data[8:12] == b"WEBP": _webp,
        data[:4] == _EXR: _exr,
        tiff_structure(data[:16]) is not None: _tiff,
    }.get(True)
    if reader is None:
        return None
    try:
        header = reader(data)
    except (struct.error, ValueError, IndexError, OverflowError):
        return None
    return header if header is not None and header.width > 0 and header.height > 0 else None


def foreign_format(data: bytes) -> str | None:
    """The name of a well-known picture format that is recognised but not read, for the message."""
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return "AVIF" if brand in (b"avif", b"avis") else "HEIC" if brand[:2] in (b"he", b"mi", b"ms") else "video"
    names = {b"GIF8": "GIF", b"%PDF": "PDF", b"8BPS": "Photoshop", b"\x00\x00\x00\x0c": "JPEG 2000", b"#?RA": "HDR"}
    return names.get(data[:4])


def _png(data: bytes) -> Header | None:
    if data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    place, complete, exif = len(_PNG), False, Exif()
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data):
            break
        intact = zlib.crc32(data[place + 4 : end - 4]) == struct.unpack_from(">I", data, end - 4)[0]
        if not intact and not kind[0] & 0x20:  # a critical chunk: its first letter is a capital
            break
        if kind == b"eXIf" and intact:
            exif = parse_exif(data[place + 8 : end - 4])
        if kind == b"IEND":
            complete = True
            break
        place = end
    return Header("PNG", width, height, complete, exif)


def _jpeg(data: bytes) -> Header | None:
    place, size, exif = 2, (0, 0), Exif()
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == 0xFF or marker in _STANDALONE_MARKERS:
            place += 1 if marker == 0xFF else 2
            continue
        if marker == 0xD9:
            break
        length = struct.unpack_from(">H", data, place + 2)[0]
        if marker in _FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", data, place + 5)
            size = (width, height)
        elif marker == 0xE1 and data[place + 4 : place + 10] == b"Exif\0\0":
            exif = parse_exif(data[place + 4 : place + 2 + length])
        elif marker == 0xDA:
            # In the coded data every 0xFF is followed by 0 or a restart marker, so FF D9 can only be the end mark.
            return Header("JPEG", *size, data.find(b"\xff\xd9", place) >= 0, exif)
        place += 2 + length
    return Header("JPEG", *size, False, exif)


def _bmp(data: bytes) -> Header:
    offset, info = struct.unpack_from("<II", data, 10)
    if info == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        packing = 0
    else:
        width, height, _, bits, packing = struct.unpack_from("<iiHHI", data, 18)
    height = abs(height)
    needed = offset + (width * bits + 31) // 32 * 4 * height if packing in (0, 3, 6) else offset + 1
    return Header("BMP", width, height, len(data) >= needed)


def _webp(data: bytes) -> Header | None:
    complete = struct.unpack_from("<I", data, 4)[0] + 8 <= len(data)
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        return None
    return Header("WebP", width, height, complete, _webp_exif(data))


def _webp_exif(data: bytes) -> Exif:
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        if kind == b"EXIF":
            return parse_exif(data[place + 8 : place + 8 + length])
        place += 8 + length + length % 2
    return Exif()


def _exr(data: bytes) -> Header | None:
    """Only single-part images have a size that can be told from the first header; others are refused."""
    flags = struct.unpack_from("<I", data, 4)[0]
    if flags & 0x1800:
        return None
    place = 8
    size: tuple[int, int] | None = None
    while data[place] != 0:
        name_end = data.index(b"\0", place, place + 256)
        kind_end = data.index(b"\0", name_end + 1, name_end + 257)
        length = struct.unpack_from("<I", data, kind_end + 1)[0]
        if data[place:name_end] == b"dataWindow":
            left, top, right, bottom = struct.unpack_from("<4i", data, kind_end + 5)
            size = (right - left + 1, bottom - top + 1)
        place = kind_end + 5 + length
    if size is None:
        return None
    return Header("OpenEXR", *size, _exr_complete(data, place + 1, flags), linear=True)


def _exr_complete(data: bytes, table: int, flags: int) -> bool:
    """Whether the block that lies last in the file is whole; the offset table ends where the first block starts."""
    first = struct.unpack_from("<Q", data, table)[0]
    blocks = (first - table) // 8
    if first <= table or blocks <= 0 or first > len(data):
        return False
    offsets = struct.unpack_from(f"<{blocks}Q", data, table)
    last, head = max(offsets), 20 if flags & 0x200 else 8
    if min(offsets) < first or last + head > len(data):
        return False
    return bool(last + head + struct.unpack_from("<I", data, last + head - 4)[0] <= len(data))


def _tiff(data: bytes) -> Header | None:
    layout = tiff_structure(data)
    if layout is None:
        return None
    tags = read_ifd(data, layout, layout.first_ifd)
    if 256 not in tags or 257 not in tags:
        return Header("TIFF", 1, 1, False) if layout.first_ifd >= len(data) else None
    places = tags.get(273) or tags.get(324) or ()
    lengths = tags.get(279) or tags.get(325) or ()
    complete = bool(places) and all(a + b <= len(data) for a, b in zip(places, lengths, strict=False))
    floating = tags.get(339, (1,))[0] == 3
    return Header("TIFF", int(tags[256][0]), int(tags[257][0]), complete, parse_exif(data), floating)
