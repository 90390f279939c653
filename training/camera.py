# SPDX-License-Identifier: GPL-3.0-or-later
"""From the light that leaves the skin to texels: lens, photo pixels, noise, sharpening, tone curve, JPEG."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from .geometry import Float, blur

Byte = npt.NDArray[np.uint8]


def to_srgb(linear: Float) -> Float:
    """sRGB transfer function, linear 0..1 to encoded 0..1."""
    clipped = np.ascontiguousarray(np.clip(linear, 0, 1), np.float32)
    curve = cv2.pow(clipped, 1 / 2.4)
    return np.asarray(np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * curve - 0.055), np.float32)


def _photo_frame(rng: np.random.Generator, size: int, mm: float) -> tuple[Float, int, float]:
    """Affine map from tile samples to photo pixels: any rotation, foreshortening, 0.08-0.8 mm per pixel.

    Returns the (2, 3) matrix, the photo's edge in pixels and the coarser of its two scales in mm per pixel.
    """
    pixel = float(np.exp(rng.uniform(np.log(0.08), np.log(0.42))))
    stretch = float(rng.uniform(0.55, 1.0)) if rng.random() < 0.6 else 1.0
    a, b = rng.uniform(0, 2 * np.pi, 2)
    zoom = mm / max(pixel, 0.85 * mm)
    turn = np.array(((np.cos(a), -np.sin(a)), (np.sin(a), np.cos(a))))
    axis = np.array(((np.cos(b), -np.sin(b)), (np.sin(b), np.cos(b))))
    matrix = turn @ axis @ np.diag((zoom, zoom * stretch)) @ axis.T
    edge = int(np.ceil(np.abs(matrix).sum(1).max() * size)) + 8
    offset = np.array((edge / 2, edge / 2)) - matrix @ np.array((size / 2, size / 2))
    return np.asarray(np.hstack((matrix, offset[:, None])), np.float32), edge, mm / (zoom * stretch)


def _tone(rng: np.random.Generator, photo: Float) -> Float:
    """Exposure, white balance, saturation and one of several contrast curves; encoded 0..1."""
    mean = float(photo.mean()) + 1e-4
    exposure = float(np.exp(rng.uniform(np.log(0.12), np.log(0.6)))) / mean
    photo = photo * (exposure * np.exp(rng.normal(0, 0.07, 3))).astype(np.float32)
    grey = cv2.transform(photo, np.array(((0.2126, 0.7152, 0.0722),), np.float32))
    keep = np.float32(rng.uniform(0.75, 1.2))
    photo = photo * keep + (grey * (1 - keep))[..., None]
    kind = rng.random()
    if kind < 0.35:  # film-like: soft shoulder, as phones and Blender's filmic views have
        k = float(rng.uniform(0.3, 1.2))
        photo = np.clip(photo, 0, None) * (1 + k) / (1 + k * np.clip(photo, 0, None))
    encoded = to_srgb(photo)
    if kind > 0.6:  # an S-curve or a flat look on top
        c = float(rng.uniform(-0.35, 0.6))
        encoded = encoded + c * encoded * (1 - encoded) * (2 * encoded - 1)
    return encoded


def _develop(rng: np.random.Generator, encoded: Float) -> Byte:
    """Noise, smoothing, sharpening and JPEG at the photo's own resolution."""
    shape = encoded.shape
    grain = float(np.exp(rng.uniform(np.log(0.001), np.log(0.010))))
    level = np.sqrt(np.clip(encoded, 0.05, 1)) * grain
    # Grains of one channel serve the others shifted: independent where it matters, and a third of the draws.
    mono = rng.standard_normal(shape[:2], dtype=np.float32)
    colour = np.stack([np.roll(mono, shift, (0, 1)) for shift in (17, 31, 53)], -1)
    encoded = encoded + level * (0.8 * mono[..., None] + 0.6 * colour)
    if rng.random() < 0.08:
        encoded = cv2.bilateralFilter(np.ascontiguousarray(encoded, np.float32), 5, 0.05, 1.5)
    if rng.random() < 0.5:
        soft = blur(np.asarray(encoded, np.float32), rng.uniform(0.6, 1.6))
        encoded = encoded + (encoded - soft) * np.float32(rng.uniform(0.1, 1.2))
    photo = np.asarray(np.clip(encoded * 255 + 0.5, 0, 255), np.uint8)
    if rng.random() < 0.65:
        quality = int(rng.integers(76, 98))
        _, data = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])
        photo = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return photo


def photograph(rng: np.random.Generator, radiance: Float, mm: float) -> Byte:
    """The texture that extraction would bring back from a photo of the tile, (S, S, 3) uint8 sRGB."""
    size = radiance.shape[0]
    matrix, edge, pixel_mm = _photo_frame(rng, size, mm)
    lens = float(rng.uniform(0.1, 0.35)) if pixel_mm < 0.3 else 0.1
    antialias = 0.45 * pixel_mm if pixel_mm > mm else 0.0
    radiance = blur(radiance, float(np.hypot(lens * rng.uniform(0.3, 1), antialias)) / mm)
    photo = cv2.warpAffine(radiance, matrix, (edge, edge), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    developed = _develop(rng, _tone(rng, photo))
    back = cv2.warpAffine(
        developed, matrix, (size, size), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(back, np.uint8)
