# SPDX-License-Identifier: GPL-3.0-or-later
"""The wrinkle stage's inputs in plain NumPy and OpenCV: what the native code is compared with and timed against.

Arrays are images with row 0 on top. A *level* is the texture reduced by a power of two, so that its texels fit a
scale in mm.
"""

from __future__ import annotations

import cv2
import numpy as np

from wrinkle_addon.core.types import Light, Surface, Texture
from wrinkle_addon.core.wrinkles.settings import Scale

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
FLOOR = 0.03
"""Share of the mean skin luminance added before every logarithm, so that exposure only shifts it."""


def srgb_to_linear(values):
    """IEC 61966-2-1, bytes to linear 0..1 float32."""
    table = np.arange(256) / 255.0
    table = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)
    return table.astype(np.float32)[values]


def reduction(texel_mm, mm):
    """The largest power of two k with k * texel_mm <= 1.2 * mm (1 when there is none)."""
    k = 1
    while 2 * k * texel_mm <= 1.2 * mm and k < 256:
        k *= 2
    return k


def reduce(image, k):
    """Means over k x k blocks; what lies beyond the border counts as 0."""
    if k == 1:
        return image
    height, width = image.shape[:2]
    padded = np.pad(image, [(0, -height % k), (0, -width % k)] + [(0, 0)] * (image.ndim - 2))
    return cv2.resize(padded, (padded.shape[1] // k, padded.shape[0] // k), interpolation=cv2.INTER_AREA)


def gaussian(image, sigma):
    """Truncated at ceil(3 sigma), normalised; 0 beyond the border."""
    radius = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).astype(np.float32)
    return cv2.sepFilter2D(image, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_CONSTANT)


def enlarge(image, k, height, width):
    """Bilinear from a map reduced by k to (height, width): x' = (x + 0.5) / k - 0.5, clamped at the border."""
    y = np.clip((np.arange(height) + 0.5) / k - 0.5, 0, image.shape[0] - 1)
    x = np.clip((np.arange(width) + 0.5) / k - 0.5, 0, image.shape[1] - 1)
    y0, x0 = y.astype(int), x.astype(int)
    y1, x1 = np.minimum(y0 + 1, image.shape[0] - 1), np.minimum(x0 + 1, image.shape[1] - 1)
    shape = (1,) * (image.ndim - 2)
    fy, fx = (y - y0).astype(np.float32).reshape(-1, 1, *shape), (x - x0).astype(np.float32).reshape(1, -1, *shape)
    rows = image[y0] * (1 - fy) + image[y1] * fy
    return rows[:, x0] * (1 - fx) + rows[:, x1] * fx


def level_colours(texture: Texture, skin, k):
    """(n, n, 3) linear colour and (n, n) weight of the level reduced by k. skin: (S, S) float32 in 0..1 or None."""
    weight = texture.alpha.astype(np.float32) / 255
    if skin is not None:
        weight = weight * skin
    linear = srgb_to_linear(texture.rgb)
    sums = reduce(np.dstack([linear * weight[..., None], weight]), k)
    return sums[..., :3] / np.maximum(sums[..., 3:], 1e-6), sums[..., 3]


def log_channels(colour, weight):
    """(n, n, 3): log luminance, log R - log G, log B - log G, with a floor that follows the exposure."""
    luminance = colour @ LUMINANCE
    floor = FLOOR * max((luminance * weight).sum(dtype=np.float64) / max(weight.sum(dtype=np.float64), 1e-6), 1e-4)
    red, green, blue = np.log(colour + np.float32(floor)).transpose(2, 0, 1)
    return np.dstack([np.log(luminance + np.float32(floor)), red - green, blue - green])


def mask_of(weight):
    """Soft mask: 0 up to weight 0.2, 1 from 0.4 on."""
    return np.clip((weight - 0.2) / 0.2, 0, 1)


def masked_mean(channels, mask, sigma):
    """Gaussian mean of ``channels`` where ``mask`` weighs, on a map reduced until sigma is 4..8 of its texels."""
    r = 1
    while sigma / (2 * r) >= 4:
        r *= 2
    sums = gaussian(reduce(np.dstack([channels * mask[..., None], mask]), r), sigma / r)
    mean = np.where(sums[..., -1:] > 1e-4, sums[..., :-1] / np.maximum(sums[..., -1:], 1e-4), 0)
    return enlarge(mean, r, *mask.shape)


def scale_maps(texture: Texture, surface: Surface, skin, scale: Scale, keep=None, detail=None):
    """(n, n, 4) float32 and the reduction k: the three high-passed log channels times the mask, and the mask.

    keep: factor on the weights; detail: log brightness to take out, a map of the same square of any size."""
    texel = surface.texel_mm(texture.size)
    k = reduction(texel, scale.mm)
    colour, weight = level_colours(texture, skin, k)
    weight = weight if keep is None else weight * keep
    if detail is not None:
        colour = colour / np.exp(cv2.resize(detail, weight.shape, interpolation=cv2.INTER_CUBIC))[..., None]
    channels, mask = log_channels(colour, weight), mask_of(weight)
    mean = masked_mean(channels, mask, scale.highpass_mm / (k * texel))
    return np.dstack([(channels - mean) * mask[..., None], mask]).astype(np.float32), k


def bilinear(image, rows, columns):
    """``image`` at real (row, column) positions; 0 beyond the border."""
    height, width = image.shape[:2]
    padded = np.pad(image, [(1, 1), (1, 1)] + [(0, 0)] * (image.ndim - 2))
    r, c = np.clip(rows + 1, 0, height + 1), np.clip(columns + 1, 0, width + 1)
    r0, c0 = np.minimum(r.astype(int), height), np.minimum(c.astype(int), width)
    extra = (1,) * (image.ndim - 2)
    fr, fc = (r - r0).reshape(*r.shape, *extra), (c - c0).reshape(*c.shape, *extra)
    top = padded[r0, c0] * (1 - fc) + padded[r0, c0 + 1] * fc
    return top * (1 - fr) + (padded[r0 + 1, c0] * (1 - fc) + padded[r0 + 1, c0 + 1] * fc) * fr


def on_grid(grid, rows, columns, size):
    """``grid`` (G, G, ...) at texture positions (row, column) of a map of ``size``, bilinear, clamped at the border."""
    g = grid.shape[0]
    r = np.clip((np.asarray(rows) + 0.5) * g / size - 0.5, 0, g - 1)
    c = np.clip((np.asarray(columns) + 0.5) * g / size - 0.5, 0, g - 1)
    return bilinear(grid, r, c)


def metric(surface: Surface):
    """(G, G, 3): a, c, d with (mm along t, mm along b) = [[a, c], [0, d]] (du, dv); t = du normalised, b = n x t."""
    a = np.maximum(np.linalg.norm(surface.du, axis=-1), 1e-6)
    c = (surface.du * surface.dv).sum(-1) / a
    d = np.linalg.norm(np.cross(surface.du, surface.dv), axis=-1) / a
    return np.dstack([a, c, np.maximum(d, 1e-6)]).astype(np.float32)


def tangent_light(light: Light, surface: Surface):
    """(G, G, 4) float32: light along t, b, n and the ambient share."""
    t = surface.du / np.maximum(np.linalg.norm(surface.du, axis=-1, keepdims=True), 1e-6)
    n = np.cross(surface.du, surface.dv)
    n = n / np.maximum(np.linalg.norm(n, axis=-1, keepdims=True), 1e-12)
    local = np.stack([t @ light.direction, np.cross(n, t) @ light.direction, n @ light.direction], -1)
    return np.concatenate([local, np.full((*local.shape[:2], 1), light.ambient)], -1).astype(np.float32)


def ease_light(local):
    """(P, 4) light and ambient: below lz = 0.1 the direction is held there and the ambient share grows to 1 at -0.1."""
    z = local[:, 2]
    held = np.maximum(z, 0.1)
    flat = np.hypot(local[:, 0], local[:, 1])
    factor = np.sqrt(np.maximum(1 - held**2, 0)) / np.maximum(flat, 1e-6)
    ambient = local[:, 3] + (1 - local[:, 3]) * np.clip((0.1 - z) / 0.2, 0, 1)
    return np.stack([local[:, 0] * factor, local[:, 1] * factor, held, ambient], -1).astype(np.float32)


def patch_frames(texture, surface, skin, light, centres, scale: Scale, maps=None):
    """(P, 2, 2) float32: columns are the patch's x (along the wrinkle) and y axes in tangent coordinates (t, b)."""
    maps, k = maps or scale_maps(texture, surface, skin, scale)
    n, size = maps.shape[0], texture.size
    padded = np.pad(maps[..., 0], 1)
    gc = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    gr = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    rows, columns = np.meshgrid(*[(np.arange(n) + 0.5) * k - 0.5] * 2, indexing="ij")
    a, c, d = np.moveaxis(on_grid(metric(surface), rows, columns, size), -1, 0)
    gp = gc * (size / k) / a
    gq = (-gr * (size / k) - c * gp) / d
    tensor = (np.dstack([gp * gp, gp * gq, gq * gq]) * maps[..., 3:]).astype(np.float32)
    texel = surface.texel_mm(size) * k
    r, sigma = 1, scale.size * scale.mm / 6 / texel
    while sigma / (2 * r) >= 4:
        r *= 2
    blurred = gaussian(reduce(tensor, r), sigma / r)
    at = (np.asarray(centres, np.float32) + 0.5) / (k * r) - 0.5
    pp, pq, qq = np.moveaxis(bilinear(blurred, at[:, 0], at[:, 1]), -1, 0)
    angle = 0.5 * np.arctan2(2 * pq, pp - qq) + np.pi / 2
    x = np.stack([np.cos(angle), np.sin(angle)], -1)
    y = np.stack([-np.sin(angle), np.cos(angle)], -1)
    local = on_grid(tangent_light(light, surface), *np.asarray(centres, np.float32).T, size)[:, :2]
    x = np.where((x * local).sum(-1, keepdims=True) < 0, -x, x)
    y = np.where((y * local).sum(-1, keepdims=True) < 0, -y, y)
    return np.stack([x, y], -1).astype(np.float32)


def texel_steps(surface: Surface, centres, frames, size):
    """(P, 2, 2): columns are the (row, column) steps in texels of 1 mm along the patch's x and y."""
    a, c, d = on_grid(metric(surface), *np.asarray(centres, np.float32).T, size).T
    p, q = frames[:, 0], frames[:, 1]
    dv = q / d[:, None]
    du = (p - c[:, None] * dv) / a[:, None]
    return np.stack([-dv * size, du * size], 1)


def patch_inputs(texture, surface, skin, light, centres, frames, scale: Scale, maps=None):
    """(P, 8, N, N) float32 network inputs.

    texture, surface, light: as in the core. skin: (S, S) float32 or None. centres: (P, 2) texture (row, column).
    frames: see `patch_frames`. Channels: high-passed log luminance, log R/G, log B/G, mask, light x, y, z in the
    patch frame, ambient share.
    Sample (i, j) lies at x = (j - (N - 1) / 2) mm, y = ((N - 1) / 2 - i) mm.
    """
    maps, k = maps or scale_maps(texture, surface, skin, scale)
    centres = np.asarray(centres, np.float32)
    steps = texel_steps(surface, centres, frames, texture.size)
    offset = (np.arange(scale.size) - (scale.size - 1) / 2) * scale.mm
    x, y = offset[None, :], -offset[:, None]
    at = [centres[:, i, None, None] + steps[:, i, 0, None, None] * x + steps[:, i, 1, None, None] * y for i in (0, 1)]
    samples = bilinear(maps, (at[0] + 0.5) / k - 0.5, (at[1] + 0.5) / k - 0.5)
    local = ease_light(on_grid(tangent_light(light, surface), *centres.T, texture.size))
    planar = np.einsum("pij,pi->pj", frames, local[:, :2])
    constant = np.concatenate([planar, local[:, 2:]], -1)
    planes = np.broadcast_to(constant[:, :, None, None], (len(centres), 4, scale.size, scale.size))
    return np.concatenate([samples.transpose(0, 3, 1, 2), planes], 1).astype(np.float32)
