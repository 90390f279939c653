# SPDX-License-Identifier: GPL-3.0-or-later
"""What is fuzzed. A target is a function of a case number; sound input and one clear sentence are both a success."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wrinkle_addon.core.batch.items import read_items
from wrinkle_addon.core.batch.order import Order
from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.images import read_mask, read_photo, read_texture
from wrinkle_addon.core.landmarks.pts import read_pts
from wrinkle_addon.core.models.eos_file import read_eos, read_eos_blendshapes
from wrinkle_addon.core.models.hdf5 import read_hdf5
from wrinkle_addon.core.models.obj import read_obj
from wrinkle_addon.core.models.uv_file import read_uv
from wrinkle_addon.core.wrinkles import load_regressor

from . import native_calls, seeds
from .mutations import damaged

FOUND = Path(__file__).with_name("found")
Seeds = Callable[[], tuple[tuple[str, bytes], ...]]
READERS: dict[str, tuple[Seeds, Callable[[Path], Any]]] = {
    "photo": (seeds.photos, read_photo),
    "mask": (seeds.photos, read_mask),
    "texture": (seeds.photos, read_texture),
    "pts": (seeds.points, read_pts),
    "hdf5": (seeds.hdf5, read_hdf5),
    "eos": (seeds.eos, read_eos),
    "blendshapes": (seeds.eos, read_eos_blendshapes),
    "obj": (seeds.obj, read_obj),
    "uv": (seeds.uvs, lambda path: read_uv(path, seeds.VERTICES)),
    "regressor": (seeds.regressors, load_regressor),
    "csv": (seeds.tables, lambda path: read_items(path, ("model",))),
    "order": (seeds.orders, Order.read),
}
TARGETS = (*READERS, "native")


def run_case(target: str, case: int, folder: Path) -> None:
    """Run one case; anything but success or one clear sentence raises. ``folder`` takes the damaged file."""
    rng = random.Random(f"{target} {case}")
    if target == "native":
        native_calls.call(rng)
        return
    files, read = READERS[target]
    suffix, data = rng.choice(files())
    path = folder / f"case{suffix}"
    path.write_bytes(damaged(rng, data, rng.choice(files())[1]))
    expect_clear(read, path)


def expect_clear(read: Callable[[Path], Any], path: Path) -> None:
    """Read ``path``: it works, or there is one sentence of bearable length that names the file."""
    try:
        read(path)
    except WrinkleError as error:
        text = str(error)
        if "\n" in text or len(text) > 500 or path.stem not in text:
            raise AssertionError(f"not a clear sentence: {text!r}") from error


def found(target: str) -> list[Path]:
    """Inputs that once broke this target."""
    return sorted((FOUND / target).glob("*"))
