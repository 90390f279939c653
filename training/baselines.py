# SPDX-License-Identifier: GPL-3.0-or-later
"""Regressors to compare with, in NumPy: ridge, A+ (anchored neighbourhoods) and an MLP between PCA spaces.

All see patches of 32 x 32 samples of 0.5 mm, described by principal components of log luminance and chroma, the patch's
contrast and the light, and answer principal components of displacement. Any of them trains in a minute without PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .geometry import Float
from .patches import Batch, Scale

PATCH = Scale("whole", 0.5, 5.0, 32)


@dataclass(frozen=True, eq=False)
class Space:
    """Principal components: mean (D,), basis (K, D) with orthonormal rows, spread (K,) standard deviations."""

    mean: Float
    basis: Float
    spread: Float

    def down(self, flat: Float) -> Float:
        """(P, D) to (P, K)."""
        return np.asarray((flat - self.mean) @ self.basis.T, np.float32)

    def up(self, codes: Float) -> Float:
        """(P, K) to (P, D)."""
        return np.asarray(codes @ self.basis + self.mean, np.float32)


def principal(flat: Float, count: int) -> Space:
    """The first ``count`` principal components of (P, D) rows."""
    mean = flat.mean(0)
    centred = flat - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(flat))
    order = np.argsort(values)[::-1][:count]
    return Space(mean, np.ascontiguousarray(vectors[:, order].T, np.float32), np.sqrt(np.maximum(values[order], 1e-12)))


@dataclass(frozen=True, eq=False)
class Codec:
    """Patches to features and displacement codes to patches."""

    luminance: Space
    chroma: Space
    height: Space

    def features(self, x: Float) -> Float:
        """(P, 8, N, N) inputs to (P, F): components in units of their spread, contrast, light, ambient share."""
        light = x[:, 0].reshape(len(x), -1)
        colour = x[:, 1:3].reshape(len(x), -1)
        contrast = np.log(light.std(1, keepdims=True) + 1e-3) + 3
        parts = (
            self.luminance.down(light) / self.luminance.spread.mean(),
            self.chroma.down(colour) / self.chroma.spread.mean(),
            contrast,
            x[:, 4:, 0, 0],
        )
        return np.concatenate(parts, 1).astype(np.float32)

    def codes(self, y: Float) -> Float:
        """(P, 1, N, N) mm to (P, K) in units of the mean spread."""
        return np.asarray(self.height.down(y.reshape(len(y), -1)) / self.height.spread.mean(), np.float32)

    def patches(self, codes: Float) -> Float:
        """(P, K) to (P, N, N) mm."""
        side = round(self.height.mean.size**0.5)
        return self.height.up(codes * self.height.spread.mean()).reshape(-1, side, side)


def codec_of(batch: Batch, luminance: int = 64, chroma: int = 12, height: int = 48) -> Codec:
    """Principal components of training patches."""
    n = len(batch.x)
    return Codec(
        principal(batch.x[:, 0].reshape(n, -1), luminance),
        principal(batch.x[:, 1:3].reshape(n, -1), chroma),
        principal((batch.y * batch.weight).reshape(n, -1), height),
    )


def _solve(features: Float, codes: Float, weight: float) -> Float:
    wide = np.concatenate((features, np.ones_like(features[:, :1])), 1)
    gram = wide.T @ wide + weight * len(wide) * np.eye(wide.shape[1], dtype=np.float32)
    return np.asarray(np.linalg.solve(gram, wide.T @ codes), np.float32)


@dataclass(frozen=True, eq=False)
class Ridge:
    """Linear least squares with a ridge."""

    codec: Codec
    matrix: Float

    def __call__(self, x: Float) -> Float:
        features = self.codec.features(x)
        return self.codec.patches(features @ self.matrix[:-1] + self.matrix[-1])


def train_ridge(codec: Codec, batch: Batch, weight: float = 1e-3) -> Ridge:
    return Ridge(codec, _solve(codec.features(batch.x), codec.codes(batch.y), weight))


@dataclass(frozen=True, eq=False)
class Anchored:
    """A+: the nearest anchor by angle chooses the linear map. anchors: (A, F) unit rows; matrices: (A, F + 1, K)."""

    codec: Codec
    anchors: Float
    matrices: Float

    def __call__(self, x: Float) -> Float:
        features = self.codec.features(x)
        nearest = np.argmax(features @ self.anchors.T, 1)
        chosen = self.matrices[nearest]
        return self.codec.patches(np.einsum("pf,pfk->pk", features, chosen[:, :-1]) + chosen[:, -1])


def train_anchored(codec: Codec, batch: Batch, anchors: int = 256, near: int = 2048, seed: int = 0) -> Anchored:
    """Spherical k-means anchors; each map is a ridge on its ``near`` closest patches (by angle)."""
    rng = np.random.default_rng((seed, 5))
    features, codes = codec.features(batch.x), codec.codes(batch.y)
    unit = features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-6)
    centres = unit[rng.choice(len(unit), anchors, replace=False)]
    for _ in range(8):
        nearest = np.argmax(unit @ centres.T, 1)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, unit)
        norm = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(norm > 0, sums / np.maximum(norm, 1e-6), centres)
    closeness = centres @ unit.T
    near = min(near, len(unit))
    rows = [np.argpartition(-line, near - 1)[:near] for line in closeness]
    matrices = np.stack([_solve(features[r], codes[r], 0.02) for r in rows])
    return Anchored(codec, centres.astype(np.float32), matrices)


@dataclass(frozen=True, eq=False)
class Mlp:
    """Two hidden layers between the PCA spaces. layers: (weights (I, O), bias (O,)) each."""

    codec: Codec
    layers: tuple[tuple[Float, Float], ...]

    def __call__(self, x: Float) -> Float:
        return self.codec.patches(_forward(self.layers, self.codec.features(x))[-1])


def _forward(layers: tuple[tuple[Float, Float], ...], value: Float) -> list[Float]:
    states = [value]
    for k, (weights, bias) in enumerate(layers):
        value = value @ weights + bias
        if k < len(layers) - 1:
            value = np.maximum(value, 0)
        states.append(value)
    return states


def train_mlp(
    codec: Codec, batch: Batch, hidden: int = 256, rounds: int = 20, seed: int = 0, rate: float = 1.5e-3
) -> Mlp:
    """Adam on the squared error of the codes; the rate falls as a cosine over ``rounds`` passes."""
    rng = np.random.default_rng((seed, 6))
    features, codes = codec.features(batch.x), codec.codes(batch.y)
    sizes = (features.shape[1], hidden, hidden, codes.shape[1])
    flat: list[Float] = []
    for a, b in pairwise(sizes):
        flat += [(rng.standard_normal((a, b)) * np.sqrt(2 / a)).astype(np.float32), np.zeros(b, np.float32)]
    first, second = [np.zeros_like(p) for p in flat], [np.zeros_like(p) for p in flat]
    size = int(np.clip(len(features) // 24, 32, 256))
    total, step = rounds * (len(features) // size), 0
    for _ in range(rounds):
        order = rng.permutation(len(features))
        for at in range(0, len(order) - size + 1, size):
            rows = order[at : at + size]
            step += 1
            gradients = _gradients(flat, features[rows], codes[rows])
            speed = rate * 0.5 * (1 + np.cos(np.pi * step / (total + 1)))
            for p, g, m, v in zip(flat, gradients, first, second, strict=True):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                p -= speed * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    return Mlp(codec, tuple(zip(flat[::2], flat[1::2], strict=True)))


def _gradients(flat: list[Float], features: Float, codes: Float) -> list[Float]:
    """Gradients of the mean squared error, in the order of ``flat`` (weights, bias, weights, ...)."""
    layers = tuple(zip(flat[::2], flat[1::2], strict=True))
    states = _forward(layers, features)
    back = (states[-1] - codes) * np.float32(2 / len(codes))
    found: list[Float] = []
    for k in range(len(layers) - 1, -1, -1):
        found[:0] = [states[k].T @ back, back.sum(0)]
        if k:
            back = (back @ layers[k][0].T) * (states[k] > 0)
    return found
