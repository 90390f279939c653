# SPDX-License-Identifier: GPL-3.0-or-later
"""ARKit blendshapes for any model, carried over from the built-in face."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..progress import Progress, report, silent
from ..types import Blendshapes, Float, Int
from . import arkit, builtin
from .correspond import Correspondence, carried

_FADE_START, _FADE_END = 6.0, 20.0  # mm off the built-in face, where motion fades out (ears, neck, back of the head)
_SMOOTHING = 2


def transfer(
    match: Correspondence, triangles: Int, own: Blendshapes | None = None, progress: Progress = silent
) -> Blendshapes:
    """The 52 ARKit blendshapes, (52, V, 3) mm. Shapes that the model has under these names in ``own`` are kept."""
    source = builtin.load_builtin().arkit
    count = len(match.triangle)
    deltas = np.zeros((len(arkit.NAMES), count, 3), np.float32)
    fade = np.clip((_FADE_END * match.scale - match.distance) / ((_FADE_END - _FADE_START) * match.scale), 0.0, 1.0)
    smooth = _Smoother(triangles, count)
    turn = match.scale * match.rotation.T
    for index, name in enumerate(arkit.NAMES):
        report(progress, index / len(arkit.NAMES), f"Carrying over {name}")
        if own is not None and name in own.names:
            deltas[index] = own.deltas[own.names.index(name)]
            continue
        delta = source.deltas[source.names.index(name)]
        if not delta.any():
            continue
        moved = carried(match, delta @ turn) * fade[:, None]
        deltas[index] = smooth(moved)
    return Blendshapes(arkit.NAMES, deltas)


class _Smoother:
    """Averages a field over neighbours a few times; still vertices beside moving ones gain little."""

    def __init__(self, triangles: Int, count: int) -> None:
        pairs = np.concatenate((triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]))
        self._a, self._b = pairs[:, 0], pairs[:, 1]
        self._count = count
        self._degree = np.bincount(self._a, minlength=count) + np.bincount(self._b, minlength=count)

    def __call__(self, field: npt.NDArray[np.floating[Any]]) -> Float:
        out = field.astype(np.float64)
        keep = np.where(self._degree > 0, 0.5, 1.0)[:, None]
        for _ in range(_SMOOTHING):
            moves = out.any(axis=1)
            touched = moves[self._a] | moves[self._b]
            a, b = self._a[touched], self._b[touched]
            total = np.empty_like(out)
            for axis in range(3):
                column = out[:, axis]
                total[:, axis] = np.bincount(a, column[b], self._count) + np.bincount(b, column[a], self._count)
            out = keep * out + (1.0 - keep) * total / np.maximum(self._degree, 1)[:, None]
        return out.astype(np.float32)
