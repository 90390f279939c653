# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos that are hard end in a sensible map with a warning, or in a clear refusal."""

from __future__ import annotations

from pathlib import Path

import hard_photos
import numpy as np
import pytest

from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.images import read_photo
from wrinkle_addon.core.landmarks import find_landmarks
from wrinkle_addon.core.pipeline import Runner
from wrinkle_addon.core.regions import region_mask
from wrinkle_addon.core.settings import Settings
from wrinkle_addon.core.types import Photo, Reconstruction

DEMO = Path(__file__).resolve().parents[1] / "wrinkle_addon" / "assets" / "demo_photo.jpg"
SIZE = 512


@pytest.fixture(scope="module")
def demo() -> tuple[np.ndarray, np.ndarray]:
    """The demo photo and its landmarks."""
    photo = read_photo(DEMO)
    return photo.pixels, find_landmarks(photo).points


def reconstructed(pixels: np.ndarray) -> Reconstruction:
    return Runner().reconstruct([Photo(pixels, "hard.png", "hard")], Settings(size=SIZE))


def said_about(pixels: np.ndarray) -> str:
    """The refusal or all warnings."""
    try:
        return "\n".join(reconstructed(pixels).warnings)
    except WrinkleError as refusal:
        return str(refusal)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (hard_photos.cut_by_the_border, "landmarks in 'hard.png' are uncertain"),
        (hard_photos.dark_glasses, "dark glasses"),
        (hard_photos.two_overlapping, "2 faces"),
        (hard_photos.drawing, "not certain that 'hard.png' shows a face"),
    ],
)
def test_what_is_wrong_with_a_photo_is_said(demo, make, words) -> None:
    assert words in said_about(make(*demo))


def test_a_drawing_has_no_wrinkles(demo) -> None:
    assert np.abs(reconstructed(hard_photos.drawing(*demo)).wrinkles.displacement).max() < 0.01


def test_a_beard_is_no_relief(demo) -> None:
    """The skin under it cannot be seen; the lines of the forehead stay as they were."""
    bare, grown = (reconstructed(pixels) for pixels in (demo[0], hard_photos.beard(*demo)))
    chin, forehead = (region_mask(bare.model, name, SIZE) > 0.5 for name in ("chin", "forehead"))
    there, before = (found.wrinkles.displacement[forehead] for found in (grown, bare))
    assert np.abs(grown.wrinkles.displacement[chin]).mean() < 0.1 * np.abs(before).mean()
    assert there.std() > 0.7 * before.std()


@pytest.mark.slow
@pytest.mark.parametrize("yaw", [60.0, -75.0])
def test_a_face_seen_from_the_side_is_refused_or_named(yaw: float) -> None:
    said = said_about(hard_photos.profile(yaw, width=300))
    assert "hard.png" in said
    assert any(words in said for words in ("turned by about", "uncertain", "No face"))


def test_a_photo_with_holes_is_read_as_black_there(tmp_path: Path, demo) -> None:
    """Not-a-number and infinity in an OpenEXR file."""
    from wrinkle_addon.core.encode import encode_exr

    grey = (demo[0].mean(axis=2) / 255).astype(np.float32) ** 2.2
    grey[:50], grey[50:60] = np.nan, np.inf
    path = tmp_path / "hard.exr"
    path.write_bytes(encode_exr(grey))
    photo = read_photo(path)
    assert np.array_equal(photo.pixels.shape, demo[0].shape)
    found = Runner().reconstruct([photo], Settings(size=256))
    assert np.isfinite(found.wrinkles.displacement).all()


@pytest.mark.parametrize("shade", [0, 255])
def test_black_and_white_are_refused(shade: int) -> None:
    with pytest.raises(WrinkleError, match=r"No face was found in 'hard\.png'"):
        reconstructed(np.full((480, 640, 3), shade, np.uint8))
