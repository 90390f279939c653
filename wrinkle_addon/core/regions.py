# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions of the face in which wrinkles form, and what carries none, found from the 68 landmarks of any model."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import wrinkle_native

from .errors import WrinkleError
from .types import FaceModel, Float, Int

SIDED = ("crows_feet", "upper_lid", "under_eye", "nasolabial", "cheek")
REGIONS = ("forehead", "glabella", *(f"{name}_{side}" for name in SIDED for side in "LR"), "nose", "mouth", "chin")
EXCLUDED = ("brows", "eyes", "lips", "nostrils", "outside")
OUTER_EYES_MM = 89.2  # distance of the outer eye corners of an average adult; all millimetres below are scaled by it
HAIRLINE_MM = 70.0  # hairline above the brows' inner ends, at most (50-70 mm above the glabella: Farkas 1994)
MIDDLE_MM = 8.0  # half the width of the philtrum and of the glabella, which belong to both sides

Array = npt.NDArray[np.float64]


def vertex_regions(mean: Float, uv: Float, triangles: Int, landmarks: Int) -> dict[str, Float]:
    """Soft membership of every vertex.

    mean: (V, 3) mm, model frame. uv: (V, 2). triangles: (T, 3). landmarks: (68,) vertex of each iBUG point, -1 where
    missing (jaw points and inner lip corners may miss). Returns a (V,) float32 in 0..1 for each of REGIONS (they sum to
    at most 1) and EXCLUDED. Raises WrinkleError when an inner landmark that is needed is missing.
    """
    face = _Landmarks(mean, landmarks)
    p = (np.asarray(mean, np.float64) - face.origin) / face.scale
    excluded = _excluded(p, face, _concealed(p, triangles, face) | ~_main_surface(triangles, len(p), landmarks))
    raw = {**_middle(p, face), **_sides(p, face)}
    total = np.maximum(1.0, np.sum(list(raw.values()), axis=0))
    free = np.prod([1 - excluded[name] for name in EXCLUDED], axis=0)
    out = {name: (raw[name] / total * free).astype(np.float32) for name in REGIONS}
    return out | {name: value.astype(np.float32) for name, value in excluded.items()}


def region_masks(model: FaceModel, size: int) -> dict[str, Float]:
    """(size, size) float32 in 0..1 of each of ``model.regions`` in UV, rows as in a texture, 0 off the islands."""
    return {name: region_mask(model, name, size) for name in model.regions}


def region_mask(model: FaceModel, name: str, size: int) -> Float:
    """(size, size) float32: one of ``model.regions``, see :func:`region_masks`."""
    return _draw(model, model.regions[name], size)


def left_share(model: FaceModel, size: int) -> Float:
    """(size, size) float32: 1 on the subject's left side, 0 on the right, a soft step of 2 x MIDDLE_MM between."""
    x = model.mean[:, 0] - model.mean[model.landmarks[30], 0]
    return _draw(model, _step(x.astype(np.float64), MIDDLE_MM).astype(np.float32), size)


def fold_mask(model: FaceModel, size: int) -> Float:
    """(size, size) float32: where ligaments hold a crease from below, so that any pull of the skin deepens it."""
    return _draw(model, model.regions["nasolabial_L"] + model.regions["nasolabial_R"], size)


def skin_mask(model: FaceModel, size: int) -> Float:
    """(size, size) float32: 1 on bare skin of the face, 0 on brows, eyes, lips, nostrils and outside."""
    free = np.ones(len(model.mean), np.float32)
    for name in EXCLUDED:
        free *= 1 - model.regions[name]
    return _draw(model, free, size)


def _draw(model: FaceModel, weight: Float, size: int) -> Float:
    """Draw (V,) weights into a (size, size) map."""
    values = np.ascontiguousarray(weight[:, None], np.float32)
    drawn = wrinkle_native.interpolate_uv(values, model.uv, model.triangles, size)
    return np.asarray(drawn[:, :, 0], np.float32)


class _Landmarks:
    """The 68 points in a frame with its origin between the outer eye corners, scaled to an average face."""

    def __init__(self, mean: Float, landmarks: Int) -> None:
        self.known = np.asarray(landmarks) >= 0
        missing = [i for i in (*range(17, 60), 62, 66) if not self.known[i]]
        if missing:
            raise WrinkleError(
                f"The model lacks landmark {missing[0] + 1} of the iBUG-68 points.",
                "Give a mapping with the inner points.",
            )
        points = np.asarray(mean, np.float64)[np.maximum(landmarks, 0)]
        self.origin = (points[36] + points[45]) / 2
        self.scale = float(np.linalg.norm(points[45] - points[36])) / OUTER_EYES_MM
        self.points = (points - self.origin) / self.scale
        lips = self.points[[57, 51], 1]
        chin = self.points[8, 1] if self.known[8] else lips[0] - 1.75 * (lips[1] - lips[0])
        self.chin = float(chin)

    def __getitem__(self, index: int) -> Array:
        """One point, numbered from 0 in iBUG order."""
        return np.asarray(self.points[index])

    def line(self, *index: int) -> Array:
        return np.asarray(self.points[list(index)])


def _step(value: Array, soft: float) -> Array:
    """0 below -soft, 1 above +soft, smooth between (mm)."""
    t = np.clip(value / (2 * soft) + 0.5, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _to_line(p: Array, line: Array) -> Array:
    """Distance of (V, k) points to a polyline (n, k)."""
    best = np.full(len(p), np.inf)
    for a, b in itertools.pairwise(line):
        t = np.clip(((p - a) @ (b - a)) / max(float((b - a) @ (b - a)), 1e-9), 0, 1)
        best = np.minimum(best, np.linalg.norm(p - a - t[:, None] * (b - a), axis=1))
    return best


def _inside(p: Array, polygon: Array) -> Array:
    """Signed distance of (V, 2) points to a closed polygon (n, 2), positive inside."""
    x, y = p[:, 0], p[:, 1]
    crossings = np.zeros(len(p), bool)
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        rises = (ay > y) != (by > y)
        if ay != by:
            crossings ^= rises & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    distance = _to_line(p, np.vstack([polygon, polygon[:1]]))
    return np.where(crossings, distance, -distance)


def _brow_height(face: _Landmarks, x: Array) -> Array:
    """Height of the brow landmarks' line over ``x``."""
    brow = face.points[17:27]
    return np.interp(x, brow[:, 0], brow[:, 1])


def _excluded(p: Array, face: _Landmarks, concealed: npt.NDArray[np.bool_]) -> dict[str, Array]:
    flat = p[:, :2]
    front = _step(p[:, 2] - (min(face[36][2], face[45][2]) - 28), 4)
    brows = np.zeros(len(p))
    for line in (face.points[17:22, :2], face.points[22:27, :2]):
        # the landmarks follow the upper half of the hair: 4 mm above them to 6 mm below
        brows = np.maximum(brows, _step(5.2 - _to_line(flat, line - [0, 1.2]), 1.5))
    eyes = np.zeros(len(p))
    for first in (36, 42):
        eyes = np.maximum(eyes, _step(_inside(flat, face.points[first : first + 6, :2]) + 3.0, 1.5))
    lips = _step(_inside(flat, face.points[48:60, :2]) + 1.2, 1.2)
    nostrils = np.zeros(len(p))
    for outer, inner in ((31, 32), (35, 34)):
        middle = (face[outer] + face[inner]) / 2 + [0, 1.5, 0]
        away = (p - middle) / [5.0, 4.0, 10.0]
        nostrils = np.maximum(nostrils, _step(1 - np.linalg.norm(away, axis=1), 0.25))
    nasal_plane = (face[21] + face[22]) / 2
    top = _step(nasal_plane[1] + HAIRLINE_MM - p[:, 1], 4)
    bottom = _step(p[:, 1] - (face.chin - 4), 3)
    back = _step(p[:, 2] - (min(face[36][2], face[45][2]) - 48), 4)
    outside = 1 - top * bottom * back * ~concealed
    frontal = {"brows": brows * front, "eyes": eyes * front, "lips": lips * front}
    return frontal | {"nostrils": nostrils, "outside": outside}


def _middle(p: Array, face: _Landmarks) -> dict[str, Array]:
    x, y = p[:, 0], p[:, 1]
    above_brow = y - _brow_height(face, x)
    inner = abs(face[22][0] - face[21][0]) / 2
    centre = (face[21][0] + face[22][0]) / 2
    reach = abs(face[26][0] - face[17][0]) / 2
    # the muscle of the forehead ends at the ridge of the temple, a finger's breadth beyond the brow's tail
    forehead = _step(above_brow - 4, 2) * _step(reach + 12 - np.abs(x - centre), 5)
    between = _step(inner + 3 - np.abs(x - centre), 3)
    glabella = between * _step(face[21][1] + 18 - y, 4) * _step(y - face[27][1] + 1, 3)
    down = np.clip((face[27][1] - y) / (face[27][1] - face[33][1]), 0, 1)
    wing = abs(face[35][0] - face[31][0]) / 2 + 5
    half = 8 + (wing - 8) * down
    nose = _step(half - np.abs(x - face[30][0]), 2.5) * _step(face[27][1] + 2 - y, 3) * _step(y - face[33][1] + 1, 1.5)
    corner = abs(face[54][0] - face[48][0]) / 2
    mouth_x = (face[54][0] + face[48][0]) / 2
    low = face[57][1] - 7
    mouth = _step(corner + 5 - np.abs(x - mouth_x), 4) * _step(face[33][1] + 1 - y, 1.5) * _step(y - low, 2.5)
    chin = _step(corner + 2 - np.abs(x - mouth_x), 5) * _step(low - y, 2.5) * _step(y - face.chin + 6, 4)
    forehead = forehead * (1 - glabella)
    return {"forehead": forehead, "glabella": glabella, "nose": nose, "mouth": mouth * (1 - nose), "chin": chin}


def _sides(p: Array, face: _Landmarks) -> dict[str, Array]:
    out: dict[str, Array] = {}
    for side, sign, outer, inner, lids, upper, wing, corner in (
        ("R", -1, 36, 39, (36, 41, 40, 39), (36, 37, 38, 39), 31, 48),
        ("L", 1, 45, 42, (45, 46, 47, 42), (42, 43, 44, 45), 35, 54),
    ):
        x, y = sign * p[:, 0], p[:, 1]
        here = _step(x - sign * face[30][0], 2)
        away = p - face[outer]
        distance = np.linalg.norm(away, axis=1)
        lateral = sign * away[:, 0] - 0.35 * np.abs(away[:, 1])
        crow = _step(lateral - 2, 2.5) * _step(30 - distance, 5) * _step(18 - np.abs(away[:, 1]), 4)
        lid = face.line(*lids)
        order = np.argsort(lid[:, 0])
        below = np.interp(p[:, 0], lid[order, 0], lid[order, 1]) - y
        width = _step(x - sign * face[inner][0] + 3, 2.5) * _step(sign * face[outer][0] + 4 - x, 3)
        over = y - np.interp(p[:, 0], *face.line(*upper)[:, :2].T)
        upper_lid = width * _step(over - 1.5, 1.5) * _step(_brow_height(face, p[:, 0]) + 2 - y, 3) * (1 - crow)
        # as far in as the side of the nose, where a sneer folds the skin
        inward = _step(x - sign * face[inner][0] + 12, 2.5) * _step(sign * face[outer][0] + 4 - x, 3)
        under = inward * _step(below - 3 + 4 * (1 - width), 1.5) * _step(17 - below, 4) * (1 - crow)
        nasolabial = _step(9.5 - _to_line(p[:, :2] * [sign, 1], _fold(face, sign, wing, corner)), 3.5) * here
        cheek_top = face[outer][1] - 14
        cheek = _step(cheek_top - y, 5) * _step(x - sign * face[wing][0] - 8, 4) * _step(y - face.chin + 2, 6)
        out[f"crows_feet_{side}"] = crow * here
        out[f"upper_lid_{side}"] = upper_lid * here
        out[f"under_eye_{side}"] = under * here
        out[f"nasolabial_{side}"] = nasolabial
        out[f"cheek_{side}"] = cheek * (1 - crow) * (1 - nasolabial)
    middle = _middle(p, face)
    for name in out:
        rank = 1 - np.maximum(middle["nose"], middle["chin"])
        if name.startswith("cheek"):
            rank = rank * (1 - middle["mouth"])
        out[name] = out[name] * rank
    return out


def _fold(face: _Landmarks, sign: int, wing: int, corner: int) -> Array:
    """The nasolabial fold and its going on below the mouth's corner, (4, 2), x mirrored to the positive side."""
    w, c = face[wing][:2] * [sign, 1], face[corner][:2] * [sign, 1]
    offsets = np.array([[5.5, 8.0], [10.5, 3.0], [10.0, -1.0], [6.0, -15.0]])
    return np.asarray(np.array([w, w * 0.55 + c * 0.45, c, c]) + offsets)


def _concealed(p: Array, triangles: Int, face: _Landmarks, cell: float = 1.5) -> npt.NDArray[np.bool_]:
    """(V,) True for eyeballs, teeth, insides of mouth and lids: near eyes or mouth, and well behind what one sees."""
    centres = np.array([face.points[a:b].mean(axis=0) for a, b in ((36, 42), (42, 48), (48, 60))])
    reach = np.array([26.0, 26.0, 46.0])
    near = (np.linalg.norm(p[:, None, :2] - centres[None, :, :2], axis=2) < reach).any(axis=1)
    near &= p[:, 2] > centres[:, 2].min() - 60
    corners = p[triangles[near[triangles].all(axis=1)]]
    t = np.linspace(0, 1, 6)
    share = np.array([(1 - a - b, a, b) for a in t for b in t if a + b <= 1 + 1e-9])
    samples = np.einsum("sk,tkc->tsc", share, corners).reshape(-1, 3)
    low = p[near, :2].min(axis=0) - cell
    shape = np.ceil((p[near, :2].max(axis=0) - low) / cell).astype(int) + 2
    depth = np.full(shape, -np.inf)
    if len(samples):
        i, j = ((samples[:, :2] - low) / cell).astype(int).T
        np.maximum.at(depth, (i, j), samples[:, 2])
    i, j = ((p[near, :2] - low) / cell).astype(int).T
    hidden = np.zeros(len(p), bool)
    behind = depth[i, j] - p[near, 2]
    by_mouth = p[near, 1] < face[33][1] - 8  # the lips overhang the skin below them by up to 6 mm
    by_nose = np.abs(p[near, 1] - face[33][1] - 8) < 20  # and the nose's tip its underside and sides, by more
    hidden[near] = behind > np.select([by_mouth, by_nose], [7.0, 16.0], 4.0)
    return hidden


def _main_surface(triangles: Int, count: int, landmarks: Int) -> npt.NDArray[np.bool_]:
    """(V,) the connected surface that carries the landmarks; all vertices when no single surface does."""
    label = np.arange(count)
    while True:
        lowest = label[triangles].min(axis=1)
        new = label.copy()
        for k in range(3):
            np.minimum.at(new, label[triangles[:, k]], lowest)
        new = new[new]
        if np.array_equal(new, label):
            break
        label = new
    known = landmarks[17:60]
    mine = np.unique(label[known[known >= 0]])
    return np.asarray(label == mine[0]) if len(mine) == 1 else np.ones(count, bool)
