# SPDX-License-Identifier: GPL-3.0-or-later
"""Which vertices of a projected face face the viewer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Int


def visible_vertices(points: npt.NDArray[np.floating], depth: npt.NDArray[np.floating], triangles: Int) -> npt.NDArray[np.bool_]:
    """(V,) bool: the triangles around the vertex face the viewer, weighed by their area in the image.

    points: (V, 2) px, y down. depth: (V,) mm, larger is nearer. triangles: (T, 3), counter-clockwise from outside.
    """
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1]) - (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1])
    total = sum(np.bincount(triangles[:, k], weights=area, minlength=len(points)) for k in range(3))
    return np.asarray(total > 0.0)
