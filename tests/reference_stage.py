# SPDX-License-Identifier: GPL-3.0-or-later
"""The rest of the wrinkle stage in plain NumPy and OpenCV: detector, merging, gates, normals, and the whole of it."""

from __future__ import annotations

import cv2
import numpy as np
import reference_net
import reference_wrinkles as inputs

from wrinkle_addon.core.wrinkles.channels import skin_like
from wrinkle_addon.core.wrinkles.confidence import (
    COARSE_LINES,
    FINE_LINES,
    HALF,
    PEAK,
    PER_MM,
    RELIEF_LINES,
    RELIEF_MM,
    SEEN,
    SPREAD_MM,
    sparse,
)
from wrinkle_addon.core.wrinkles.expected import certain, explained, over
from wrinkle_addon.core.wrinkles.patches import choose_patches
from wrinkle_addon.core.wrinkles.settings import COARSE, FINE
from wrinkle_addon.core.wrinkles.stage import FADE, GATE_MM, trust


def sample(image, rows, columns):
    """Bilinear, 0 beyond the border; OpenCV's own (positions rounded to 1/32 texel) as one would write it for speed."""
    at = [np.ascontiguousarray(x, np.float32) for x in (columns, rows)]
    return cv2.remap(image, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def metric_on(metric, n, units):
    """(n, n, 3): the metric at every texel of a level."""
    at = (np.arange(n) + 0.5) * metric.shape[0] / units - 0.5
    at = np.clip(at, 0, metric.shape[0] - 1).astype(np.float32)
    columns, rows = np.meshgrid(at, at)
    return cv2.remap(metric, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def line_strength(maps, metric, units, flank, stride, sigma):
    """The native `line_strength`, array by array."""
    n = maps.shape[0]
    a, c, d = metric_on(metric, n, units).transpose(2, 0, 1)
    tc, bc, br = units / a, -units * c / (a * d), -units / d
    image = inputs.gaussian(np.ascontiguousarray(maps[..., 0]), sigma)
    p = np.pad(image, 1)
    xx = p[1:-1, 2:] + p[1:-1, :-2] - 2 * image
    yy = p[2:, 1:-1] + p[:-2, 1:-1] - 2 * image
    xy = 0.25 * (p[2:, 2:] + p[:-2, :-2] - p[:-2, 2:] - p[2:, :-2])
    tt, tb = tc * tc * xx, tc * (bc * xx + br * xy)
    bb = bc * bc * xx + 2 * bc * br * xy + br * br * yy
    mean, half = (tt + bb) / 2, (tt - bb) / 2
    spread = np.sqrt(half**2 + tb**2)
    high, low = mean + spread, np.abs(mean - spread)
    cos2, sin2 = half / np.maximum(spread, 1e-20), tb / np.maximum(spread, 1e-20)
    rows, columns = np.meshgrid(np.arange(n, dtype=np.float32), np.arange(n, dtype=np.float32), indexing="ij")
    cosine, sine = np.sqrt(np.maximum(0, 1 + cos2) / 2), np.copysign(np.sqrt(np.maximum(0, 1 - cos2) / 2), sin2)
    dc, dr = flank * (tc * cosine + bc * sine), flank * br * sine
    pair = np.dstack([image, maps[..., 3]])
    one, other = sample(pair, rows + dr, columns + dc), sample(pair, rows - dr, columns - dc)
    contrast = np.minimum(one[..., 0], other[..., 0]) - image
    larger = np.maximum(one[..., 0], other[..., 0]) - image
    even = np.clip(2 * contrast / np.maximum(larger, 1e-6), 0, 1)
    mask = np.minimum(maps[..., 3], np.minimum(one[..., 1], other[..., 1]))
    usable = (high > low) & (contrast > 1e-3) & (maps[..., 3] > 0)
    usable[[0, -1]] = usable[:, [0, -1]] = False
    strength = np.where(usable, contrast * even * (high - low) / np.maximum(high + low, 1e-20) * mask, 0)
    field = np.dstack([strength * cos2, strength * sin2]).astype(np.float32)
    dc, dr = stride * (-tc * sine + bc * cosine), stride * br * cosine
    total = np.sqrt(strength)
    for i in (-3, -2, -1, 1, 2, 3):
        far = sample(field, rows + i * dr, columns + i * dc)
        total += np.sqrt(np.maximum(0, far[..., 0] * cos2 + far[..., 1] * sin2))
    return np.where(strength > 5e-4, (total / 7) ** 2, 0).astype(np.float32)


def cubic(image, k, size):
    """Catmull-Rom enlargement by k, clamped at the border."""
    at = (np.arange(size) + 0.5) / k - 0.5
    cell = np.floor(at).astype(int)
    t = at - cell
    w = [
        -0.5 * t + t**2 - 0.5 * t**3,
        1 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t + 2 * t**2 - 1.5 * t**3,
        0.5 * (t**3 - t**2),
    ]
    w = np.array(w, np.float32)
    index = [np.clip(cell - 1 + i, 0, image.shape[0] - 1) for i in range(4)]
    wide = sum(w[i] * image[:, index[i]] for i in range(4))
    return sum(w[i][:, None] * wide[index[i]] for i in range(4))


def merge(values, at, steps, n, floor):
    """Patches laid back one by one, each over the square it touches."""
    sums, weights = np.zeros((n, n), np.float32), np.zeros((n, n), np.float32)
    size = values.shape[1]
    half = size / 2
    for value, centre, step in zip(values, at, steps, strict=True):
        reach = half * np.abs(step).sum(axis=1)
        low = np.clip(np.floor(centre - reach), 0, n).astype(int)
        high = np.clip(np.ceil(centre + reach) + 1, 0, n).astype(int)
        if (high <= low).any():
            continue
        rows, columns = np.mgrid[low[0] : high[0], low[1] : high[1]].astype(np.float32)
        inverse = np.linalg.inv(step).astype(np.float32)
        dr, dc = rows - centre[0], columns - centre[1]
        x, y = inverse[0, 0] * dr + inverse[0, 1] * dc, inverse[1, 0] * dr + inverse[1, 1] * dc
        weight = (np.maximum(1 - (x / half) ** 2, 0) * np.maximum(1 - (y / half) ** 2, 0)) ** 2
        at_x, at_y = np.clip(half - 0.5 + x, 0, size - 1), np.clip(half - 0.5 - y, 0, size - 1)
        area = slice(low[0], high[0]), slice(low[1], high[1])
        sums[area] += weight * sample(value, at_y, at_x)
        weights[area] += weight
    return sums / np.maximum(weights, floor)


def slopes(relief, metric, units):
    """mm per mm along t and b; differences over two texels, one at the border."""
    a, c, d = metric_on(metric, relief.shape[0], units).transpose(2, 0, 1)
    down, right = np.gradient(relief)
    t = right * units / a
    return t, (-down * units - c * t) / d


def soft_gate(relief, metric, units, tau, sigma):
    t, b = slopes(relief, metric, units)
    power = inputs.gaussian((t * t + b * b).astype(np.float32), sigma)
    return relief * power / (power + tau**2 + 1e-12)


def normal_map(displacement, metric, factor=1.0):
    t, b = slopes(displacement, metric, displacement.shape[0])
    normal = np.dstack([-factor * t, -factor * b, np.ones_like(t)])
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return (normal * 32767.5 + 32768).astype(np.uint16)


def confidence(fine, coarse, metric, units, texel, ks):
    """(n, n) float32 on the fine level; fine, coarse: maps of both levels; units, texel, ks: pairs for them."""
    found = [
        np.maximum.reduce([line_strength(m, metric, u, x.flank, x.stride, x.sigma / mm) for x in wanted])
        for m, u, mm, wanted in zip((fine, coarse), units, texel, (FINE_LINES, COARSE_LINES), strict=True)
    ]
    wide = cubic(found[1], ks[1] // ks[0], fine.shape[0]) if ks[1] > ks[0] else found[1]
    contrast = sparse(np.maximum(found[0], wide), texel[0]) * fine[..., 3]
    return coded(PEAK * inputs.gaussian(contrast, SPREAD_MM / texel[0]))


def coded(contrast):
    contrast = np.maximum(contrast, 0)
    return 255 * contrast / (contrast + HALF)


def borne_out(found, relief, mask, metric, units, texel):
    """The final confidence from the first one and the predicted relief."""
    k = 2 if 2 * texel <= 1.2 * RELIEF_MM else 1
    small = inputs.reduce(np.dstack([relief * PER_MM, mask]).astype(np.float32), k)
    zero = np.zeros_like(small[..., 0])
    maps = np.dstack([small[..., 0], zero, zero, small[..., 1]])
    deep = np.maximum.reduce(
        [line_strength(maps, metric, units / k, x.flank, x.stride, x.sigma / (texel * k)) for x in RELIEF_LINES]
    )
    deep = np.maximum(cubic(deep, k, len(mask)) if k > 1 else deep, 0).astype(np.float32)
    seen = HALF * found / (255 - found)
    return coded((SEEN * seen + PEAK * inputs.gaussian(deep, SPREAD_MM / texel)) * mask)


def stage(texture, surface, skin, light, programs, settings, gate):
    """Confidence (S, S) uint8, displacement (S, S) mm, normal map; programs: of FINE and COARSE, for `Net`."""
    size, texel = texture.size, surface.texel_mm(texture.size)
    metric = inputs.metric(surface)
    kc = inputs.reduction(texel, COARSE.mm)
    colour, weight = inputs.level_colours(texture, skin, kc)
    detail = explained(inputs.log_channels(colour, weight)[..., 0], inputs.mask_of(weight), light, surface)
    (fine, k), (coarse, kc) = (
        inputs.scale_maps(texture, surface, skin, scale, detail=detail) for scale in (FINE, COARSE)
    )
    keep = skin_like(coarse, texel * kc)
    if keep is not None:
        fine, coarse = (
            inputs.scale_maps(texture, surface, skin, scale, cv2.resize(keep, maps.shape[:2]), detail)[0]
            for scale, maps in ((FINE, fine), (COARSE, coarse))
        )
    found = confidence(fine, coarse, metric, (size / k, size / kc), (texel * k, texel * kc), (k, kc))
    relief = np.zeros(found.shape, np.float32)
    for scale, program, maps, reduced in zip((FINE, COARSE), programs, (fine, coarse), (k, kc), strict=True):
        centres = choose_patches(found, texel * k, k, scale, settings.overlap, settings.least)
        if not len(centres):
            continue
        frames = inputs.patch_frames(texture, surface, skin, light, centres, scale, (maps, reduced))
        x = inputs.patch_inputs(texture, surface, skin, light, centres, frames, scale, (maps, reduced))
        values = np.concatenate([reference_net.run(program, part) for part in np.array_split(x, len(x) // 64 + 1)])
        steps = inputs.texel_steps(surface, centres, frames, size) * (scale.mm / reduced)
        merged = merge(values, (centres + 0.5) / reduced - 0.5, steps, maps.shape[0], FADE)
        gated = soft_gate(merged, metric, size / reduced, gate, GATE_MM / (texel * reduced))
        relief += cubic(gated, reduced // k, len(relief)) if reduced > k else gated
    relief *= over(certain(detail, light, surface), len(relief))
    found = borne_out(found, relief, fine[..., 3], metric, size / k, texel * k)
    relief *= trust(found, texel * k, settings.dog_thres) * fine[..., 3] * settings.strength
    displacement = cubic(relief, k, size).astype(np.float32)
    grey = inputs.enlarge(found, k, size, size)
    return (np.clip(grey, 0, 255) + 0.5).astype(np.uint8), displacement, normal_map(displacement, metric)
