# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user can choose about a fit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FitSettings:
    """Settings of a fit.

    focal_px: focal length in pixels, overriding the photo's own. expressions: False holds the face neutral. warp: bring
    the projected landmarks onto the detected ones. dense: use the 468 mesh points where the model has them.
    shape_prior, expression_prior: how strongly shape and expression keep to the average, neutral face (1 = as the model
    says). iterations: Gauss-Newton steps.
    """

    focal_px: float | None = None
    expressions: bool = True
    warp: bool = True
    dense: bool = True
    shape_prior: float = 1.0
    expression_prior: float = 1.0
    iterations: int = 9
