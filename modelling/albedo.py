# SPDX-License-Identifier: GPL-3.0-or-later
"""Paint the built-in head: skin, lips, brows, lashes, eyes and close-cropped hair as one albedo texture in its UV."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from wrinkle_addon.core.models import builtin

from . import head, topology
from .mathematics import smooth
from .raster import draw
from .sculpt import nostril as nostril_of

DOT = 10  # pixels per mm of the front picture in which brows, lips and lashes are drawn
WIDE, HIGH, TOP = 200, 240, 130  # mm covered by it; its upper edge lies at y = TOP
UPPER_LIP = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LOWER_LIP = (291, 375, 321, 405, 314, 17, 84, 181, 91, 146, 61)
BROW_TOP, BROW_LOW = (70, 63, 105, 66, 107), (46, 53, 52, 65, 55)


@dataclass(frozen=True)
class Look:
    """Colours in sRGB 0-255."""

    skin: tuple[float, float, float] = (206, 158, 132)
    lips: tuple[float, float, float] = (176, 101, 96)
    hair: tuple[float, float, float] = (46, 33, 26)
    iris: tuple[float, float, float] = (84, 66, 44)
    seed: int = 7


def paint(size: int = 2048, look: Look = Look(), mean: np.ndarray | None = None) -> np.ndarray:
    """(size, size, 3) uint8 sRGB albedo of the built-in face. ``mean`` replaces its (V, 3) neutral positions."""
    model = builtin.load_builtin()
    points = np.asarray(model.mean if mean is None else mean, np.float64)
    parts = builtin.parts()
    where, cover = draw(model.uv, model.triangles, np.c_[points, parts], size)
    place, part = where[..., :3], np.round(where[..., 3]).astype(int)
    rng = np.random.default_rng(look.seed)
    colour = _skin(place, points, look, rng)
    front = _front(points, look, rng)
    colour = _over(colour, front, place)
    colour = np.where((part == head.MOUTH)[..., None], np.array([96.0, 42, 40]), colour)
    colour = np.where((part == head.LID)[..., None], np.array([172.0, 112, 98]), colour)
    colour = _eyes(colour, part == head.EYEBALL, size, look, rng)
    return _bleed(np.clip(colour, 0, 255).astype(np.uint8), cover)


def _noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of unit spread."""
    field = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), sigma)
    return field / field.std()


def _blob(place: np.ndarray, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
    away = (place * [1, 1, 1] - centre) / radii
    return np.exp(-0.5 * (away**2).sum(axis=-1))


def _skin(place: np.ndarray, points: np.ndarray, look: Look, rng: np.random.Generator) -> np.ndarray:
    size = place.shape[0]
    side = np.abs(place[..., :1])
    folded = np.concatenate([side, place[..., 1:]], axis=-1)
    red = 0.8 * _blob(folded, (42, -36, 8), (17, 15, 30)) + 0.9 * _blob(folded, (0, -34, 42), (11, 9, 14))
    red += 0.35 * _blob(folded, (0, -98, 20), (16, 12, 20)) + 0.35 * _blob(folded, (30, -8, 8), (15, 6, 20))
    dark = 0.7 * _blob(folded, (30, -9, 8), (14, 5, 20)) + 0.8 * _blob(folded, (29, 10, 8), (15, 6, 20))
    pale = 0.5 * _blob(folded, (0, 45, 20), (34, 18, 40))
    colour = (
        np.array(look.skin)
        + red[..., None] * [4, -17, -15]
        + dark[..., None] * [-16, -17, -11]
        + pale[..., None] * [6, 8, 6]
    )
    mottle = _noise((size, size), size / 130, rng) * 1.6 + _noise((size, size), size / 420, rng) * 1.6
    colour = colour + mottle[..., None] * [1.0, 1.35, 1.3]
    grain = _noise((size, size), max(0.6, size / 2300), rng)
    colour = colour + (grain * 2.0)[..., None]
    nostril = nostril_of(points)
    inside = np.exp(-((((folded - nostril) / [4.3, 3.4, 5.0]) ** 2).sum(axis=-1) ** 2))
    colour = colour * (1 - 0.8 * inside[..., None]) + 0.8 * inside[..., None] * [52, 26, 22]
    return _crop(colour, folded, look, rng)


def _crop(colour: np.ndarray, folded: np.ndarray, look: Look, rng: np.random.Generator) -> np.ndarray:
    """Close-cropped hair above the hairline, with a soft irregular edge."""
    x, y, z = folded[..., 0], folded[..., 1], folded[..., 2]
    size = colour.shape[0]
    hairline = 78 - 0.004 * x**2 - np.where(x > 50, 0.35 * (x - 50), 0)
    over = (y - hairline) / 7
    temple = np.where(y > -34, (-z - 38 - 0.5 * np.clip(-y, 0, None)) / 7, -9)
    rough = 0.22 * _noise((size, size), size / 500, rng) + 0.3 * _noise((size, size), size / 1400, rng)
    amount = smooth(np.maximum(over, temple) + rough, -0.9, 1.3) * smooth(y, -34, -14)
    strands = 0.85 + 0.25 * _noise((size, size), max(0.7, size / 1800), rng)
    hair = np.array(look.hair) * np.clip(strands, 0.3, 1.8)[..., None]
    return colour * (1 - 0.9 * amount[..., None]) + 0.9 * amount[..., None] * hair


def _pixel(points: np.ndarray) -> np.ndarray:
    """Front picture coordinates of (..., >=2) mm positions."""
    return np.stack([(points[..., 0] + WIDE / 2) * DOT, (TOP - points[..., 1]) * DOT], axis=-1)


def _curve(points: np.ndarray, steps: int = 12) -> np.ndarray:
    """Catmull-Rom curve through (n, 2) points."""
    p = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    out = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*out, points[-1:]])


def _front(points: np.ndarray, look: Look, rng: np.random.Generator) -> np.ndarray:
    """(HIGH * DOT, WIDE * DOT, 4) float32 colour and opacity of lips, brows and lashes seen from the front."""
    picture = np.zeros((HIGH * DOT, WIDE * DOT, 4), np.float32)
    outline = np.vstack([_curve(points[list(UPPER_LIP), :2]), _curve(points[list(LOWER_LIP), :2])])
    lips = np.zeros(picture.shape[:2], np.float32)
    cv2.fillPoly(lips, [np.round(_pixel(outline)).astype(np.int32)], 1.0)
    lips = cv2.GaussianBlur(lips, (0, 0), 0.9 * DOT)
    streaks = cv2.GaussianBlur(rng.standard_normal(lips.shape).astype(np.float32), (0, 0), 0.22 * DOT, sigmaY=1.4 * DOT)
    picture[..., :3] = np.array(look.lips) + 4.5 * (streaks / streaks.std())[..., None]
    picture[..., 3] = 0.92 * smooth(lips, 0.15, 0.85)
    hair = _brows(points, picture.shape[:2], rng)
    hair = np.maximum(hair, _lashes(points, picture.shape[:2]))
    picture[..., :3] = picture[..., :3] * (1 - hair[..., None]) + np.array(look.hair) * hair[..., None]
    picture[..., 3] = np.maximum(picture[..., 3], hair)
    return picture


def _brows(points: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    canvas = np.zeros(shape, np.float32)
    flip = topology.mirror()
    for names in ((BROW_TOP, BROW_LOW), (flip[list(BROW_TOP)], flip[list(BROW_LOW)])):
        top, low = _curve(points[list(names[0]), :2], 40), _curve(points[list(names[1]), :2], 40)
        n = min(len(top), len(low))
        for _ in range(620):
            k = rng.beta(1.25, 1.0) * (n - 1)
            across = np.clip(rng.normal(0.42, 0.24), -0.05, 1.0)
            i = int(k)
            root = top[i] * (1 - across) + low[i] * across
            along = (top[max(i - 8, 0)] - top[min(i + 8, n - 1)]) * 0.5 + (
                low[max(i - 8, 0)] - low[min(i + 8, n - 1)]
            ) * 0.5
            along = along / np.linalg.norm(along)
            rise = (0.25 + 0.9 * (k / n) ** 2) * (0.35 if across < 0.3 else 1.0)
            length = rng.uniform(4.5, 8.0) * (0.75 if k < 0.25 * n else 1.0)
            along[1] += rise * rng.uniform(0.5, 1.0)
            tip = root + length * along / np.linalg.norm([1, rise])
            a, b = (np.round(_pixel(q) * 16).astype(int) for q in (root, tip))
            cv2.line(canvas, a.tolist(), b.tolist(), float(rng.uniform(0.55, 0.95)), 2, cv2.LINE_AA, 4)
        body = np.zeros(shape, np.float32)
        cv2.fillPoly(body, [np.round(_pixel(np.vstack([top, low[::-1]]))).astype(np.int32)], 0.34)
        canvas = np.maximum(canvas, cv2.GaussianBlur(body, (0, 0), 1.3 * DOT))
    return cv2.GaussianBlur(canvas, (0, 0), 0.07 * DOT)


def _lashes(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    canvas = np.zeros(shape, np.float32)
    flip = topology.mirror()
    right = np.array(topology.RIGHT_EYE)
    for loop in (right, flip[right]):
        for line, width, opacity in (
            (points[np.r_[loop[0], loop[:7:-1]], :2], 1.1, 0.85),
            (points[loop[:9], :2], 0.5, 0.4),
        ):
            curve = np.round(_pixel(_curve(line)) * 16).astype(np.int32)
            cv2.polylines(canvas, [curve], False, opacity, int(width * DOT), cv2.LINE_AA, 4)
    return cv2.GaussianBlur(canvas, (0, 0), 0.25 * DOT)


def _over(colour: np.ndarray, front: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Lay the front picture on the texels that face forwards."""
    at = _pixel(place).astype(np.float32)
    seen = cv2.remap(front, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    opacity = (seen[..., 3] * (place[..., 2] > -25))[..., None]
    return colour * (1 - opacity) + seen[..., :3] * opacity


def _eyes(colour: np.ndarray, ball: np.ndarray, size: int, look: Look, rng: np.random.Generator) -> np.ndarray:
    """Sclera, iris and pupil in the eyeballs' discs."""
    out = colour
    v, u = np.mgrid[0:size, 0:size]
    u, v = (u + 0.5) / size, 1 - (v + 0.5) / size
    edge = np.degrees(np.arcsin(head.IRIS_MM / 12.0)) / 112.0
    for centre in ((head.EYEBALL_UV + 0.01, head.EYEBALL_UV + 0.01), (0.99 - head.EYEBALL_UV, head.EYEBALL_UV + 0.01)):
        x, y = (u - centre[0]) / head.EYEBALL_UV, (v - centre[1]) / head.EYEBALL_UV
        r, a = np.hypot(x, y) / edge, np.arctan2(y, x)
        white = np.array([226.0, 219, 212]) - smooth(r, 1.2, 3.0)[..., None] * [14, 40, 42]
        spokes = np.interp(a, np.linspace(-np.pi, np.pi, 181), rng.normal(0, 1, 181), period=2 * np.pi)
        ring = np.array(look.iris) * (1 + 0.16 * spokes + 0.5 * np.exp(-(((r - 0.5) / 0.16) ** 2)))[..., None]
        ring = ring * (1 - 0.6 * smooth(r, 0.8, 1.0))[..., None]
        eye = white + smooth(-r, -1.06, -0.96)[..., None] * (ring - white)
        eye = eye * (1 - 0.95 * smooth(-r, -0.37, -0.31))[..., None]
        mine = ball & (np.hypot(x, y) < 1.2)
        out = np.where(mine[..., None], eye, out)
    return out


def _bleed(texture: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """Carry the islands' colours beyond their edges, so that no seam shows."""
    out = texture.copy()
    known = cover.astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    for _ in range(max(4, len(texture) // 128)):
        total = cv2.blur(out.astype(np.float32) * known[..., None], (3, 3))
        weight = cv2.blur(known.astype(np.float32), (3, 3))
        grown = cv2.dilate(known, kernel)
        fresh = (grown > known)[..., None]
        out = np.where(fresh, total / np.maximum(weight, 1e-6)[..., None], out).astype(np.uint8)
        known = grown
    return np.where(known[..., None] > 0, out, np.array([190, 150, 130], np.uint8))
