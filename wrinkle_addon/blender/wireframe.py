# SPDX-License-Identifier: GPL-3.0-or-later
"""The fitted face as lines over its photos; it follows the landmarks as they are moved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import bpy
import numpy as np
import numpy.typing as npt

from ..core.errors import WrinkleError
from ..core.memory import digest
from ..core.types import Float, Int
from . import current, jobs, runners

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..core.pipeline import Laid
    from .properties import WRINKLE_PG_face

_wires: dict[str, Wires] = {}
_edges: dict[str, Int] = {}
"""Of the model used last, by its content: finding them takes longer than a fit."""
_waiting: dict[str, Callable[[], None]] = {}


@dataclass(frozen=True, eq=False)
class Wires:
    """The fit of one face. points: for each photo (V, 2) px. edges: for each photo (E, 2) those that are seen.
    made_from: digest of the landmarks. problem: a sentence when these landmarks cannot be fitted."""

    points: tuple[Float, ...]
    edges: tuple[Int, ...]
    made_from: str
    problem: str = ""


def edges_of(triangles: Int) -> Int:
    """(E, 2) each edge once. triangles: (T, 3)."""
    sides = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    return np.unique(sides, axis=0).astype(np.int32)


def keep(key: str, settings: WRINKLE_PG_face, laid: Laid) -> None:
    """Show this fit for the face ``key``."""
    model = laid.model.value
    if model.content not in _edges:
        _edges.clear()
        _edges[model.content] = edges_of(model.triangles)
    edges = _edges[model.content]
    fits = laid.fits.value
    seen = tuple(edges[fit.visible[edges].all(axis=1)] for fit in fits)
    _wires[key] = Wires(tuple(fit.image_points for fit in fits), seen, _digest(settings))


def wires_of(key: str, settings: WRINKLE_PG_face) -> Wires | None:
    """The newest fit of the face ``key``; a new one is begun when the landmarks have changed since."""
    wires = _wires.get(key)
    kept = runners.look(key)
    if kept is None or kept.paths != [photo.file for photo in settings.photos]:
        return None
    if (wires is None or wires.made_from != _digest(settings)) and jobs.job_of(key) is None:
        _request(key)
    return wires


def follow(key: str) -> None:
    """Fit the face ``key`` to its landmarks as they are now. Takes some hundredths of a second."""
    _waiting.pop(key, None)
    block, kept = current.find_block(key), runners.look(key)
    if block is None or kept is None:
        return
    settings = block.wrinkle
    try:
        laid = kept.runner.lay(kept.paths, kept.settings, landmarks=current.given_landmarks(settings))
    except WrinkleError as error:
        _wires[key] = Wires((), (), _digest(settings), str(error))
    else:
        keep(key, settings, laid)
    redraw()


def redraw() -> None:
    """Draw the image editors again, and the sidebars that say whether the face is up to date."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR":
                area.tag_redraw()
            elif area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def clear() -> None:
    """Forget all fits and leave no timer behind."""
    _wires.clear()
    _edges.clear()
    for work in _waiting.values():
        if bpy.app.timers.is_registered(work):
            bpy.app.timers.unregister(work)
    _waiting.clear()


def _request(key: str) -> None:
    if key not in _waiting:
        _waiting[key] = partial(follow, key)
        bpy.app.timers.register(_waiting[key], first_interval=0.0)


def _digest(settings: WRINKLE_PG_face) -> str:
    parts: list[npt.NDArray[np.float32] | str] = []
    for photo in settings.photos:
        parts += [str(photo.file), photo.landmarks, photo.places() if photo.edited else ""]
    return digest(*parts)
