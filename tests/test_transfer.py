# SPDX-License-Identifier: GPL-3.0-or-later
"""ARKit expressions carried over to other models move what they should, and nothing tears."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import shared_files
from model_files import loaded

from wrinkle_addon.core.models import arkit, builtin
from wrinkle_addon.core.models.geometry import Nearest
from wrinkle_addon.core.models.ict import FACE_VERTICES
from wrinkle_addon.core.models.sides import sides
from wrinkle_addon.core.types import FaceModel

NARROW_FACE = 6706  # ICT-FaceKit's README, "narrow face area"


@cache
def _pair() -> tuple[FaceModel, FaceModel, np.ndarray, np.ndarray]:
    """The stand-in, ICT-FaceKit, and for the stand-in's face vertices their nearest vertex in ICT-FaceKit."""
    standin, ict = loaded(shared_files.BFM_STANDIN), loaded(shared_files.ICT)
    common = [k for k in range(17, 48) if standin.landmarks[k] >= 0]
    offset = (standin.mean[standin.landmarks[common]] - ict.mean[ict.landmarks[common]]).mean(axis=0)
    found, distance = Nearest(ict.mean[:NARROW_FACE] + offset).query(standin.mean)
    face = distance[:, 0] < 3.0
    return standin, ict, face, found[:, 0]


def _length(model: FaceModel, name: str) -> np.ndarray:
    return np.linalg.norm(model.arkit.deltas[arkit.NAMES.index(name)], axis=1)


def _own_names() -> list[str]:
    left = ("browDown", "browOuterUp", "cheekSquint", "eyeBlink", "mouthFrown", "mouthSmile", "noseSneer")
    return ["browInnerUp", "jawOpen", "mouthPucker", *(f"{n}{s}" for n in left for s in ("Left", "Right"))]


def test_motion_agrees_with_ict_facekit() -> None:
    standin, ict, face, nearest = _pair()
    assert face.mean() > 0.9
    found = {
        name: float(np.corrcoef(_length(standin, name)[face], _length(ict, name)[nearest[face]])[0, 1])
        for name in _own_names()
    }
    assert np.mean(list(found.values())) >= 0.88, found
    assert min(found.values()) >= 0.75, found


@pytest.mark.parametrize("name", ["browDown", "eyeBlink", "mouthSmile", "noseSneer", "cheekSquint"])
def test_the_far_side_stays(name: str) -> None:
    standin = loaded(shared_files.BFM_STANDIN)
    left, right = (_length(standin, name + side) for side in ("Left", "Right"))
    far = standin.mean[:, 0] < -25.0
    assert left[far].max() < 0.1 * left.max()
    assert left.max() == pytest.approx(right.max(), rel=0.1)


def test_jaw_moves_the_lower_lip_and_not_the_upper() -> None:
    standin = loaded(shared_files.BFM_STANDIN)
    jaw = _length(standin, "jawOpen")[standin.landmarks]
    assert jaw[57] > 15.0
    assert jaw[51] < 0.35 * jaw[57]
    assert jaw[30] < 0.1 * jaw[57]
    assert jaw[[36, 45, 19, 24]].max() < 0.05 * jaw[57]


@pytest.mark.parametrize("path", [shared_files.BFM_STANDIN, shared_files.SFM], ids=lambda p: p.stem)
def test_nothing_tears_away_from_the_mouth(path: Path) -> None:
    model = loaded(path)
    middle = model.mean[model.landmarks[[48, 54, 51, 57]]].mean(axis=0)
    away = np.linalg.norm(model.mean - middle, axis=1) > 40.0
    eyes = model.mean[model.landmarks[36:48]]
    for eye in (eyes[:6].mean(axis=0), eyes[6:].mean(axis=0)):
        away &= np.linalg.norm(model.mean - eye, axis=1) > 28.0
    edges = np.concatenate([model.triangles[:, [0, 1]], model.triangles[:, [1, 2]], model.triangles[:, [2, 0]]])
    edges = edges[away[edges].all(axis=1)]
    rest = np.linalg.norm(model.mean[edges[:, 0]] - model.mean[edges[:, 1]], axis=1)
    for name, delta in zip(model.arkit.names, model.arkit.deltas, strict=True):
        grown = np.linalg.norm(delta[edges[:, 0]] - delta[edges[:, 1]], axis=1) / np.maximum(rest, 0.5)
        assert np.percentile(grown, 99.9) < 1.0, name


@pytest.mark.parametrize(("name", "most"), [("jawOpen", 3.0), ("mouthFunnel", 1.0), ("eyeBlinkLeft", 1.2)])
def test_lips_and_lids_part_along_their_rims(name: str, most: float) -> None:
    """No vertex of one lip or lid goes with the other: edges within one of them hardly stretch."""
    model = loaded(shared_files.SFM)
    side = sides(model.mean, model.triangles, model.landmarks)
    middle = model.mean[model.landmarks[[42, 45] if "eye" in name else [48, 54, 51, 57]]].mean(axis=0)
    near = np.linalg.norm(model.mean - middle, axis=1) < (20.0 if "eye" in name else 32.0)
    edges = np.concatenate([model.triangles[:, [0, 1]], model.triangles[:, [1, 2]], model.triangles[:, [2, 0]]])
    edges = edges[near[edges].all(axis=1) & (side[edges].prod(axis=1) > 0.25)]
    assert len(edges) > 300
    a, b = edges.T
    rest = np.linalg.norm(model.mean[a] - model.mean[b], axis=1)
    delta = model.arkit.deltas[arkit.NAMES.index(name)]
    assert (np.linalg.norm(delta[a] - delta[b], axis=1) / np.maximum(rest, 0.5)).max() < most


def test_sides_follow_the_skin() -> None:
    face = builtin.load_builtin()
    side = sides(face.mean, face.triangles, face.landmarks)
    above, below = [37, 38, 43, 44, 50, 51, 52, 61, 62, 63], [40, 41, 46, 47, 56, 57, 58, 65, 66, 67]
    assert side[face.landmarks[above]].min() > 0.7
    assert side[face.landmarks[below]].max() < -0.7
    assert np.abs(side[face.landmarks[[27, 30, 8]]]).max() < 0.5
    assert not sides(face.mean, face.triangles, np.full(68, -1, np.int32)).any()


def test_ict_keeps_its_own_shapes() -> None:
    ict = loaded(shared_files.ICT)
    own = ict.expression_basis
    both = own[ict.expression_names.index("browInnerUp_L")] + own[ict.expression_names.index("browInnerUp_R")]
    np.testing.assert_allclose(ict.arkit.deltas[arkit.NAMES.index("browInnerUp")], both, atol=1e-5)
    assert ict.arkit.deltas[arkit.NAMES.index("mouthFunnel"), :FACE_VERTICES].any()
