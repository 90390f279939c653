# SPDX-License-Identifier: GPL-3.0-or-later
"""Strain of the skin: how much, and in which direction, each blendshape stretches or compresses it.

E = (F^T F - I) / 2 with F the deformation gradient within the surface (Green's strain). A rigid motion has none,
however far it goes, so skin that only rides along stays quiet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import wrinkle_native

from . import progress as progress_of
from .progress import Progress, silent
from .surface import surface_of
from .types import Blendshapes, Float, Int

SMOOTH_MM = 3.0
"""Standard deviation of the smoothing along the skin."""
STILL_MM = 1e-3
SIGMAS = (0.1, 300.0)
"""Least and greatest smoothing in texels."""


@dataclass(frozen=True, eq=False)
class Strains:
    """Strain of each blendshape at weight 1 as maps, rows as in a texture.

    values: (E, M, M, 3) float32, components E_tt, E_bb, E_tb with t along +u on the skin and b at right angles to it
    towards +v; zero outside the UV. names: E strings.
    """

    names: tuple[str, ...]
    values: Float


def strain_maps(
    neutral: Float,
    blendshapes: Blendshapes,
    triangles: Int,
    uv: Float,
    size: int = 256,
    progress: Progress = silent,
) -> Strains:
    """Each blendshape's strain, smoothed along the skin.

    neutral: (V, 3) mm, deltas of the blendshapes likewise; triangles (T, 3); uv (V, 2). Strain at the vertices is the
    mean over the triangles around, by area; slivers may stretch without bound, so it is held between -1/2 and 1.
    """
    progress_of.report(progress, 0.0, "Making motion maps")
    triangles = np.ascontiguousarray(triangles, np.int32)
    uv = np.ascontiguousarray(uv, np.float32)
    ids, weights = wrinkle_native.rasterize_uv(uv, triangles, size)
    texel_mm = surface_of(neutral, triangles, uv, 64).texel_mm(size) if (ids >= 0).any() else SMOOTH_MM
    sigma = float(np.clip(SMOOTH_MM / max(texel_mm, 1e-6), *SIGMAS))
    maps = wrinkle_native.strain_maps(
        np.ascontiguousarray(neutral, np.float32),
        np.ascontiguousarray(blendshapes.deltas, np.float32),
        triangles,
        uv,
        ids,
        weights,
        sigma,
        STILL_MM,
        partial(progress_of.report, progress),
    )
    return Strains(blendshapes.names, maps)
