# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user may choose about the wrinkle stage, and the sampling of one scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ..errors import WrinkleError

LOOKED_AT = (60.0, 15.0, 0.0)
"""The thresholds that the regressor's answer is made for: it serves every dog_thres up to the next one."""
FIRST_SHARE = 0.35
"""Share of such a threshold that suffices for a patch to be looked at; the final confidence decides what is kept."""


@dataclass(frozen=True)
class WrinkleSettings:
    """Settings of the wrinkle stage.

    dog_thres: least confidence (0..255) a wrinkle needs; patches below it are skipped. strength: factor on the
    displacement. mode: "full" (ridges over scales with cues against hair, moles and pigment) or "dog" (plain difference
    of Gaussians with a mean filter). overlap: patches lie size / overlap apart.
    """

    dog_thres: float = 60.0
    strength: float = 1.0
    mode: Literal["full", "dog"] = "full"
    overlap: int = 2

    def __post_init__(self) -> None:
        if not (math.isfinite(self.dog_thres) and 0.0 <= self.dog_thres <= 255.0):
            raise WrinkleError(f"dog_thres is {self.dog_thres}.", "Give a number from 0 to 255; the default is 60.")
        if not (math.isfinite(self.strength) and 0.0 <= self.strength <= 10.0):
            raise WrinkleError(f"The wrinkle strength is {self.strength}.", "Give 0 to 10; 1 is true depth.")
        if self.mode not in ("full", "dog"):
            raise WrinkleError(f"The wrinkle mode is {self.mode!r}.", 'Use "full" or "dog".')
        if self.overlap not in (2, 3, 4):
            raise WrinkleError(f"The patch overlap is {self.overlap}.", "Use 2, 3 or 4.")

    @property
    def least(self) -> float:
        """The confidence (0..255) from which on a patch is looked at."""
        threshold = max(step for step in LOOKED_AT if step <= self.dog_thres)
        return threshold * (FIRST_SHARE if self.mode == "full" else 1.0)


@dataclass(frozen=True)
class Scale:
    """Patches of ``size`` x ``size`` samples, ``mm`` apart; inputs high-passed at ``highpass_mm``."""

    mm: float
    size: int
    highpass_mm: float


FINE = Scale(mm=0.25, size=64, highpass_mm=5.0)
COARSE = Scale(mm=0.75, size=64, highpass_mm=15.0)
