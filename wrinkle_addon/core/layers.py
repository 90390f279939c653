# SPDX-License-Identifier: GPL-3.0-or-later
"""Which photo's wrinkles belong to which expression.

Photos of one expression from several sides make one map; a photo of the face at rest gives its permanent lines; photos
of different expressions (brows raised, frown, smile ...) become layers, each woken by its own expressions. A shader
gets at most three: layers whose skin overlaps least are laid into one.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .activation import saturate
from .compose import attach, combine, reach
from .errors import WrinkleError
from .types import FaceModel, Fit, Float, Layer, MotionMaps, Surface, Texture, WrinkleMaps
from .wrinkles import normal_map

MOST_LAYERS = 3
AT_REST = 0.25
"""A photo none of whose weights exceeds this shows the face at rest."""
SAME = 0.85
"""Cosine of two photos' weights from which on they show the same expression."""
SHOWN = 0.15
"""The least weight by which a photo claims an expression."""
_FAINT = 1e-4
"""Depth in mm that moved skin counts as: it decides where no photo has a wrinkle."""
Awake = npt.NDArray[np.float64]
NEUTRAL = "neutral"
"""What a user says a photo of the face at rest shows."""


@dataclass(frozen=True)
class Group:
    """Photos that make one map, and the expressions that wake it."""

    photos: tuple[int, ...]
    expressions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grouping:
    """parts: of each layer, the groups that are laid into it; neutral: photos of the face at rest."""

    parts: tuple[tuple[Group, ...], ...]
    neutral: tuple[int, ...] = ()

    @property
    def single(self) -> bool:
        """Whether all photos make one map, as they do when they show one expression."""
        return len(self.parts) <= 1 and not (self.neutral and self.parts)


def expression_weights(fit: Fit, model: FaceModel, steps: int = 300) -> Float:
    """(E,) float32 in 0..1: the model's ARKit blendshapes that add up to the fitted expression.

    Least squares with bounds by coordinate descent; a little weight decay keeps shapes that cancel out small.
    """
    basis = model.arkit.deltas.reshape(len(model.arkit.names), -1).astype(np.float64)
    goal = (fit.vertices - fit.neutral).ravel().astype(np.float64)
    gram, right = basis @ basis.T, basis @ goal
    gram[np.diag_indices_from(gram)] += 0.01 * max(float(np.trace(gram)) / len(gram), 1e-9)
    weights = np.zeros(len(gram))
    for _ in range(steps):
        before = weights.copy()
        for k in range(len(weights)):
            weights[k] = np.clip(weights[k] + (right[k] - gram[k] @ weights) / gram[k, k], 0, 1)
        if np.abs(weights - before).max() < 1e-4:
            break
    return weights.astype(np.float32)


def group_photos(
    weights: Float,
    motion: MotionMaps,
    shows: Mapping[int, Sequence[str]] | None = None,
    relief: Float | None = None,
) -> Grouping:
    """Sort photos into permanent lines and up to three layers.

    weights: (P, E) in the order of ``motion.names``; shows: what the user says that photos show, by their place: names
    of expressions, or "neutral"; relief: (P, M, M) as the motion maps, how wrinkled each photo's skin is, see
    :func:`wrinkled`. Every expression belongs to exactly one group. Raises WrinkleError for unknown names.
    """
    shows = {photo: tuple(names) for photo, names in (shows or {}).items() if names}
    for name in itertools.chain.from_iterable(shows.values()):
        if name not in (*motion.names, NEUTRAL):
            raise WrinkleError(f"There is no expression {name!r}.", f"Give some of {', '.join(motion.names)}.")
    weights = weights.copy()
    for photo, names in shows.items():
        weights[photo] = [float(name in names) for name in motion.names]
    neutral = tuple(photo for photo, own in enumerate(weights) if own.max(initial=0) < AT_REST)
    groups = _alike(weights, [photo for photo in range(len(weights)) if photo not in neutral])
    mean = np.stack([weights[list(group)].max(axis=0) for group in groups]) if groups else weights[:0]
    awake = saturate(np.einsum("ge,eij->gij", mean, motion.maps / np.float32(255)))
    named = _owners(groups, mean, awake if relief is None else _lines(groups, neutral, relief, awake), motion)
    return Grouping(_merged(named, awake), neutral)


@dataclass(frozen=True, eq=False)
class _Measured:
    """What one photo yielded, and where it may take part."""

    maps: WrinkleMaps
    texture: Texture
    share: Float | None


@dataclass(frozen=True, eq=False)
class Layered:
    """See Reconstruction.layers and .permanent; empty when all photos make one map."""

    layers: tuple[Layer, ...] = ()
    permanent: Layer | None = None


def layered(
    grouping: Grouping,
    motion: MotionMaps,
    found: Sequence[WrinkleMaps],
    textures: Sequence[Texture],
    surface: Surface,
    coff: float,
    shares: Sequence[Float | None] | None = None,
) -> Layered:
    """The layers that a grouping asks for, with their normal maps. shares: see :func:`combine`."""
    if grouping.single:
        return Layered()
    photos = [
        _Measured(maps, texture, share)
        for maps, texture, share in zip(found, textures, shares or [None] * len(found), strict=True)
    ]
    rest = _combined([photos[i] for i in grouping.neutral]) if grouping.neutral else None
    layers = []
    for parts in grouping.parts:
        masks = [_wakes(group.expressions, motion, textures[0].size) for group in parts]
        height = _layer_displacement([[photos[i] for i in group.photos] for group in parts], masks, rest)
        names = tuple(name for group in parts for name in group.expressions)
        members = tuple(photo for group in parts for photo in group.photos)
        layers.append(Layer(height, normal_map(height, surface, coff), names, members))
    permanent = None if rest is None else Layer(rest, normal_map(rest, surface, coff), (), grouping.neutral)
    return Layered(tuple(layers), permanent)


def _wakes(names: Sequence[str], motion: MotionMaps, size: int) -> Float:
    """(size, size): where any of the named expressions wakes the skin, 0..1."""
    own = [motion.names.index(name) for name in names]
    most = motion.maps[own].max(axis=0) if own else np.zeros(motion.maps.shape[1:], np.uint8)
    resized = cv2.resize(most, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized / np.float32(255), np.float32)


def _layer_displacement(
    groups: Sequence[Sequence[_Measured]], masks: Sequence[Float], permanent: Float | None
) -> Float:
    """(S, S) float32 mm: the photos of one layer's groups as one map, without the permanent lines, which show anyway.

    masks: (S, S) per group, where its expressions wake the skin.
    """
    maps = []
    for group in groups:
        whole = _combined(group)
        if permanent is not None:
            whole = whole - permanent * reach([p.texture for p in group], [p.share for p in group])
        maps.append(np.asarray(whole, np.float32))
    return maps[0] if len(maps) == 1 else attach(maps, masks)


def _combined(photos: Sequence[_Measured]) -> Float:
    return combine(
        [photo.maps.displacement for photo in photos],
        [photo.texture for photo in photos],
        [photo.maps.confidence for photo in photos],
        [photo.share for photo in photos],
    )


def _alike(weights: Float, photos: Sequence[int]) -> list[tuple[int, ...]]:
    """Photos of the same expression, each group led by its first photo."""
    groups: list[list[int]] = []
    for photo in photos:
        own = weights[photo] / np.linalg.norm(weights[photo])
        for group in groups:
            if own @ weights[group[0]] / np.linalg.norm(weights[group[0]]) > SAME:
                group.append(photo)
                break
        else:
            groups.append([photo])
    return [tuple(group) for group in groups]


def wrinkled(maps: WrinkleMaps, size: int) -> Float:
    """(size, size) float32 mm: mean depth of the wrinkles around each texel of a smaller map."""
    return np.asarray(cv2.resize(np.abs(maps.displacement), (size, size), interpolation=cv2.INTER_AREA), np.float32)


def _lines(groups: Sequence[tuple[int, ...]], neutral: Sequence[int], relief: Float, awake: Awake) -> Awake:
    """(G, M, M): the wrinkles that each group has and the face at rest has not; its moved skin where it has none."""
    rest = relief[list(neutral)].max(axis=0) if neutral else np.zeros_like(relief[0])
    own = [np.maximum(relief[list(group)].max(axis=0) - rest, 0) for group in groups]
    return np.stack(own) + _FAINT * awake if own else awake


def _owners(groups: Sequence[tuple[int, ...]], weights: Float, awake: Awake, motion: MotionMaps) -> list[Group]:
    """Give each expression to the group that shows it most, else to the one on whose skin it wakes most.

    awake: (G, M, M), what there is to wake.
    """
    owned: list[list[str]] = [[] for _ in groups]
    for index, name in enumerate(motion.names):
        if not groups:
            break
        claims = weights[:, index]
        if claims.max() < SHOWN:
            claims = np.einsum("gij,ij->g", awake, motion.maps[index].astype(np.float32))
        owned[int(claims.argmax())].append(name)
    return [Group(photos, tuple(names)) for photos, names in zip(groups, owned, strict=True)]


def _merged(groups: Sequence[Group], awake: Awake) -> tuple[tuple[Group, ...], ...]:
    """At most three layers: those that share the least skin are laid together."""
    layers = [([group], skin) for group, skin in zip(groups, awake, strict=True)]
    while len(layers) > MOST_LAYERS:
        a, b = min(
            itertools.combinations(range(len(layers)), 2), key=lambda pair: _overlap(*(layers[i][1] for i in pair))
        )
        inside, skin = layers.pop(b)
        layers[a] = (layers[a][0] + inside, np.maximum(layers[a][1], skin))
    return tuple(tuple(inside) for inside, _ in layers)


def _overlap(first: Awake, second: Awake) -> float:
    """Shared skin as a share of the smaller one."""
    return float(np.minimum(first, second).sum() / max(min(first.sum(), second.sum()), 1e-9))
