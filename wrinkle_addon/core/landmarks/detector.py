# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding faces of any size and of any quarter turn with the short-range detector.

The network (BlazeFace, Bazarevsky et al. 2019) was made for 128 x 128 pictures in which a face is at least a fifth of
the width. It is fully convolutional, so that a larger picture is scanned in one pass with anchors on a larger grid; a
pyramid of pictures, from coarse to fine, covers all sizes. Most photos are done after the first level.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from ..progress import Progress, report, silent
from ..types import Byte, Float
from .networks import DETECTOR_FILE, run_network

_INPUT = 128
_TILE = 1024
_OVERLAP = 128
_SCORE = 0.5  # MediaPipe's own threshold
_OVERLAP_SAME_FACE = 0.3
_SMALLEST_FACE = 60.0
_SMALLEST_SHARE = 64  # nor are faces sought below this part of the photo's side
_SMALLEST_SEEN = 26.0  # pixels of the network's input
_GRIDS = ((8, 2), (16, 6))  # stride and anchors per cell: 896 anchors for 128 x 128


@dataclass(frozen=True, eq=False)
class Detection:
    """One face. centre: (2,) and size (the box's side) in photo pixels. keypoints: (6, 2) float32 photo pixels: right
    eye, left eye, nose tip, mouth, right and left ear, as the subject has them. score: 0..1."""

    centre: Float
    size: float
    keypoints: Float
    score: float


def find_faces(pixels: Byte, progress: Progress = silent) -> Iterator[list[Detection]]:
    """Yield lists of faces, each from the largest to the smallest, until the caller is content.

    pixels: (H, W, 3) uint8 RGB. The coarse levels come first, upright and, when nothing certain is found, on their side
    and upside down; then the finer ones. A list is yielded for every level and turn at which something was found.
    """
    levels = _levels(max(pixels.shape[:2]))
    coarse, fine = [level for level in levels if level <= 512], [level for level in levels if level > 512]
    steps = [(level, turn) for stage in (coarse, fine) for turn in (0, 2, 1, 3) for level in stage]
    total = float(sum(level * level for level, _ in steps))
    done = 0.0
    for level, turn in steps:
        report(progress, done / total, "Looking for a face")
        done += level * level
        picture = _shrink(pixels, level)
        scale = max(pixels.shape[:2]) / max(picture.shape[:2])
        turned = np.rot90(picture, turn)
        faces = [_turn_back(face, turn, picture.shape[1], picture.shape[0]) for face in _scan(turned)]
        if faces:
            enlarged = [_enlarge(face, scale) for face in faces]
            yield sorted(enlarged, key=lambda face: -face.size)


def score_of(crop: Byte) -> float:
    """The best score in a square crop that a face should fill, 0..1. crop: (S, S, 3) uint8 RGB."""
    faces = _detect(np.asarray(cv2.resize(crop, (_INPUT, _INPUT), interpolation=cv2.INTER_AREA), np.uint8))
    return max((face.score for face in faces), default=0.0)


def _levels(side: int) -> list[int]:
    """Long sides of the pyramid's pictures, from coarse to fine. The second level pads the picture to twice its size,
    for faces that fill the frame."""
    smallest = max(_SMALLEST_FACE, side / _SMALLEST_SHARE)
    finest = max(_INPUT, min(side, side * _SMALLEST_SEEN / smallest))
    levels = [_INPUT, _INPUT // 2]
    while levels[-1] < finest:
        levels.append(min(2 * max(levels), int(np.ceil(finest))))
    return levels


def _shrink(pixels: Byte, side: int) -> Byte:
    """Scale so that the long side has about ``side`` pixels: by a whole number first, which is fast, then linear."""
    factor = max(pixels.shape[:2]) // side
    if factor > 1:
        rows, columns = (max(1, length // factor) for length in pixels.shape[:2])
        window = pixels[: rows * factor, : columns * factor]
        pixels = np.asarray(cv2.resize(window, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    scale = side / max(pixels.shape[:2])
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return pixels if scale == 1 else np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _scan(picture: Byte) -> list[Detection]:
    """Faces in a picture of any size at this very scale; large pictures in overlapping tiles. Picture pixels."""
    height, width = picture.shape[:2]
    found: list[Detection] = []
    step = _TILE - _OVERLAP
    for top in range(0, max(1, height - _OVERLAP), step):
        for left in range(0, max(1, width - _OVERLAP), step):
            tile = picture[top : top + _TILE, left : left + _TILE]
            shift = np.array([left, top], np.float32)
            found += [
                Detection(face.centre + shift, face.size, face.keypoints + shift, face.score) for face in _detect(tile)
            ]
    return _merge(found)


def _detect(picture: Byte) -> list[Detection]:
    """Run the network once. The picture is padded to the next multiple of 32 pixels, at least 128."""
    height, width = picture.shape[:2]
    rows, columns = (max(_INPUT, -(-side // 32) * 32) for side in (height, width))
    top, left = (rows - height) // 2, (columns - width) // 2
    padded = np.zeros((rows, columns, 3), np.uint8)
    padded[top : top + height, left : left + width] = picture
    blob = np.asarray(cv2.dnn.blobFromImage(padded, 1 / 127.5, mean=(127.5, 127.5, 127.5)), np.float32)
    outputs = run_network(DETECTOR_FILE, blob)
    logits = np.clip(outputs["classificators"].reshape(-1), -80, 80)
    kept = np.flatnonzero(logits > np.log(_SCORE / (1 - _SCORE)))
    values = outputs["regressors"].reshape(-1, 16)[kept]
    # Pixel edges count from 0 in the network's frame; pixel centres lie at integers in ours.
    anchors = _anchors(rows, columns)[kept] - np.array([left, top], np.float32) - 0.5
    scores = 1 / (1 + np.exp(-logits[kept]))
    return [
        Detection(anchor + value[:2], float(value[2:4].max()), anchor + value[4:].reshape(6, 2), float(score))
        for anchor, value, score in zip(anchors, values, scores, strict=True)
    ]


@cache
def _anchors(rows: int, columns: int) -> Float:
    """Anchor centres, (A, 2) float32 x, y, in the order of the network's outputs."""
    grids = []
    for stride, count in _GRIDS:
        y, x = np.mgrid[0 : rows // stride, 0 : columns // stride].astype(np.float32)
        grids.append(np.repeat(np.stack([x, y], -1).reshape(-1, 2) * stride + stride / 2, count, axis=0))
    anchors: Float = np.concatenate(grids).astype(np.float32)
    return anchors


def _merge(faces: list[Detection]) -> list[Detection]:
    """Weighted non-maximum suppression: overlapping detections become their mean, weighted by score."""
    rest = sorted(faces, key=lambda face: -face.score)
    merged: list[Detection] = []
    while rest:
        best = rest[0]
        same = [face for face in rest if face is best or _overlap(best, face) > _OVERLAP_SAME_FACE]
        rest = [face for face in rest if all(face is not other for other in same)]
        weights = np.array([face.score for face in same], np.float32)
        weights /= weights.sum()
        merged.append(
            Detection(
                np.einsum("i,ij->j", weights, np.array([face.centre for face in same])),
                float(weights @ np.array([face.size for face in same], np.float32)),
                np.einsum("i,ijk->jk", weights, np.array([face.keypoints for face in same])),
                best.score,
            )
        )
    return merged


def _overlap(a: Detection, b: Detection) -> float:
    """Intersection over the smaller box, so that a part of a face counts as that face."""
    sides = (a.size + b.size) / 2 - np.abs(a.centre - b.centre)
    sides = np.clip(sides, 0, min(a.size, b.size))
    return float(sides[0] * sides[1] / max(min(a.size, b.size) ** 2, 1e-6))


def _turn_back(face: Detection, turn: int, width: int, height: int) -> Detection:
    """Undo ``np.rot90(picture, turn)``. width, height: of the picture before it was turned."""
    points = np.vstack([face.centre[None], face.keypoints])
    x, y = points[:, 0], points[:, 1]
    if turn == 1:
        points = np.stack([width - 1 - y, x], 1)
    elif turn == 2:
        points = np.stack([width - 1 - x, height - 1 - y], 1)
    elif turn == 3:
        points = np.stack([y, height - 1 - x], 1)
    return Detection(points[0], face.size, points[1:], face.score)


def _enlarge(face: Detection, scale: float) -> Detection:
    """From the pixels of a shrunk picture to those of the photo."""
    return Detection(
        (face.centre + 0.5) * scale - 0.5, face.size * scale, (face.keypoints + 0.5) * scale - 0.5, face.score
    )
