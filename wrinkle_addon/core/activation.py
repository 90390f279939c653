# SPDX-License-Identifier: GPL-3.0-or-later
"""How weights of expressions become wrinkles: the formula that Blender's node group and every exported shader follow.

Per texel, with the layers of a face (one wrinkle map each, woken by its own expressions)::

    woken      = sum over the layer's expressions of response(weight) x motion map
    activation = region response(rest + (1 - rest) x saturate(woken))
    slope      = sum over layers of (normal.xy / normal.z) x activation, permanent lines always in full
    normal     = normalised (slope x strength, 1), in tangent space

Scaling the slope is exact: it is the normal of the scaled displacement. One expression alone at full weight is as deep
as in the photo; several on the same skin add up, and are held smoothly at 1.2 times that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .types import Float, Layer, MotionMaps

MOST = 1.2
"""The activation that no sum of expressions exceeds."""
SOFT = 0.2
"""How far below and above MOST the sum bends towards it; up to 1 it is unchanged."""


@dataclass(frozen=True)
class Response:
    """How an expression, or a region, answers: nothing below ``onset``, then a curve of ``power`` to ``strength``."""

    strength: float = 1.0
    onset: float = 0.0
    power: float = 1.0

    def __call__(self, weight: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The answer to weights of any shape; the onset is less than 1."""
        above = np.maximum((np.asarray(weight, np.float64) - self.onset) / (1 - self.onset), 0)
        return np.asarray(self.strength * above**self.power)


def saturate(woken: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The smooth minimum of ``woken`` and MOST (the polynomial one of Blender's Math node)."""
    values = np.asarray(woken, np.float64)
    bend = np.maximum(SOFT - np.abs(values - MOST), 0) / SOFT
    return np.asarray(np.minimum(values, MOST) - bend**3 * SOFT / 6)


def layer_activation(
    motion: MotionMaps,
    weights: Mapping[str, float],
    size: int,
    *,
    direct: float = 0.0,
    rest: float = 0.0,
    region: Response = Response(),
) -> Float:
    """(size, size) float32: how awake a layer is.

    motion: the maps of the layer's own expressions; weights: responses already applied, absent ones are 0; direct: what
    wakes the whole layer (the photo's own expression); rest: the share that shows at rest.
    """
    woken = np.full(motion.maps.shape[1:], direct, np.float32)
    for name, pixels in zip(motion.names, motion.maps, strict=True):
        if weights.get(name):
            woken += np.float32(weights[name]) * (pixels / np.float32(255))
    if woken.shape[0] != size:
        # Shaders interpolate the maps, not what is made of them.
        woken = np.asarray(cv2.resize(woken, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(region(rest + (1 - rest) * saturate(woken)), np.float32)


def composed_normals(
    layers: Sequence[Layer], activations: Sequence[Float], permanent: Layer | None = None, strength: float = 1.0
) -> Float:
    """(S, S, 3) float32 unit normals in tangent space of layers with their activations (S, S)."""
    size = layers[0].normal.shape[0]
    slope = np.zeros((size, size, 2), np.float32)
    for layer, activation in zip(layers, activations, strict=True):
        slope += slopes(layer.normal) * activation[..., None]
    if permanent is not None:
        slope += slopes(permanent.normal)
    normal = np.dstack([slope * np.float32(strength), np.ones((size, size), np.float32)])
    return np.asarray(normal / np.linalg.norm(normal, axis=2, keepdims=True), np.float32)


def slopes(normal: npt.NDArray[np.uint16]) -> Float:
    """(S, S, 2) float32 n.xy / n.z of a stored normal map (S, S, 3) uint16."""
    decoded = normal.astype(np.float32) / np.float32(32767.5) - 1
    return np.asarray(decoded[..., :2] / np.maximum(decoded[..., 2:], 0.01), np.float32)
