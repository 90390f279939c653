# SPDX-License-Identifier: GPL-3.0-or-later
"""Fitting a face model to photos."""

from .fit import fit_face, fit_faces
from .settings import FitSettings

__all__ = ["FitSettings", "fit_face", "fit_faces"]
