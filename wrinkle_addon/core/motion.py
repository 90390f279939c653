# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion maps: where, and in which direction, each blendshape compresses the skin.

The measure is the strain of the skin, not how far it moves: E = (F^T F - I) / 2 with F the deformation gradient within
the surface (Green's strain; a rigid motion has none, however large). Its most negative eigenvalue is the compression
and that eigenvector the direction across which wrinkles form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import wrinkle_native

from . import progress as progress_of
from .errors import WrinkleError
from .progress import Progress, silent
from .surface import TINY, sum_to_vertices, surface_of, uv_jacobians
from .types import Blendshapes, Byte, Float, Int, MotionMaps

SMOOTH_MM = 3.0
"""Standard deviation of the smoothing along the skin."""
FULL_STRAIN = 0.02
"""A blendshape whose strongest compression stays under this never reaches full activation, so noise is not blown up."""
QUIET = 0.12
"""Share of a blendshape's full compression under which skin counts as riding along."""
STILL_MM = 1e-3
AT_ONCE = 8
FORMAT = 1


class _Skin:
    """What the strain of any blendshape needs of the neutral mesh, per triangle."""

    def __init__(self, neutral: Float, triangles: Int, uv: Float) -> None:
        jacobian, area = uv_jacobians(neutral, triangles, uv)
        corners = neutral[triangles].astype(np.float64)
        self.first, self.second = (np.ascontiguousarray(corners[:, k] - corners[:, 0]) for k in (1, 2))
        normal = np.cross(self.first, self.second)
        double_area = np.linalg.norm(normal, axis=1)
        along = jacobian[..., 0]
        length = np.linalg.norm(along, axis=1)
        self.usable = (double_area > TINY) & (length > TINY) & (np.abs(area) > TINY)
        safe = np.where(self.usable, 1.0, 0.0)[:, None]
        t = along * safe / np.maximum(length, TINY)[:, None]
        b = np.cross(normal * safe / np.maximum(double_area, TINY)[:, None], t) * np.sign(area)[:, None]
        # Edges in the tangent frame, [[p, r], [q, s]] with a column per edge; the inverse brings edge products there.
        p, q = (np.einsum("ti,ti->t", self.first, axis) for axis in (t, b))
        r, s = (np.einsum("ti,ti->t", self.second, axis) for axis in (t, b))
        determinant = np.where(self.usable, p * s - q * r, 1.0)
        self.inverse = np.stack([s, -r, -q, p]) / determinant
        self.area = np.where(self.usable, double_area / 2, 0.0)
        self.triangles = triangles
        self.count = len(neutral)
        self.vertex_area = np.maximum(sum_to_vertices(self.area[:, None], triangles, self.count)[:, 0], TINY)

    def strain(self, delta: Float) -> Float:
        """(V, 3) float32: E_tt, E_bb, E_tb at the vertices, area-weighted, for displacements (V, 3) in mm."""
        moving = np.abs(delta).max(axis=1) > STILL_MM
        chosen = np.flatnonzero(self.usable & moving[self.triangles].any(axis=1))
        corners = self.triangles[chosen]
        origin = delta[corners[:, 0]].astype(np.float64)
        d1, d2 = (delta[corners[:, k]] - origin for k in (1, 2))
        e1, e2 = self.first[chosen], self.second[chosen]

        def dot(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            return np.asarray(np.einsum("ti,ti->t", x, y))

        # Change of the products of the edges: (e + d)(e + d) - e e.
        m11, m22 = dot(2 * e1 + d1, d1), dot(2 * e2 + d2, d2)
        m12 = dot(e1, d2) + dot(e2, d1) + dot(d1, d2)
        # E = B^T M B / 2 with B = [[a, b], [c, d]], the inverse of the edges in the tangent frame.
        a, b, c, d = self.inverse[:, chosen]
        strain = np.stack(
            [
                a * a * m11 + 2 * a * c * m12 + c * c * m22,
                b * b * m11 + 2 * b * d * m12 + d * d * m22,
                a * b * m11 + (a * d + b * c) * m12 + c * d * m22,
            ],
            axis=1,
        )
        # Slivers may stretch without bound; what compression can be is bounded by -1/2.
        weighted = np.clip(strain / 2, -0.5, 1.0) * self.area[chosen, None]
        return np.asarray(sum_to_vertices(weighted, corners, self.count) / self.vertex_area[:, None], np.float32)


def _strain_maps(
    neutral: Float, blendshapes: Blendshapes, triangles: Int, uv: Float, size: int, progress: Progress
) -> Iterator[Float]:
    """Each blendshape's smoothed strain as a map (size, size, 3), see :meth:`_Skin.strain`; zero outside the UV."""
    triangles = np.ascontiguousarray(triangles, np.int32)
    uv = np.ascontiguousarray(uv, np.float32)
    skin = _Skin(neutral, triangles, uv)
    covered = (wrinkle_native.rasterize_uv(uv, triangles, size)[0] >= 0).astype(np.float32)
    sigma = SMOOTH_MM / max(surface_of(neutral, triangles, uv, 64).texel_mm(size), 1e-6) if covered.any() else 1.0
    weight = np.maximum(cv2.GaussianBlur(covered, (0, 0), sigma), 1e-6)[..., None]
    count = len(blendshapes.names)
    for start in range(0, count, AT_ONCE):
        progress_of.report(progress, start / count, f"Motion map {start + 1}/{count}")
        group = range(start, min(start + AT_ONCE, count))
        values = np.hstack([skin.strain(blendshapes.deltas[index]) for index in group])
        drawn = wrinkle_native.interpolate_uv(np.ascontiguousarray(values), uv, triangles, size)
        for place in range(len(group)):
            own = np.ascontiguousarray(drawn[..., 3 * place : 3 * place + 3])
            smooth = cv2.GaussianBlur(own, (0, 0), sigma) / weight
            yield np.asarray(smooth * covered[..., None], np.float32)


def _compression(strain: Float) -> Float:
    """The most negative eigenvalue's size, (M, M) >= 0."""
    tt, bb, tb = np.moveaxis(strain, -1, 0)
    return np.asarray(np.maximum(np.hypot((tt - bb) / 2, tb) - (tt + bb) / 2, 0), np.float32)


def _activation(compression: Float) -> Byte:
    """Compression to 0..255: 255 at the 95th percentile of the skin that takes part, 0 where it only rides along."""
    strongest = float(compression.max(initial=0))
    active = compression[compression > QUIET * strongest]
    full = max(float(np.percentile(active, 95)) if active.size else 0.0, FULL_STRAIN)
    return np.asarray(np.clip((compression / full - QUIET) / (1 - QUIET), 0, 1) * 255 + 0.5).astype(np.uint8)


def motion_maps(
    neutral: Float,
    blendshapes: Blendshapes,
    triangles: Int,
    uv: Float,
    size: int = 256,
    progress: Progress = silent,
) -> MotionMaps:
    """Where each blendshape compresses the skin.

    neutral: (V, 3) mm, deltas of the blendshapes likewise; triangles (T, 3); uv (V, 2). Values are compression relative
    to the 95th percentile over the blendshape's active skin, but never to less than a strain of 0.02.
    """
    strains = _strain_maps(neutral, blendshapes, triangles, uv, size, progress)
    maps = [_activation(_compression(strain)) for strain in strains]
    return MotionMaps(blendshapes.names, np.stack(maps) if maps else np.zeros((0, size, size), np.uint8))


def motion_directions(
    neutral: Float,
    blendshapes: Blendshapes,
    triangles: Int,
    uv: Float,
    size: int = 256,
    progress: Progress = silent,
) -> Float:
    """The direction of the strongest compression: (E, M, M) float32, radians in 0..pi from +u towards +v on the skin.

    Wrinkles run at right angles to it. Meaningful where the motion map is not 0.
    """
    angles = np.zeros((len(blendshapes.names), size, size), np.float32)
    for index, strain in enumerate(_strain_maps(neutral, blendshapes, triangles, uv, size, progress)):
        tt, bb, tb = np.moveaxis(strain, -1, 0)
        angles[index] = (np.arctan2(2 * tb, tt - bb) / 2 + np.pi / 2) % np.pi
    return angles


def pack_atlas(motion: MotionMaps) -> tuple[Byte, dict[str, Any]]:
    """All maps as tiles of one grey image, row by row, and the index that unpacks it (fit for JSON)."""
    count, size = len(motion.names), motion.maps.shape[1]
    columns = max(int(np.ceil(np.sqrt(count))), 1)
    rows = max(-(-count // columns), 1)
    tiles = np.zeros((rows * columns, size, size), np.uint8)
    tiles[:count] = motion.maps
    atlas = tiles.reshape(rows, columns, size, size).swapaxes(1, 2).reshape(rows * size, columns * size)
    return atlas, {"format": FORMAT, "tile": size, "columns": columns, "names": list(motion.names)}


def unpack_atlas(atlas: Byte, index: Mapping[str, Any]) -> MotionMaps:
    """The maps of :func:`pack_atlas`.

    Raises WrinkleError when the index is of another format, damaged, or does not fit the image.
    """
    if index.get("format") != FORMAT:
        raise WrinkleError(f"The motion atlas has format {index.get('format')!r}.", f"Format {FORMAT} is read here.")
    names, size, columns = index.get("names"), index.get("tile"), index.get("columns")
    sound = isinstance(names, list) and all(isinstance(name, str) for name in names)
    sound = sound and all(isinstance(number, int) and number > 0 for number in (size, columns))
    if not sound or atlas.ndim != 2 or atlas.dtype != np.uint8:
        raise WrinkleError("The motion atlas or its index is damaged.", "Write it again.")
    assert isinstance(names, list)
    assert isinstance(size, int)
    assert isinstance(columns, int)
    rows = max(-(-len(names) // columns), 1)
    if atlas.shape != (rows * size, columns * size):
        raise WrinkleError(
            f"The motion atlas has {atlas.shape[1]} x {atlas.shape[0]} pixels, its index says "
            f"{columns * size} x {rows * size}.",
            "Write both again.",
        )
    tiles = atlas.reshape(rows, size, columns, size).swapaxes(1, 2).reshape(-1, size, size)
    return MotionMaps(tuple(names), np.ascontiguousarray(tiles[: len(names)]))
