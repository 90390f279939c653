# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos of every format, depth and orientation; damaged, foreign and oversized files."""

from __future__ import annotations

import base64
import contextlib
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.files import write_exr, write_png
from wrinkle_addon.core.images import read_mask, read_photo
from wrinkle_addon.core.opencv import cv2

# 24 x 16 CMYK JPEG (Adobe, inverted) of three stripes: (220, 40, 30), (30, 200, 60), (240, 230, 220).
CMYK_JPEG = (
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU"
    "/8AAFAgAEAAYBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFB"
    "BhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqS"
    "k5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD71r4Ur8+q"
    "/VOvwFr9q69Qor+jCvUK/aqiuJr8BK/AWivwFr9q69Qor+jCvUK/aqiv/9k="
)


def picture() -> np.ndarray:
    """(12, 20, 3) uint8 RGB without any symmetry."""
    y, x = np.mgrid[0:12, 0:20]
    return np.stack([x * 12, y * 20, 40 + x * 3 + y * 7], -1).astype(np.uint8)


def encoded(suffix: str, pixels: np.ndarray) -> bytes:
    swapped = pixels if pixels.ndim == 2 else pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    done, data = cv2.imencode(suffix, np.ascontiguousarray(swapped))
    assert done
    return data.tobytes()


def exif(orientation: int = 1, **tags: tuple[int, int, int, int]) -> bytes:
    """A little-endian EXIF block. tags: name -> (tag, type, numerator, denominator)."""
    entries = list(tags.values())
    sub = 8 + 2 + 2 * 12 + 4
    extra = sub + 2 + 12 * len(entries) + 4
    block = b"II*\0" + struct.pack("<IHHHIHH", 8, 2, 0x0112, 3, 1, orientation, 0)
    block += struct.pack("<HHII", 0x8769, 4, 1, sub) + struct.pack("<I", 0)
    directory, values = struct.pack("<H", len(entries)), b""
    for tag, kind, first, second in entries:
        if kind == 5:
            directory += struct.pack("<HHII", tag, kind, 1, extra + len(values))
            values += struct.pack("<II", first, second)
        else:
            directory += struct.pack("<HHIHH", tag, kind, 1, first, 0)
    return block + directory + struct.pack("<I", 0) + values


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(data: bytes, extra: bytes) -> bytes:
    return data[:33] + extra + data[33:]


def jpeg_with(data: bytes, block: bytes) -> bytes:
    segment = b"Exif\0\0" + block
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """The EXIF table, written out: what a viewer shows for an image stored as ``pixels``."""
    return {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.transpose(1, 0, 2),
        6: np.rot90(pixels, -1),
        7: pixels[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(pixels, 1),
    }[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    stored = picture()
    (tmp_path / "a.png").write_bytes(png_with(encoded(".png", stored), chunk(b"eXIf", exif(orientation))))
    np.testing.assert_array_equal(read_photo(tmp_path / "a.png").pixels, upright(stored, orientation))
    big = np.repeat(np.repeat(stored, 16, 0), 16, 1)
    (tmp_path / "a.jpg").write_bytes(jpeg_with(encoded(".jpg", big), exif(orientation)))
    difference = read_photo(tmp_path / "a.jpg").pixels.astype(int) - upright(big, orientation)
    assert np.abs(difference).mean() < 3


def test_damaged_exif_is_ignored(tmp_path: Path) -> None:
    stored = picture()
    for block in (b"", b"II*\0", exif(9), exif(6)[:12], b"II*\0" + b"\xff" * 40):
        (tmp_path / "a.png").write_bytes(png_with(encoded(".png", stored), chunk(b"eXIf", block)))
        np.testing.assert_array_equal(read_photo(tmp_path / "a.png").pixels, stored)


def test_focal_length_comes_from_exif(tmp_path: Path) -> None:
    big = np.repeat(np.repeat(picture(), 10, 0), 10, 1)  # 200 x 120 pixels
    equivalent = exif(1, focal=(0xA405, 3, 50, 0))
    (tmp_path / "a.jpg").write_bytes(jpeg_with(encoded(".jpg", big), equivalent))
    focal = read_photo(tmp_path / "a.jpg").focal_px
    assert focal == pytest.approx(50 * np.hypot(200, 120) / np.hypot(36, 24))
    plane = exif(1, focal=(0x920A, 5, 35, 1), resolution=(0xA20E, 5, 100, 1), unit=(0xA210, 3, 3, 0))
    (tmp_path / "b.jpg").write_bytes(jpeg_with(encoded(".jpg", big), plane))
    assert read_photo(tmp_path / "b.jpg").focal_px == pytest.approx(35 * 100 / 10)
    cropped = exif(1, focal=(0xA405, 3, 50, 0), width=(0xA002, 3, 400, 0), height=(0xA003, 3, 300, 0))
    (tmp_path / "c.jpg").write_bytes(jpeg_with(encoded(".jpg", big), cropped))
    assert read_photo(tmp_path / "c.jpg").focal_px is None
    (tmp_path / "d.jpg").write_bytes(encoded(".jpg", big))
    assert read_photo(tmp_path / "d.jpg").focal_px is None


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".webp", ".jpg"])
def test_grey_and_colour(tmp_path: Path, suffix: str) -> None:
    colour = np.repeat(np.repeat(picture(), 8, 0), 8, 1)
    for pixels in (colour, colour[..., 1]):
        (tmp_path / f"a{suffix}").write_bytes(encoded(suffix, pixels))
        photo = read_photo(tmp_path / f"a{suffix}")
        wanted = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
        assert photo.pixels.dtype == np.uint8
        assert photo.pixels.shape == wanted.shape
        assert photo.pixels.flags.c_contiguous
        assert np.abs(photo.pixels.astype(int) - wanted).mean() < 4


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit(tmp_path: Path, suffix: str) -> None:
    for pixels in (picture(), picture()[..., 0]):
        deep = pixels.astype(np.uint16) * 257 + 100
        (tmp_path / f"a{suffix}").write_bytes(encoded(suffix, np.minimum(deep, 65535).astype(np.uint16)))
        wanted = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
        np.testing.assert_array_equal(read_photo(tmp_path / f"a{suffix}").pixels, wanted)


def test_transparency_shows_middle_grey(tmp_path: Path) -> None:
    pixels = np.dstack([picture(), np.full((12, 20), 255, np.uint8)])
    pixels[:, :5, 3] = 0
    pixels[:, 5:10, 3] = 128
    write_png(tmp_path / "a.png", pixels)
    seen = read_photo(tmp_path / "a.png").pixels
    assert (seen[:, :5] == 128).all()
    np.testing.assert_allclose(seen[:, 5:10], (pixels[:, 5:10, :3] + 128.0) / 2, atol=1)
    np.testing.assert_array_equal(seen[:, 10:], pixels[:, 10:, :3])
    pixels[..., 3] = 0  # an alpha channel that nobody filled hides nothing
    write_png(tmp_path / "b.png", pixels)
    np.testing.assert_array_equal(read_photo(tmp_path / "b.png").pixels, pixels[..., :3])
    write_png(tmp_path / "grey.png", np.full((12, 20, 2), (50, 255), np.uint8))
    assert (read_photo(tmp_path / "grey.png").pixels == 50).all()


def test_cmyk_jpeg(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(base64.b64decode(CMYK_JPEG))
    pixels = read_photo(tmp_path / "a.jpg").pixels
    np.testing.assert_allclose(pixels[8, [3, 11, 20]], [(220, 40, 30), (30, 200, 60), (240, 230, 220)], atol=6)


def test_linear_float_becomes_srgb(tmp_path: Path) -> None:
    linear = np.full((10, 10), 0.2140, np.float32)  # sRGB 0.5
    linear[0] = 1.0
    linear[1] = np.nan
    linear[2] = np.inf
    write_exr(tmp_path / "a.exr", linear)
    pixels = read_photo(tmp_path / "a.exr").pixels
    assert (np.abs(pixels[3:].astype(int) - 128) <= 1).all()
    assert (pixels[1:3] == 0).all()
    write_exr(tmp_path / "bright.exr", linear * 40)
    assert (np.abs(read_photo(tmp_path / "bright.exr").pixels[3:].astype(int) - 128) <= 3).all()
    write_exr(tmp_path / "nan.exr", np.full((10, 10), np.nan, np.float32))
    with pytest.raises(WrinkleError, match="finite"):
        read_photo(tmp_path / "nan.exr")


def test_colour_exr(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(encoded(".exr", np.full((9, 7, 3), (1.0, 0.2140, 0.0), np.float32)))
    np.testing.assert_allclose(read_photo(tmp_path / "a.exr").pixels, np.full((9, 7, 3), (255, 128, 0)), atol=1)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp", ".webp", ".exr"])
def test_truncated_files_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str], suffix: str) -> None:
    rng = np.random.default_rng(0)
    pixels = cv2.GaussianBlur(rng.integers(0, 255, (60, 80, 3)).astype(np.uint8), (0, 0), 2)
    data = encoded(suffix, pixels if suffix != ".exr" else (pixels / 255).astype(np.float32))
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(data)
    read_photo(path)
    for length in np.linspace(1, len(data) - 1, 25).astype(int):
        path.write_bytes(data[:length])
        with pytest.raises(WrinkleError, match="cut"):
            read_photo(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp", ".webp", ".exr"])
def test_random_damage_gives_an_image_or_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], suffix: str
) -> None:
    rng = np.random.default_rng(1)
    pixels = cv2.GaussianBlur(rng.integers(0, 255, (40, 50, 3)).astype(np.uint8), (0, 0), 2)
    data = encoded(suffix, pixels if suffix != ".exr" else (pixels / 255).astype(np.float32))
    path = tmp_path / f"damaged{suffix}"
    for trial in range(90):
        broken = np.frombuffer(data, np.uint8).copy()
        reach = 64 if trial % 2 else broken.size
        broken[rng.integers(0, min(reach, broken.size), rng.integers(1, 8))] = rng.integers(0, 256)
        path.write_bytes(broken.tobytes())
        with contextlib.suppress(WrinkleError):
            assert read_photo(path, megapixels=1).pixels.ndim == 3
    assert capfd.readouterr().err == ""


def bombs() -> dict[str, bytes]:
    """Headers that claim 60000 x 60000 pixels (or as many as the format can)."""
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    jpeg = (
        b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 17, 8, 60000, 60000, 3) + bytes(9) + b"\xff\xda\0\x0c" + bytes(10)
    )
    bmp = b"BM" + bytes(8) + struct.pack("<IIiiHHI", 54, 40, 60000, 60000, 1, 24, 0) + bytes(40)
    entries = [(256, 60000), (257, 60000), (258, 8), (273, 8), (279, 4)]
    tiff = b"II*\0" + struct.pack("<IH", 8, len(entries))
    tiff += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries) + bytes(4)
    webp = b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<II", 10, 0) + b"\x5f\xea\0" * 2 + bytes(8)
    exr = b"\x76\x2f\x31\x01" + struct.pack("<I", 2) + b"dataWindow\0box2i\0"
    exr += struct.pack("<I4i", 16, 0, 0, 59999, 59999) + bytes(100)
    return {".png": png, ".jpg": jpeg + b"\xff\xd9", ".bmp": bmp, ".tif": tiff, ".webp": webp, ".exr": exr}


@pytest.mark.parametrize("suffix", sorted(bombs()))
def test_size_is_checked_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    path = tmp_path / f"bomb{suffix}"
    path.write_bytes(bombs()[suffix])
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(WrinkleError, match=r"60000 x 60000.*megapixels"):
        read_photo(path)


def test_what_is_no_photo_is_refused(tmp_path: Path) -> None:
    cases = {
        "text.jpg": (b"Not a photo, only words.\n" * 20, "not an image"),
        "empty.png": (b"", "empty"),
        "clip.gif": (b"GIF89a" + bytes(50), "GIF"),
        "phone.heic": (b"\0\0\0\x18ftypheic" + bytes(50), "HEIC"),
        "short.jpg": (b"\xff\xd8\xff", "damaged"),
    }
    for name, (data, words) in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(WrinkleError, match=words) as caught:
            read_photo(tmp_path / name)
        assert name in str(caught.value)
        assert caught.value.hint
    with pytest.raises(WrinkleError, match="does not exist"):
        read_photo(tmp_path / "absent.jpg")
    with pytest.raises(WrinkleError, match="folder"):
        read_photo(tmp_path)
    with pytest.raises(WrinkleError, match=r"cannot be read|does not exist"):
        read_photo(tmp_path / ("x" * 300 + ".png"))
    with pytest.raises(WrinkleError, match=r"cannot be read|does not exist"):
        read_photo(Path("nul\0name.png"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a POSIX matter")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(WrinkleError, match="regular file"):
        read_photo(tmp_path / "pipe.png")


def test_unusual_names(tmp_path: Path) -> None:
    for name in ("mit Leerzeichen.png", "照片.png", "emoji 😀.png", "x" * 240 + ".png"):
        write_png(tmp_path / name, picture())
        photo = read_photo(tmp_path / name)
        assert photo.name == name
        np.testing.assert_array_equal(photo.pixels, picture())


def test_content_follows_the_bytes(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", picture())
    write_png(tmp_path / "b.png", picture())
    write_png(tmp_path / "c.png", picture()[::-1])
    digests = [read_photo(tmp_path / f"{name}.png").content for name in "abc"]
    assert digests[0] == digests[1] != digests[2]


def test_masks(tmp_path: Path) -> None:
    grey = np.zeros((6, 8), np.uint8)
    grey[:3] = 255
    write_png(tmp_path / "grey.png", grey)
    np.testing.assert_array_equal(read_mask(tmp_path / "grey.png"), grey)
    cutout = np.dstack([np.full((6, 8, 3), 77, np.uint8), grey])
    write_png(tmp_path / "cutout.png", cutout)
    np.testing.assert_array_equal(read_mask(tmp_path / "cutout.png"), grey)
