# SPDX-License-Identifier: GPL-3.0-or-later
"""iBUG's .pts landmark files.

On disk coordinates count from 1 (the Matlab habit: "the coordinates of the top left pixel in an image are x=1, y=1",
the iBUG 300-W page says, and eos subtracts 1 likewise); in memory pixel centres lie at integers from 0.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..errors import WrinkleError
from ..files import write_atomic
from ..types import Float, Landmarks

_COUNT = 68
_MOST_BYTES = 1 << 20
_HINT = "Give an iBUG .pts file: 68 lines of x and y between { and }."


def read_pts(path: Path) -> Landmarks:
    """Read 68 points; (68, 2) float32 photo pixels, confidence 1.

    The header lines, blank lines, comments (``//``, ``#``), commas, any line ends and a byte order mark are all
    accepted. Raises WrinkleError naming the file when it is missing, no text, or does not hold 68 finite points.
    """
    numbers = [_numbers(line, path.name) for line in _body(_text(path))]
    points = [pair for pair in numbers if pair]
    if len(points) != _COUNT:
        raise WrinkleError(f"{path.name!r} holds {len(points)} points instead of {_COUNT}.", _HINT)
    array = np.array(points, np.float64)
    if not np.isfinite(array).all() or np.abs(array).max() > 1e6:
        raise WrinkleError(f"{path.name!r} holds a coordinate that is not a sensible number.", _HINT)
    return Landmarks((array - 1.0).astype(np.float32), np.ones(_COUNT, np.float32))


def write_pts(path: Path, points: Float) -> None:
    """Write (68, 2) photo pixels. Raises ValueError for another shape or values that are not finite."""
    if points.shape != (_COUNT, 2) or not np.isfinite(points).all():
        raise ValueError(f"expected 68 finite points, got an array of shape {points.shape}")
    lines = "".join(f"{x:.6f} {y:.6f}\n" for x, y in points.astype(np.float64) + 1.0)
    write_atomic(path, f"version: 1\nn_points: {_COUNT}\n{{\n{lines}}}\n".encode())


def _text(path: Path) -> str:
    if path.is_dir():
        raise WrinkleError(f"{str(path)!r} is a folder, not a landmark file.", _HINT)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise WrinkleError(f"{path.name!r} is too large for a landmark file.", _HINT)
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrinkleError(f"{path.name!r} is not a text file.", _HINT) from error
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise WrinkleError(f"The landmark file {str(path)!r} cannot be read ({reason}).", _HINT) from error


def _body(text: str) -> list[str]:
    """The lines between the braces when there are any, else all; without comments and header."""
    lines = [re.split(r"//|#", line)[0] for line in text.splitlines()]
    inner = re.search(r"\{(.*?)(\}|\Z)", "\n".join(lines), re.DOTALL)
    body = inner.group(1).splitlines() if inner else lines
    return [line for line in body if ":" not in line]


def _numbers(line: str, name: str) -> tuple[float, float] | None:
    fields = line.replace(",", " ").split()
    if not fields:
        return None
    try:
        if len(fields) != 2:
            raise ValueError
        return float(fields[0]), float(fields[1])
    except ValueError as error:
        raise WrinkleError(f"{name!r} holds the line {line.strip()[:40]!r}, which is not x and y.", _HINT) from error
