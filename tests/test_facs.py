# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion maps against anatomy: the regions whose skin each action unit folds, after FACS.

The table follows the descriptions of appearance changes in Ekman, Friesen and Hager, "Facial Action Coding System: The
Manual" (2002). A side stands for every region of that side; the lids' rims, lips and brows count as the skin they are.
mouthPucker is not in the table: real faces draw the cheeks in with it, which the manual does not speak of.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shared_files import ICT, need
from wrinkle_native import interpolate_uv

from wrinkle_addon.core.models import load_model
from wrinkle_addon.core.models.arkit import side
from wrinkle_addon.core.motion import motion_maps
from wrinkle_addon.core.regions import left_share, region_masks
from wrinkle_addon.core.strain import strain_maps
from wrinkle_addon.core.types import FaceModel, Float, MotionMaps

SIZE = 256
LOWER_FACE = ("nasolabial", "mouth", "lips", "chin")
SNEER = ("nose", "nostrils", "glabella", "brows", "upper_lid", "under_eye", "nasolabial", "cheek", "mouth", "lips")
FACS: dict[str, tuple[str, ...]] = {
    "browInnerUp": ("forehead", "glabella", "brows", "upper_lid"),  # AU 1: lines across the middle of the forehead
    "browOuterUpLeft": ("forehead", "brows", "upper_lid"),  # AU 2: lines over the outer brow
    "browOuterUpRight": ("forehead", "brows", "upper_lid"),
    "browDownLeft": (
        "glabella",
        "forehead",
        "brows",
        "upper_lid",
        "crows_feet",
        "nose",
    ),  # AU 4: frown, lid pushed
    "browDownRight": ("glabella", "forehead", "brows", "upper_lid", "crows_feet", "nose"),
    "eyeBlinkLeft": ("eyes", "upper_lid", "under_eye", "crows_feet"),  # AU 45
    "eyeBlinkRight": ("eyes", "upper_lid", "under_eye", "crows_feet"),
    "eyeSquintLeft": ("eyes", "crows_feet", "upper_lid", "under_eye", "cheek"),  # AU 7 (and 6, which comes with it)
    "eyeSquintRight": ("eyes", "crows_feet", "upper_lid", "under_eye", "cheek"),
    "cheekSquintLeft": ("crows_feet", "under_eye", "cheek", "upper_lid", "nasolabial", "eyes"),  # AU 6
    "cheekSquintRight": ("crows_feet", "under_eye", "cheek", "upper_lid", "nasolabial", "eyes"),
    "noseSneerLeft": SNEER,  # AU 9: the skin beside the nose is pulled up, the upper lip raised, the brow lowered
    "noseSneerRight": SNEER,
    "mouthSmileLeft": ("nasolabial", "cheek", "mouth", "lips", "under_eye", "crows_feet"),  # AU 12
    "mouthSmileRight": ("nasolabial", "cheek", "mouth", "lips", "under_eye", "crows_feet"),
    "mouthFrownLeft": (*LOWER_FACE, "cheek"),  # AU 15
    "mouthFrownRight": (*LOWER_FACE, "cheek"),
    "mouthUpperUpLeft": ("nasolabial", "mouth", "lips", "nose", "nostrils", "cheek"),  # AU 10
    "mouthUpperUpRight": ("nasolabial", "mouth", "lips", "nose", "nostrils", "cheek"),
    "mouthFunnel": LOWER_FACE,  # AU 22
    "mouthShrugLower": LOWER_FACE,  # AU 17: the chin boss wrinkles, the mouth is pushed up
}
NARROW = {
    "browInnerUp": (("forehead",), "glabella"),
    "mouthSmileLeft": (("nasolabial", "cheek"), "glabella"),
    "eyeSquintLeft": (("crows_feet", "under_eye", "upper_lid"), "nasolabial"),
}
"""The regions that must hold more than half of the energy, and one that must stay quiet (10 %)."""


class Face:
    """A model's motion maps and where its regions lie in them."""

    def __init__(self, source: Path | str) -> None:
        self.model: FaceModel = load_model(str(source))
        strains = strain_maps(self.model.mean, self.model.arkit, self.model.triangles, self.model.uv, SIZE)
        self.masks = region_masks(self.model, SIZE)
        self.motion: MotionMaps = motion_maps(strains, 1 - self.masks["outside"], left_share(self.model, SIZE))
        place = np.ascontiguousarray(self.model.mean[:, :1])
        self.left: Float = interpolate_uv(place, self.model.uv, self.model.triangles, SIZE)[..., 0]

    def energy(self, name: str) -> Float:
        return self.motion.maps[self.motion.names.index(name)].astype(np.float32)

    def share(self, name: str, regions: tuple[str, ...]) -> float:
        """Share of the energy inside ``regions``, of the shape's own side where it has one."""
        own = side(name)
        wanted = [k for k in self.masks if k in regions or (k[:-2] in regions and own in (None, k[-1]))]
        energy = self.energy(name)
        return float((energy * np.minimum(sum(self.masks[k] for k in wanted), 1)).sum() / energy.sum())

    def other_side(self, name: str) -> float:
        energy, own = self.energy(name), 1 if side(name) == "L" else -1
        return float(energy[self.left * own < 0].sum() / energy.sum())


@pytest.fixture(scope="module", params=["builtin", "ict"])
def face(request: pytest.FixtureRequest) -> Face:
    return Face("builtin" if request.param == "builtin" else need(ICT))


def test_the_energy_lies_where_anatomy_says(face: Face) -> None:
    shares = {name: face.share(name, regions) for name, regions in FACS.items()}
    assert len(shares) >= 20
    assert {name: share for name, share in shares.items() if share < 0.8} == {}


def test_one_sided_shapes_leave_the_other_side_alone(face: Face) -> None:
    shares = {name: face.other_side(name) for name in FACS if side(name)}
    assert {name: share for name, share in shares.items() if share > 0.05} == {}


@pytest.mark.parametrize("name", list(NARROW))
def test_the_centre_of_the_action_is_the_right_one(face: Face, name: str) -> None:
    centre, quiet = NARROW[name]
    assert face.share(name, centre) > 0.5
    assert face.share(name, (quiet,)) < 0.1


def test_eyeballs_and_the_back_of_the_head_have_no_wrinkles(face: Face) -> None:
    outside = face.masks["outside"] > 0.99
    assert face.motion.maps[:, outside].max() == 0
