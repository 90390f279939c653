# SPDX-License-Identifier: GPL-3.0-or-later
"""The built-in face: its mesh, UV, landmarks, identity modes and blendshapes are what a fit and an animator need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shared_files import SHARED, need

from modelling import topology
from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.images import read_photo
from wrinkle_addon.core.landmarks import find_landmarks
from wrinkle_addon.core.landmarks.ibug import to_ibug
from wrinkle_addon.core.models import arkit
from wrinkle_addon.core.models.builtin import FILE, load_builtin, mirror_index, parts

SKIN, LID, MOUTH, EYEBALL = range(4)
UPPER_LID, LOWER_LID = (386, 385, 387), (374, 380, 373)  # of the 468 points, left eye
MODEL = load_builtin()
PARTS = parts()
MIRROR = mirror_index()


def motion(name: str) -> np.ndarray:
    return MODEL.expression_basis[MODEL.expression_names.index(name)].astype(np.float64)


def normals(points: np.ndarray) -> np.ndarray:
    a, b, c = (points[MODEL.triangles[:, k]].astype(np.float64) for k in range(3))
    return np.cross(b - a, c - a)


def test_size_and_kind() -> None:
    assert 5_000 <= len(MODEL.mean) <= 15_000
    assert MODEL.kind == "builtin"
    assert FILE.stat().st_size < 12e6
    assert len(MODEL.shape_basis) >= 30
    for array in (MODEL.mean, MODEL.uv, MODEL.shape_basis, MODEL.expression_basis):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()


def test_names_are_apples() -> None:
    assert MODEL.arkit.names == arkit.NAMES == MODEL.expression_names
    assert len(set(arkit.NAMES)) == 52
    assert (
        sum(arkit.side(name) == "L" for name in arkit.NAMES)
        == sum(arkit.side(name) == "R" for name in arkit.NAMES)
        == 18
    )
    assert arkit.side("jawLeft") is None
    assert arkit.mirrored("mouthLeft") == "mouthRight"
    assert arkit.group("eyeBlinkLeft") == "eyeBlink"


def test_mesh_is_a_clean_surface() -> None:
    half = np.vstack([MODEL.triangles[:, [0, 1]], MODEL.triangles[:, [1, 2]], MODEL.triangles[:, [2, 0]]])
    assert len(np.unique(half, axis=0)) == len(half), "two triangles share an edge in the same direction"
    used = np.bincount(MODEL.triangles.ravel(), minlength=len(MODEL.mean))
    assert used.min() >= 2
    assert np.linalg.norm(normals(MODEL.mean), axis=1).min() > 1e-6


def test_mesh_is_symmetric() -> None:
    assert np.array_equal(MIRROR[MIRROR], np.arange(len(MIRROR)))
    assert np.abs(MODEL.mean[MIRROR] * [-1, 1, 1] - MODEL.mean).max() < 1e-4
    assert np.abs([1, 0] - MODEL.uv[MIRROR] * [1, -1] - MODEL.uv).max() < 1e-4
    faces = {tuple(sorted(t)) for t in MODEL.triangles.tolist()}
    assert {tuple(sorted(t)) for t in MIRROR[MODEL.triangles].tolist()} == faces


def test_uv_has_no_folds_and_little_stretch() -> None:
    a, b, c = (MODEL.uv[MODEL.triangles[:, k]].astype(np.float64) for k in range(3))
    doubled = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert (doubled > 0).all()
    assert MODEL.uv.min() > 0
    assert MODEL.uv.max() < 1
    face = (PARTS[MODEL.triangles] == SKIN).all(axis=1) & (MODEL.mean[MODEL.triangles, 2].mean(axis=1) > -40)
    scale = np.sqrt(doubled[face] / np.linalg.norm(normals(MODEL.mean)[face], axis=1))
    assert np.percentile(scale, 99) / np.percentile(scale, 1) < 3.5
    left, right = MODEL.uv[MODEL.landmarks[45]], MODEL.uv[MODEL.landmarks[36]]
    assert left[0] > right[0] + 0.2, "the subject's left lies at the image's right"
    assert MODEL.uv[MODEL.landmarks[27], 1] > MODEL.uv[MODEL.landmarks[8], 1] + 0.2


def test_the_mesh_lies_on_the_calibration_figures() -> None:
    table = np.loadtxt(need(SHARED / "models" / "ibug68_neutral_mm.csv"), delimiter=",", skiprows=2)[:, 1:]
    points = topology.ibug_rows() @ MODEL.mean[MODEL.dense]
    points[:17] = MODEL.mean[MODEL.landmarks[:17]]
    error = np.linalg.norm(points - table, axis=1)
    assert error.mean() < 0.8
    assert error.max() < 2.5


def test_landmarks_mean_what_they_mean_in_photos() -> None:
    points = to_ibug(MODEL.mean[MODEL.dense] * [1, -1, 1])[17:] * [1, -1]
    away = np.linalg.norm(MODEL.mean[MODEL.landmarks[17:], :2] - points, axis=1)
    assert away[:10].max() < 2.0, "brows"
    assert away.max() < 4.0
    assert (PARTS[MODEL.landmarks] == SKIN).all()


def test_contours_lie_on_their_sides() -> None:
    assert (MODEL.mean[MODEL.right_contour, 0] < 0).all()
    assert (MODEL.mean[MODEL.left_contour, 0] > 0).all()
    assert set(MIRROR[MODEL.right_contour]) == set(MODEL.left_contour.tolist())


def test_identity_modes_are_orthogonal_and_sized_like_people() -> None:
    flat = MODEL.shape_basis.reshape(len(MODEL.shape_basis), -1).astype(np.float64)
    size = np.linalg.norm(flat, axis=1)
    cosine = (flat @ flat.T) / np.outer(size, size) - np.eye(len(flat))
    assert np.abs(cosine).max() < 0.02
    largest = np.linalg.norm(MODEL.shape_basis, axis=2).max(axis=1)
    assert (largest > 0.25).all()
    assert (largest < 9).all()


def test_random_people_keep_a_proper_mesh() -> None:
    rng = np.random.default_rng(1)
    before = normals(MODEL.mean)
    face = (PARTS[MODEL.triangles] == SKIN).all(axis=1)
    for _ in range(8):
        weights = np.clip(rng.standard_normal(len(MODEL.shape_basis)), -2, 2)
        after = normals(MODEL.mean + np.tensordot(weights, MODEL.shape_basis, 1))
        turned = (before * after).sum(axis=1) < 0
        assert (turned & face).sum() < 0.002 * face.sum()


@pytest.mark.parametrize("name", [n for n in arkit.NAMES if arkit.side(n)])
def test_one_sided_shapes_leave_the_far_side_alone(name: str) -> None:
    sign = 1 if arkit.side(name) == "L" else -1
    length = np.linalg.norm(motion(name), axis=1)
    assert length[sign * MODEL.mean[:, 0] < -10].max(initial=0) < 0.05 * length.max()
    assert np.abs(motion(name)[MIRROR] * [-1, 1, 1] - motion(arkit.mirrored(name))).max() < 0.02


@pytest.mark.parametrize("name", [n for n in arkit.NAMES if n == arkit.mirrored(n)])
def test_unsided_shapes_are_symmetric(name: str) -> None:
    assert np.abs(motion(name)[MIRROR] * [-1, 1, 1] - motion(name)).max() < 0.02


@pytest.mark.parametrize("name", arkit.NAMES)
def test_shapes_move_and_neither_tear_nor_fold_the_skin(name: str) -> None:
    delta = motion(name)
    assert 1.0 < np.linalg.norm(delta, axis=1).max() < 45
    points = MODEL.mean + delta
    if name == "mouthClose":  # made to be used on an open jaw
        points = points + motion("jawOpen")
    corners = MODEL.mean[MODEL.landmarks[[48, 54, 60, 64, 36, 39, 42, 45]]]
    middle = MODEL.mean[MODEL.triangles].mean(axis=1)
    free = np.linalg.norm(middle[:, None] - corners[None], axis=2).min(axis=1) > 5
    skin = (PARTS[MODEL.triangles] == SKIN).all(axis=1) & free
    before, after = normals(MODEL.mean)[skin], normals(points)[skin]
    assert ((before * after).sum(axis=1) < 0).mean() < 0.006  # lips may turn by more than a right angle
    edges = np.vstack([MODEL.triangles[skin][:, [0, 1]], MODEL.triangles[skin][:, [1, 2]]])
    stretch = np.linalg.norm(np.subtract(*points[edges.T]), axis=1) / np.linalg.norm(
        np.subtract(*MODEL.mean[edges.T]), axis=1
    )
    assert np.percentile(stretch, 99.9) < 4.5


def test_blink_closes_the_eye() -> None:
    closed = MODEL.mean + motion("eyeBlinkLeft")
    for upper, lower in zip(UPPER_LID, LOWER_LID, strict=True):
        assert np.linalg.norm(MODEL.mean[upper] - MODEL.mean[lower]) > 5
        assert closed[upper, 1] - closed[lower, 1] < 1.0
    ball = MODEL.mean[(PARTS == EYEBALL) & (MODEL.mean[:, 0] > 0)]
    centre = np.array([ball[:, 0].mean(), ball[:, 1].mean(), ball[:, 2].max() - 12.9])
    lid = closed[[*UPPER_LID, *LOWER_LID]]
    assert (np.linalg.norm(lid - centre, axis=1) > 12).all(), "lids slide over the eyeball, not through it"


def test_jaw_opens_the_lips_and_shows_no_hole() -> None:
    opened = MODEL.mean + motion("jawOpen")
    assert np.linalg.norm(opened[13] - opened[14]) > 15
    assert np.linalg.norm(MODEL.mean[13] - MODEL.mean[14]) < 1.5
    assert np.linalg.norm(motion("jawOpen")[0]) < 1.5, "the upper lip stays"
    counts: dict[tuple[int, int], int] = {}
    for t in MODEL.triangles[(PARTS[MODEL.triangles] != EYEBALL).all(axis=1)].tolist():
        for k in range(3):
            edge = (min(t[k], t[(k + 1) % 3]), max(t[k], t[(k + 1) % 3]))
            counts[edge] = counts.get(edge, 0) + 1
    rim = np.unique([edge for edge, uses in counts.items() if uses == 1])
    near = np.linalg.norm(MODEL.mean[rim] - MODEL.mean[13], axis=1)
    assert near.min() > 50, "the mouth's inside is closed"


def test_mouth_close_seals_the_open_jaw() -> None:
    sealed = MODEL.mean + motion("jawOpen") + motion("mouthClose")
    assert np.linalg.norm(sealed[13] - sealed[14]) < 3


def test_our_detector_finds_the_rendered_face() -> None:
    """docs/face_front.png (made by modelling/pictures.py): a 95 mm lens 800 mm before (0, -16, -12)."""
    networks = FILE.parent / "networks" / "face_landmark.tflite"
    photo = read_photo(need(Path(__file__).parents[1] / "docs" / "face_front.png"))
    need(networks)
    height, width = photo.pixels.shape[:2]
    seen = MODEL.mean[MODEL.landmarks].astype(np.float64) - [0, -16, -12]
    scale = width * 95 / 36 / (800 - seen[:, 2])
    true = np.stack([width / 2 - 0.5 + scale * seen[:, 0], height / 2 - 0.5 - scale * seen[:, 1]], axis=1)
    error = np.linalg.norm(find_landmarks(photo).points - true, axis=1).mean()
    assert error / np.linalg.norm(true[36] - true[45]) < 0.06


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrinkleError, match=r"nothing\.npz is missing"):
        load_builtin(tmp_path / "nothing.npz")
    broken = tmp_path / "broken.npz"
    broken.write_bytes(FILE.read_bytes()[: FILE.stat().st_size // 2])
    with pytest.raises(WrinkleError, match=r"broken\.npz is not a whole face file"):
        load_builtin(broken)
    with np.load(FILE) as archive:
        arrays = dict(archive)
    arrays["mean"] = arrays["mean"] + np.float32(1)
    changed = tmp_path / "changed.npz"
    np.savez(changed, **arrays)
    with pytest.raises(WrinkleError, match="checksum"):
        load_builtin(changed)
