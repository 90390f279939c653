# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model file holds, as its reader hands it on, and the checks that every reader applies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import WrinkleError
from ..types import Blendshapes, Float, Int

MAX_VERTICES = 1_000_000
MAX_TRIANGLES = 2 * MAX_VERTICES
MAX_COMPONENTS = 1_000
MAX_BYTES = 3 << 30


@dataclass(eq=False)
class RawModel:
    """A model as read: names and frames as in :class:`~wrinkle_addon.core.types.FaceModel`.

    uv is None when the file has none. landmarks is None when the file does not say where they lie. named holds the
    ARKit-named expressions that the file has of its own; named_points holds (3,) mm positions that it names.
    """

    kind: str
    name: str
    mean: Float
    shape_basis: Float
    expression_names: tuple[str, ...]
    expression_basis: Float
    expression_bounds: tuple[float, float]
    triangles: Int
    uv: Float | None = None
    landmarks: Int | None = None
    right_contour: Int = field(default_factory=lambda: np.zeros(0, np.int32))
    left_contour: Int = field(default_factory=lambda: np.zeros(0, np.int32))
    named: Blendshapes | None = None
    dense: Int | None = None
    named_points: dict[str, Float] = field(default_factory=dict)
    licence: str = ""


def check_size(file: str, what: str, vertices: int, components: int) -> None:
    """Refuse a claimed size before any memory is taken for it.

    Raises WrinkleError when there are too few or too many vertices or components, or when the array would be over 3
    GiB.
    """
    if not 100 <= vertices <= MAX_VERTICES:
        raise WrinkleError(
            f"{file} claims {vertices:,} vertices in {what}; a face model has 100 to {MAX_VERTICES:,}.",
            "Check that the file is a face model and download it again.",
        )
    if not 0 <= components <= MAX_COMPONENTS:
        raise WrinkleError(
            f"{file} claims {components:,} components in {what}; at most {MAX_COMPONENTS} can be used.",
            "Check that the file is a face model and download it again.",
        )
    if vertices * max(components, 1) * 12 > MAX_BYTES:
        raise WrinkleError(
            f"{what} of {file} would need {vertices * components * 12 / 2**30:.1f} GiB of memory.",
            "Use a version of the model with fewer components or vertices.",
        )


def check_finite(file: str, what: str, values: npt.NDArray[np.floating[Any]]) -> None:
    """Raise WrinkleError when ``values`` holds NaN or infinity (checked in slices, so no large copy is made)."""
    flat = values.reshape(-1)
    step = 1 << 22
    for start in range(0, flat.size, step):
        if not np.isfinite(flat[start : start + step]).all():
            raise WrinkleError(f"{what} of {file} holds values that are not numbers.", "Download the model again.")


def check_triangles(file: str, triangles: npt.NDArray[np.integer[Any]], vertices: int) -> Int:
    """(T, 3) int32 triangles whose indices were checked against ``vertices``; raises WrinkleError otherwise."""
    if triangles.ndim != 2 or triangles.shape[1] != 3 or len(triangles) == 0:
        raise WrinkleError(f"{file} has no list of triangles.", "Use the full model file, not a part of it.")
    if triangles.min() < 0 or triangles.max() >= vertices:
        raise WrinkleError(f"{file} has triangles that name vertices it does not have.", "Download the model again.")
    return np.ascontiguousarray(triangles, np.int32)


def outward(mean: Float, triangles: Int) -> Int:
    """``triangles`` turned counter-clockwise as seen from outside: a face's surface looks, on the whole, to +Z."""
    a, b, c = (mean[triangles[:, k]] for k in range(3))
    if float(np.cross(b - a, c - a)[:, 2].sum()) >= 0.0:
        return triangles
    return np.ascontiguousarray(triangles[:, ::-1])
