# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts rendered pictures together: side by side, contact sheet, wipe; as one file, as a movie or as numbered images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from . import files
from .errors import WrinkleError
from .types import Byte

RATE = 24
"""Frames per second of movies."""
_BAR = 24
_WHITE = (235, 235, 235)


def side_by_side(pictures: Sequence[Byte]) -> Byte:
    """Pictures (H, W, 3) uint8 of one size in a row."""
    return np.ascontiguousarray(np.concatenate(list(pictures), axis=1))


def contact_sheet(rows: Sequence[Sequence[Byte]], titles: Sequence[str], headings: Sequence[str]) -> Byte:
    """A table of pictures of one size: a title over each row, a heading over each column."""
    width = rows[0][0].shape[1]
    head = np.concatenate([_bar(heading, width) for heading in headings], axis=1)
    lines = [head]
    for row, title in zip(rows, titles, strict=True):
        lines += [_bar(title, width * len(row)), side_by_side(row)]
    return np.ascontiguousarray(np.concatenate(lines, axis=0))


def wipe(before: Byte, after: Byte, count: int) -> Iterator[Byte]:
    """``count`` pictures in which an edge runs from right to left and back, ``after`` on its right side."""
    width = before.shape[1]
    for frame in range(count):
        edge = round(width * (0.5 + 0.5 * np.cos(2 * np.pi * frame / count)))
        mixed = before.copy()
        mixed[:, edge:] = after[:, edge:]
        mixed[:, max(edge - 1, 0) : edge + 1] = 255
        yield mixed


def write_frames(path: Path, frames: Sequence[Byte]) -> Path:
    """Write a movie (.mp4), or without that ending a folder of numbered PNG files; returns ``path``.

    frames: (H, W, 3) uint8 RGB. The movie is whole or absent. Raises WrinkleError when it cannot be written.
    """
    if path.suffix != ".mp4":
        folder = files.output_folder(path)
        for number, frame in enumerate(frames, 1):
            files.write_png(folder / f"{number:04d}.png", frame)
        return path
    files.output_folder(path.parent)
    partial = path.with_name(f".{path.stem}.partial.mp4")
    height, width = frames[0].shape[:2]
    # MPEG-4 wants even edges.
    size = (width - width % 2, height - height % 2)
    movie = cv2.VideoWriter(str(partial), cv2.VideoWriter.fourcc(*"mp4v"), RATE, size)
    if not movie.isOpened():
        raise WrinkleError(f"The movie {path} cannot be written.", "Choose another folder, or an image sequence.")
    for frame in frames:
        movie.write(np.ascontiguousarray(frame[: size[1], : size[0], ::-1]))
    movie.release()
    partial.replace(path)
    return path


def _bar(text: str, width: int) -> Byte:
    bar = np.full((_BAR, width, 3), 30, np.uint8)
    cv2.putText(bar, text, (6, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.45, _WHITE, 1, cv2.LINE_AA)
    return bar
