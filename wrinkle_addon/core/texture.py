# SPDX-License-Identifier: GPL-3.0-or-later
"""Textures of a face: out of a photo, merged from several, completed for display."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np
import wrinkle_native

from . import progress as progress_of
from .blending import blend, continued
from .errors import WrinkleError
from .progress import Progress, silent
from .types import Byte, FaceModel, Fit, Float, Photo, Texture

SIZES = (64, 16384)
HIDING_MM = 1.0
"""By how much something must lie nearer to the viewer to hide the skin behind it."""
RIM_MM = (4.0, 8.0)
"""How far inside the fitted outline, in the photo, nothing and everything is taken: fits miss it by some mm."""
OUTLINE_SIZE = 256
FILLED_SIZE = 1024
"""What was not seen is made up at no more than this size: there is no detail in it."""
MIRROR_PAIRS = ((17, 26), (21, 22), (36, 45), (39, 42), (31, 35), (48, 54))
MIDDLE_POINTS = (27, 28, 29, 30, 33, 51, 57)


def extract_texture(photo: Photo, fit: Fit, model: FaceModel, size: int = 2048, progress: Progress = silent) -> Texture:
    """The face's colours laid out in its UV.

    Colours are Catmull-Rom samples where the texture is finer than the photo and averages over a texel's footprint
    where it is coarser. Alpha is visibility (depth buffer, soft edges) times facing (1 up to 53 degrees between normal
    and view, 0 from 84 degrees) times the distance from the face's outline (see RIM_MM: beyond it lies the background),
    and 0 outside the photo. Islands are continued by size / 128 texels with alpha 0.
    Raises WrinkleError for a size outside 64..16384 and for a fit that does not belong to the model.
    """
    if not SIZES[0] <= size <= SIZES[1]:
        raise WrinkleError(
            f"A texture of {size} x {size} cannot be made.", f"Choose a size of {SIZES[0]} to {SIZES[1]}."
        )
    if len(fit.image_points) != len(model.uv):
        raise WrinkleError(f"The fit has {len(fit.image_points)} vertices, {model.name} {len(model.uv)}.", "Fit again.")
    rgb, alpha = wrinkle_native.extract_texture(
        np.ascontiguousarray(photo.pixels),
        np.ascontiguousarray(fit.image_points, np.float32),
        np.ascontiguousarray(fit.depth, np.float32),
        np.ascontiguousarray(model.triangles, np.int32),
        np.ascontiguousarray(model.uv, np.float32),
        size,
        float(fit.px_per_mm),
        bias=HIDING_MM,
        dilate=max(size // 128, 4),
        progress=partial(progress_of.report, progress),
    )
    seen = cv2.multiply(alpha, _off_outline(fit, model, size), dtype=cv2.CV_8U)
    return Texture(rgb, np.asarray(seen, np.uint8))


def _off_outline(fit: Fit, model: FaceModel, size: int) -> Float:
    """(size, size) float32: 0 at the outline that the fitted face has in the photo, 1 well inside it; see RIM_MM."""
    low = fit.image_points.min(axis=0)
    extent = float((fit.image_points - low).max()) * 1.02 or 1.0
    places = np.ascontiguousarray((fit.image_points - low) / extent + 0.01, np.float32)
    outline = np.ones((len(places), 1), np.float32)
    covered = wrinkle_native.interpolate_uv(outline, places, model.triangles, OUTLINE_SIZE, 0.0)[..., 0] > 0.5
    away = cv2.distanceTransform(covered.astype(np.uint8), cv2.DIST_L2, 5) * (extent / fit.px_per_mm / OUTLINE_SIZE)
    columns, rows = (places * (OUTLINE_SIZE, -OUTLINE_SIZE) + (0, OUTLINE_SIZE)).astype(int).T
    share = np.clip((away[rows, columns] - RIM_MM[0]) / (RIM_MM[1] - RIM_MM[0]), 0, 1).astype(np.float32)
    small = min(size, OUTLINE_SIZE)
    drawn = wrinkle_native.interpolate_uv(share[:, None], model.uv, model.triangles, small, 0.0, 2)[..., 0]
    return _resized(np.asarray(drawn, np.float32), size)


def sharpness(texture: Texture) -> Float:
    """How much fine detail there is around each texel: (S, S) float32 >= 0, in the same unit for textures of one size.

    The mean absolute second derivative of log luminance over a neighbourhood of size / 32, so exposure does not count.
    """
    grey = cv2.cvtColor(texture.rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(cv2.Laplacian(np.log(grey + 8), cv2.CV_32F, ksize=3))
    seen = (texture.alpha > 64).astype(np.float32)
    sigma = texture.size / 64
    # Not across the rim of what is seen: the step there is no detail of the skin.
    inner = cv2.erode(seen, np.ones((5, 5), np.uint8))
    summed = cv2.GaussianBlur(detail * inner, (0, 0), sigma)
    return np.asarray(summed / np.maximum(cv2.GaussianBlur(inner, (0, 0), sigma), 1e-3), np.float32)


def photo_weights(textures: Sequence[Texture]) -> list[Float]:
    """How much each texture counts at each texel, (S, S) each, 0..1: what is seen squarely and sharply wins.

    Alpha enters squared and sharpness relative to the sharpest texture there, so that detail is not averaged away.
    """
    sharp = np.stack([sharpness(texture) for texture in textures])
    relative = sharp / np.maximum(sharp.max(0), 1e-6)
    return [
        np.asarray((texture.alpha / np.float32(255)) ** 2 * np.clip(share, 0.05, 1) ** 2, np.float32)
        for texture, share in zip(textures, relative, strict=True)
    ]


def merge_textures(textures: Sequence[Texture]) -> Texture:
    """One texture out of several of the same person and model.

    Exposure and white balance are matched to the texture that shows most (gain and offset per channel of the log
    colour over what both show); then a multi-band blend by visibility, facing and sharpness. Alpha is the largest.
    Raises WrinkleError when there is none or the sizes differ.
    """
    if not textures:
        raise WrinkleError("There is no texture to merge.", "Add a photo first.")
    sizes = sorted({texture.size for texture in textures})
    if len(sizes) > 1:
        raise WrinkleError(f"Textures of different sizes ({sizes[0]}, {sizes[-1]}) cannot be merged.", "Use one size.")
    if len(textures) == 1:
        return textures[0]
    reference = max(textures, key=lambda texture: int(texture.alpha.sum(dtype=np.int64)))
    colours = [_log(texture.rgb) if texture is reference else _matched(texture, reference) for texture in textures]
    known = [(texture.alpha > 0).astype(np.float32) for texture in textures]
    merged = _bytes(blend(colours, photo_weights(textures), known))
    alpha = np.max(np.stack([texture.alpha for texture in textures]), axis=0)
    # Nothing is seen there by any: keep the continued islands of the reference.
    return Texture(np.where((alpha > 0)[..., None], merged, reference.rgb), alpha)


def fill_unseen(texture: Texture, model: FaceModel | None = None) -> Byte:
    """Colours for every texel, (S, S, 3) uint8; for display only, never for measuring wrinkles.

    What was not seen takes its colour and light from what was seen around it, smoothly continued, and its features from
    the other half of the face when the model's UV is symmetric.
    """
    size = min(texture.size, FILLED_SIZE)
    small = Texture(*(_shrunk(image, size) for image in (texture.rgb, texture.alpha)))
    filled = continued(_log(small.rgb), small.alpha / np.float32(255))
    middle = None if model is None else _uv_middle(model)
    if middle is not None:
        filled += _features(small.rgb, small.alpha, middle)[..., None]
    alpha = texture.alpha[..., None] / np.float32(255)
    mixed = texture.rgb * alpha + np.clip(np.exp(_resized(filled, texture.size)) - 8, 0, 255) * (1 - alpha)
    return np.asarray(mixed + np.float32(0.5)).astype(np.uint8)


def _features(rgb: Byte, alpha: Byte, middle: float) -> Float:
    """How much brighter or darker (log) the mirrored face is than its surroundings, (S, S); 0 where it is not seen."""
    seen = _mirror(alpha, middle) / np.float32(255)
    # A little smoothed: what is dark there and light here would bring its noise along.
    grey = cv2.GaussianBlur(cv2.cvtColor(_mirror(rgb, middle), cv2.COLOR_RGB2GRAY), (0, 0), len(rgb) / 512)
    brightness = np.log(grey.astype(np.float32) + 24)
    sigma = len(rgb) / 40
    around = cv2.GaussianBlur(brightness * seen, (0, 0), sigma) / np.maximum(
        cv2.GaussianBlur(seen, (0, 0), sigma), 1e-3
    )
    return np.asarray(np.clip(brightness - around, -1, 0.4) * seen, np.float32)


def _log(rgb: Byte) -> Float:
    """log of the sRGB-encoded value: a gain of the light is a gain and an offset here too, and noise stays bounded."""
    return np.asarray(np.log(rgb.astype(np.float32) + 8), np.float32)


def _bytes(logarithm: Float) -> Byte:
    return np.clip(np.exp(logarithm) - 7.5, 0, 255).astype(np.uint8)


def _matched(texture: Texture, reference: Texture) -> Float:
    """The texture's log colours with the gain and offset that bring them onto the reference's (median and spread)."""
    colours = _log(texture.rgb)
    both = np.minimum(texture.alpha, reference.alpha)[::4, ::4] > 128
    if both.sum() < 64:
        return colours
    here, there = colours[::4, ::4][both], _log(reference.rgb[::4, ::4])[both]
    low, middle, high = np.percentile(here, (20, 50, 80), axis=0)
    to_low, to_middle, to_high = np.percentile(there, (20, 50, 80), axis=0)
    gain = np.clip((to_high - to_low) / np.maximum(high - low, 1e-3), 0.7, 1.4)
    return np.asarray((colours - middle) * gain + to_middle, np.float32)


def _uv_middle(model: FaceModel) -> float | None:
    """The u about which the model's UV is symmetric, or None."""
    points = np.where(model.landmarks[:, None] >= 0, model.uv[model.landmarks], np.nan)
    pairs = np.array([points[left] + points[right] * [1, -1] for left, right in MIRROR_PAIRS])
    line = points[list(MIDDLE_POINTS), 0]
    doubled = np.concatenate([pairs[:, 0], 2 * line])
    heights = pairs[:, 1]
    if np.isfinite(doubled).sum() < 4:
        return None
    middle = float(np.nanmedian(doubled)) / 2
    extent = float(np.ptp(model.uv[:, 0]))
    worst = max(float(np.nanmax(np.abs(doubled / 2 - middle))), float(np.nanmax(np.abs(heights))))
    return middle if worst < 0.02 * extent else None


def _mirror(image: Byte, middle: float) -> Byte:
    size = image.shape[1]
    # Column c holds u = (c + .5) / size; its mirror image lies at column 2 middle size - 1 - c.
    across = np.array([[-1, 0, 2 * middle * size - 1], [0, 1, 0]], np.float64)
    return np.asarray(cv2.warpAffine(image, across, (size, size), flags=cv2.INTER_LINEAR), np.uint8)


def _shrunk(image: Byte, size: int) -> Byte:
    return np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _resized(image: Float, size: int) -> Float:
    return np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)
