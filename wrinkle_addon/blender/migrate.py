# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the settings of faces from older versions of the add-on up to date, one step per version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .properties import WRINKLE_PG_face

VERSION = 2
"""The version of the settings that this add-on writes. Settings that carry none are of version 1."""


def migrate(settings: WRINKLE_PG_face) -> None:
    """Bring ``settings`` to VERSION; those of a newer add-on are left as they are."""
    while settings.version < VERSION:
        _STEPS[settings.version](settings)
        settings.version += 1


def is_newer(settings: WRINKLE_PG_face) -> bool:
    """Whether a newer add-on wrote ``settings``."""
    return settings.version > VERSION


def _name_the_parts_of_the_recipe(settings: WRINKLE_PG_face) -> None:
    """Version 1 kept what the face was made with as a list, version 2 by name."""
    if not settings.made_with:
        return
    photos, model, size, detector, dog_thres = json.loads(settings.made_with)
    settings.made_with = json.dumps(
        {
            "photos": photos,
            "points": [[] for _ in photos],
            "model": model,
            "size": size,
            "detector": detector,
            "dog_thres": round(dog_thres, 3),
        }
    )


_STEPS = {1: _name_the_parts_of_the_recipe}
