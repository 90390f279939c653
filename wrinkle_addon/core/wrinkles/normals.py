# SPDX-License-Identifier: GPL-3.0-or-later
"""Tangent-space normals of a displacement."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import numpy.typing as npt
import wrinkle_native as native

from ..errors import WrinkleError
from ..progress import Progress, report, silent
from ..types import Float, Surface
from .geometry import metric

EXACT = 150.0
"""The ``dis2normal_coff`` that gives the true slope."""


def normal_map(
    displacement: Float, surface: Surface, dis2normal_coff: float = EXACT, progress: Progress = silent
) -> npt.NDArray[np.uint16]:
    """(S, S, 3) uint16 OpenGL tangent-space normals, n * 0.5 + 0.5, of a displacement (S, S) float32 in mm.

    The slope is taken along the surface in mm, sheared and stretched UV included; tangent = du normalised, bitangent
    towards +v. dis2normal_coff: 150 gives the true slope, 300 twice that.
    """
    if not (math.isfinite(dis2normal_coff) and 0 <= dis2normal_coff <= 1e5):
        raise WrinkleError(
            f"dis2normal_coff is {dis2normal_coff}.", "Give a number from 0 to 100000; 150 is true depth."
        )
    if displacement.ndim != 2 or displacement.shape[0] != displacement.shape[1]:
        raise WrinkleError(f"The displacement is {displacement.shape}.", "It must be a square map of one channel.")
    if not np.isfinite(displacement.sum(dtype=np.float64)):
        raise WrinkleError("The displacement holds numbers that are not finite.", "Mend or compute it again.")
    heights = np.ascontiguousarray(displacement, np.float32)
    return native.normal_map(heights, metric(surface), dis2normal_coff / EXACT, partial(report, progress))
