# SPDX-License-Identifier: GPL-3.0-or-later
"""Face regions: they lie where their names say, on every model, and leave brows, eyes, lips and nostrils out."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from shared_files import SHARED, need

from wrinkle_addon.core import regions
from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.models.builtin import FILE, load_builtin, parts
from wrinkle_addon.core.regions import EXCLUDED, REGIONS, region_masks, skin_mask, vertex_regions

MODEL = load_builtin()
ASSETS = FILE.parent


def standin() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, triangles and landmarks of the stand-in for the Basel Face Model 2017."""
    with h5py.File(need(SHARED / "models" / "bfm2017_standin.h5")) as file:
        mean = file["shape/model/mean"][:].reshape(-1, 3).astype(np.float32)
        triangles = file["shape/representer/cells"][:].T.astype(np.int32)
    tables = json.loads((ASSETS / "model_landmarks.json").read_text())["tables"]
    landmarks = next(t["landmarks"] for t in tables if t["vertices"] == len(mean))
    return mean, triangles, np.array(landmarks, np.int32)


def ict() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean in mm, triangles and landmarks of the whole ICT-FaceKit neutral, eyeballs and teeth with it."""
    folder = need(SHARED / "models" / "ict_facekit" / "FaceXModel")
    points, faces = [], []
    for line in (folder / "generic_neutral_mesh.obj").read_text().splitlines():
        if line.startswith("v "):
            points.append([float(c) for c in line.split()[1:4]])
        elif line.startswith("f "):
            corner = [int(c.split("/")[0]) - 1 for c in line.split()[1:]]
            faces += [[corner[0], corner[i], corner[i + 1]] for i in range(1, len(corner) - 1)]
    landmarks = json.loads((folder / "vertex_indices.json").read_text())["idx_to_landmark_verts"]
    return np.array(points, np.float32) * 10, np.array(faces, np.int32), np.array(landmarks, np.int32)


def test_every_region_has_vertices_and_they_share_the_skin() -> None:
    found = vertex_regions(MODEL.mean, MODEL.uv, MODEL.triangles, MODEL.landmarks)
    assert set(found) == {*REGIONS, *EXCLUDED}
    for name, weight in found.items():
        assert weight.dtype == np.float32
        assert weight.min() >= 0
        assert 1 >= weight.max() > 0.95, name
    assert np.sum([found[name] for name in REGIONS], axis=0).max() < 1.001
    for name in MODEL.regions:
        assert np.abs(found[name] - MODEL.regions[name]).max() < 0.02, "the asset's regions are stale"


def test_regions_lie_where_their_names_say() -> None:
    found = MODEL.regions
    middle = {name: np.average(MODEL.mean, axis=0, weights=found[name]) for name in REGIONS}
    marks = MODEL.mean[MODEL.landmarks]
    assert middle["forehead"][1] > marks[17:27, 1].max()
    assert marks[27, 1] < middle["glabella"][1] < marks[21, 1] + 10
    assert middle["chin"][1] < marks[57, 1] < middle["mouth"][1] < middle["nose"][1] < middle["glabella"][1]
    assert abs(middle["nose"][0]) < 1
    for side, sign in (("L", 1), ("R", -1)):
        assert sign * middle[f"crows_feet_{side}"][0] > abs(marks[45, 0]) + 5
        assert middle[f"under_eye_{side}"][1] < marks[41, 1]
        assert abs(marks[35, 0]) < sign * middle[f"nasolabial_{side}"][0] < sign * middle[f"cheek_{side}"][0]


def test_a_forehead_line_just_over_the_brow_is_kept_and_the_hair_is_not() -> None:
    free = np.prod([1 - MODEL.regions[name] for name in EXCLUDED], axis=0)
    flat = MODEL.mean[:, :2]
    front = MODEL.mean[:, 2] > 0
    for index in (19, 24):
        brow = MODEL.mean[MODEL.landmarks[index], :2]
        over = front & (np.linalg.norm(flat - brow - [0, 9], axis=1) < 2.5)
        hair = front & (np.linalg.norm(flat - brow + [0, 2.5], axis=1) < 2)
        assert free[over].min() > 0.95
        assert free[hair].max() < 0.1


def test_eyeballs_and_the_mouths_inside_are_no_skin() -> None:
    free = np.prod([1 - MODEL.regions[name] for name in EXCLUDED], axis=0)
    assert free[parts() == 3].max() == 0
    assert np.mean(free[parts() == 2] > 0.1) < 0.02


def test_masks_are_soft_in_uv_and_empty_outside() -> None:
    masks = region_masks(MODEL, 256)
    assert set(masks) == {*REGIONS, *EXCLUDED}
    skin = skin_mask(MODEL, 256)
    assert skin.shape == (256, 256)
    assert skin.dtype == np.float32
    assert 0.2 < skin.mean() < 0.6
    assert skin[:3].max() == 0
    assert np.mean((skin > 0.1) & (skin < 0.9)) > 0.01, "the edges are soft"
    lips = MODEL.uv[MODEL.landmarks[[48, 51, 57]]]
    for u, v in lips:
        assert skin[int((1 - v) * 256), int(u * 256)] < 0.6
    row, column = (int(c) for c in ((1 - MODEL.uv[151, 1]) * 256, MODEL.uv[151, 0] * 256))
    assert masks["forehead"][row, column] + masks["glabella"][row, column] > 0.9


@pytest.mark.parametrize("source", [standin, ict])
def test_other_models(source: object) -> None:
    mean, triangles, landmarks = source()  # type: ignore[operator]
    found = vertex_regions(mean, np.zeros((len(mean), 2), np.float32), triangles, landmarks)
    origin = (mean[landmarks[36]] + mean[landmarks[45]]) / 2
    ours = (MODEL.mean[MODEL.landmarks[36]] + MODEL.mean[MODEL.landmarks[45]]) / 2
    for name in REGIONS:
        assert found[name].max() > 0.9, name
        there, here = (mean - origin)[found[name] > 0.5], (MODEL.mean - ours)[MODEL.regions[name] > 0.5]
        for q in (0, 100):
            assert np.abs(np.percentile(there, q, axis=0) - np.percentile(here, q, axis=0))[:2].max() < 12, name
    for name in ("brows", "eyes", "lips", "nostrils"):
        assert found[name].max() > 0.9, name


def test_teeth_and_eyeballs_of_a_whole_head_are_outside() -> None:
    mean, triangles, landmarks = ict()
    found = vertex_regions(mean, np.zeros((len(mean), 2), np.float32), triangles, landmarks)
    assert found["outside"][21451:].min() > 0.5, "eyes of ICT-FaceKit"


def test_missing_jaw_points_are_borne_and_missing_eyes_named() -> None:
    landmarks = MODEL.landmarks.copy()
    landmarks[:17] = -1
    landmarks[[60, 64]] = -1
    found = regions.vertex_regions(MODEL.mean, MODEL.uv, MODEL.triangles, landmarks)
    assert found["chin"].max() > 0.9
    landmarks[36] = -1
    with pytest.raises(WrinkleError, match="lacks landmark 37"):
        regions.vertex_regions(MODEL.mean, MODEL.uv, MODEL.triangles, landmarks)
