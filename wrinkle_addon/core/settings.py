# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything a user can choose about one reconstruction."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .errors import WrinkleError
from .fit import FitSettings
from .wrinkles import WrinkleSettings

SIZES = (256, 512, 1024, 2048, 4096, 8192)
DIS2NORMAL_COFF = 150.0


@dataclass(frozen=True)
class Settings:
    """Settings of a reconstruction.

    model: "builtin", a model file or an ICT-FaceKit folder. uv: a UV file for a model without one. size: edge of the
    maps in texels. dis2normal_coff: 150 gives the physically exact slope, 300 twice that. motion_size: edge of one
    motion map. cache: folder for prepared models, None for the user's cache folder.
    """

    model: str = "builtin"
    uv: Path | None = None
    size: int = 2048
    dis2normal_coff: float = DIS2NORMAL_COFF
    motion_size: int = 256
    fit: FitSettings = field(default_factory=FitSettings)
    wrinkles: WrinkleSettings = field(default_factory=WrinkleSettings)
    cache: Path | None = None

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise WrinkleError(
                f"A map size of {self.size} is not offered.", f"Choose one of {', '.join(map(str, SIZES))}."
            )

    def as_json(self) -> dict[str, Any]:
        """The settings as JSON-able values, for the report."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
