# SPDX-License-Identifier: GPL-3.0-or-later
"""The few EXIF facts that matter: which way is up, and the focal length.

EXIF is a TIFF structure (Exif 2.32, CIPA DC-008): an image file directory (IFD) with a pointer to the Exif IFD. Damaged
EXIF is common in real photos and never a reason to refuse one: whatever cannot be read counts as absent.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_ORIENTATION, _EXIF_IFD = 0x0112, 0x8769
_FOCAL_MM, _FOCAL_35MM = 0x920A, 0xA405
_EXIF_WIDTH, _EXIF_HEIGHT = 0xA002, 0xA003
_PLANE_X_RESOLUTION, _PLANE_UNIT = 0xA20E, 0xA210
_PLANE_UNIT_MM = {1: 25.4, 2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
_DIAGONAL_35MM = math.hypot(36.0, 24.0)
_TYPE_FORMATS = {1: "B", 3: "H", 4: "I", 5: "II", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d", 16: "Q"}
_MOST_ENTRIES = 4096
_MOST_VALUES = 1 << 24


@dataclass(frozen=True)
class Exif:
    """orientation: 1..8 as EXIF numbers them, 1 when absent. tags: numeric tags of the Exif IFD."""

    orientation: int = 1
    tags: Mapping[int, tuple[float, ...]] | None = None


@dataclass(frozen=True)
class TiffStructure:
    """A TIFF's byte order and whether it is a BigTIFF (64-bit offsets)."""

    order: str
    big: bool
    first_ifd: int


def tiff_structure(data: bytes) -> TiffStructure | None:
    """What the first bytes of a TIFF say, or None when they are not a TIFF's."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        return None
    version = struct.unpack_from(order + "H", data, 2)[0]
    if version == 42:
        return TiffStructure(order, False, struct.unpack_from(order + "I", data, 4)[0])
    if version == 43 and len(data) >= 16 and struct.unpack_from(order + "HH", data, 4) == (8, 0):
        return TiffStructure(order, True, struct.unpack_from(order + "Q", data, 8)[0])
    return None


def read_ifd(data: bytes, layout: TiffStructure, offset: int) -> dict[int, tuple[float, ...]]:
    """Numeric tags of the directory at ``offset``; entries that point outside the data are left out."""
    tags: dict[int, tuple[float, ...]] = {}
    for tag, place in _entries(data, layout, offset):
        values = _values(data, layout, place)
        if values:
            tags[tag] = values
    return tags


def _entries(data: bytes, layout: TiffStructure, offset: int) -> Iterator[tuple[int, int]]:
    """Tag and position of every whole entry of a directory."""
    count_format, entry_bytes = ("Q", 20) if layout.big else ("H", 12)
    start = offset + struct.calcsize("<" + count_format)
    if offset <= 0 or start > len(data):
        return
    count = struct.unpack_from(layout.order + count_format, data, offset)[0]
    for place in range(start, start + min(count, _MOST_ENTRIES) * entry_bytes, entry_bytes):
        if place + entry_bytes > len(data):
            return
        yield struct.unpack_from(layout.order + "H", data, place)[0], place


def _values(data: bytes, layout: TiffStructure, place: int) -> tuple[float, ...] | None:
    kind, count = struct.unpack_from(layout.order + ("HQ" if layout.big else "HI"), data, place + 2)
    inline = 8 if layout.big else 4
    place += 12 if layout.big else 8
    code = _TYPE_FORMATS.get(kind)
    if code is None or not 0 < count <= _MOST_VALUES:
        return None
    size = struct.calcsize("<" + code) * count
    if size > inline:
        place = struct.unpack_from(layout.order + ("Q" if layout.big else "I"), data, place)[0]
    if place + size > len(data):
        return None
    values: tuple[float, ...] = struct.unpack_from(f"{layout.order}{count * len(code)}{code[0]}", data, place)
    if len(code) == 2:
        return tuple(a / b if b else math.nan for a, b in zip(values[::2], values[1::2], strict=True))
    return values


def orientation_cleared(data: bytes) -> bytes:
    """A copy of a TIFF whose orientation tag says upright; ``data`` itself when there is no such tag."""
    layout = tiff_structure(data)
    if layout is None:
        return data
    for tag, place in _entries(data, layout, layout.first_ifd):
        if tag == _ORIENTATION:
            value = place + (12 if layout.big else 8)
            return data[:value] + struct.pack(layout.order + "H", 1) + data[value + 2 :]
    return data


def parse_exif(data: bytes) -> Exif:
    """Read a TIFF-shaped EXIF block (a leading ``Exif\\0\\0`` is skipped)."""
    if data[:6] == b"Exif\0\0":
        data = data[6:]
    layout = tiff_structure(data)
    if layout is None:
        return Exif()
    try:
        main = read_ifd(data, layout, layout.first_ifd)
        tags = read_ifd(data, layout, int(main.get(_EXIF_IFD, (0,))[0]))
    except (struct.error, ValueError, OverflowError):
        return Exif()
    orientation = main.get(_ORIENTATION, (1,))[0]
    return Exif(int(orientation) if orientation in range(1, 9) else 1, tags)


def focal_length_px(exif: Exif, width: int, height: int) -> float | None:
    """Focal length in pixels of the image as stored (width x height pixels), or None when EXIF does not tell.

    From the 35 mm equivalent, which CIPA DCG-001 defines by the diagonal (43.27 mm), else from the focal length and the
    sensor's resolution. A photo whose proportions differ from those the camera wrote was cropped, so that neither
    holds.
    """
    tags = exif.tags or {}
    wide, high = _number(tags, _EXIF_WIDTH), _number(tags, _EXIF_HEIGHT)
    if wide and high and abs(math.log((wide / high) / (width / height))) > 0.02:
        return None
    focal: float | None = None
    equivalent = _number(tags, _FOCAL_35MM)
    millimetres, resolution = _number(tags, _FOCAL_MM), _number(tags, _PLANE_X_RESOLUTION)
    if equivalent:
        focal = equivalent * math.hypot(width, height) / _DIAGONAL_35MM
    elif millimetres and resolution:
        unit = _PLANE_UNIT_MM.get(int(_number(tags, _PLANE_UNIT) or 2), 25.4)
        focal = millimetres * resolution / unit * (width / wide if wide else 1.0)
    if focal is None or not 0.3 < focal / max(width, height) < 50.0:
        return None
    return focal


def _number(tags: Mapping[int, tuple[float, ...]], tag: int) -> float | None:
    value = tags.get(tag, (0,))[0]
    return float(value) if math.isfinite(value) and value > 0 else None
