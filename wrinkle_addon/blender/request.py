# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run needs to know from Blender, collected in the main thread, and the run itself, which needs no Blender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.progress import Progress, part
from ..core.types import Byte, Landmarks, Reconstruction
from . import current, mask
from .runners import Kept
from .skin import Skin, paint

if TYPE_CHECKING:
    from ..core.pipeline import Runner
    from ..core.settings import Settings
    from .properties import WRINKLE_PG_face

_PAINTING = 0.8
"""Share of the work that is done when painting the skin begins."""


@dataclass(frozen=True)
class Made:
    """What a run yields: the reconstruction, the images of its material, and the runner that remembers its stages."""

    result: Reconstruction
    skin: Skin
    kept: Kept


@dataclass(frozen=True)
class Request:
    """Photos, settings, and by the photo's place what the user says of it; see `Runner.reconstruct`."""

    paths: list[Path]
    settings: Settings
    landmarks: Mapping[int, Landmarks]
    masks: Mapping[int, Byte]
    regions: Mapping[int, Sequence[str]]
    shows: Mapping[int, Sequence[str]]

    def run(self, runner: Runner, progress: Progress) -> Made:
        """Reconstruct and paint. Touches no Blender data. Raises WrinkleError, Cancelled."""
        result = runner.reconstruct(
            self.paths,
            self.settings,
            landmarks=self.landmarks,
            masks=self.masks,
            regions=self.regions,
            shows=self.shows,
            progress=part(progress, 0.0, _PAINTING),
        )
        return Made(result, paint(result, part(progress, _PAINTING, 1.0)), Kept(runner, self.settings, self.paths))


def request_of(settings: WRINKLE_PG_face) -> Request:
    """What the settings of a face ask for. Raises WrinkleError when a file is missing or damaged."""
    shows = {
        index: tuple(name.strip() for name in photo.shows.split(",") if name.strip())
        for index, photo in enumerate(settings.photos)
        if photo.shows.strip()
    }
    return Request(
        current.photo_paths(settings),
        current.core_settings(settings),
        current.given_landmarks(settings),
        {index: mask.pixels(photo.mask) for index, photo in enumerate(settings.photos) if photo.mask is not None},
        {index: sorted(photo.regions) for index, photo in enumerate(settings.photos) if photo.regions},
        shows,
    )
