# SPDX-License-Identifier: GPL-3.0-or-later
"""The UV of models without one, and a user's own."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import shared_files
from model_files import cache_folder, loaded, small_face
from scipy.io import loadmat, savemat

from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.models import load_model
from wrinkle_addon.core.models.uv import arranged, computed_uv, cylindrical, folds, singular_values, stretch
from wrinkle_addon.core.models.uv_file import read_uv


def test_stretch_of_known_maps() -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    uv = square[:, :2].astype(np.float64)
    assert stretch(square, triangles, uv) == pytest.approx(1.0)
    assert stretch(square, triangles, uv * 0.3) == pytest.approx(1.0)
    # twice as wide: singular values 2 and 1/2 at equal area give sqrt((4 + 1/4) / 2)
    assert stretch(square * [4, 1, 1], triangles, uv) == pytest.approx(np.sqrt((4 + 0.25) / 2))
    assert folds(triangles, uv) == 0
    assert folds(triangles, uv[:, ::-1]) == 2


def test_standin_uv_beats_the_reference_map() -> None:
    model = loaded(shared_files.BFM_STANDIN)
    theirs = loadmat(shared_files.need(shared_files.BFM_UV))["texture_uv"]
    ours = stretch(model.mean, model.triangles, model.uv)
    assert ours <= stretch(model.mean, model.triangles, theirs)
    assert ours < 1.1
    assert folds(model.triangles, model.uv) == 0


def test_standin_uv_is_upright_symmetric_and_even() -> None:
    model = loaded(shared_files.BFM_STANDIN)
    uv = model.uv[model.landmarks]
    for right, left in ((36, 45), (39, 42), (48, 54), (31, 35), (17, 26)):
        assert abs(uv[right, 1] - uv[left, 1]) < 0.01
        assert uv[right, 0] + uv[left, 0] == pytest.approx(2 * uv[30, 0], abs=0.01)
        assert uv[left, 0] > uv[right, 0]
    assert uv[8, 1] < uv[57, 1] < uv[33, 1] < uv[27, 1] < uv[19, 1]
    large, small, _, area = singular_values(model.mean, model.triangles, model.uv)
    sound = area > 1e-2
    texel = np.sqrt(large * small)[sound]
    assert np.percentile(texel, 98) / np.percentile(texel, 2) < 2.5


def test_unrolling_from_nothing() -> None:
    mean, triangles = small_face(45.0)
    uv = computed_uv(mean, triangles, np.argsort(mean[:, 1])[::40].astype(np.int32))
    assert folds(triangles, uv) == 0
    assert stretch(mean, triangles, uv) < 1.15 < stretch(mean, triangles, cylindrical(mean))


def test_a_closed_surface_gets_a_cylinder() -> None:
    corner = np.array([[1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]], np.float32)
    triangles = np.array([[0, 1, 3], [0, 2, 1], [0, 3, 2], [1, 2, 3]], np.int32)
    np.testing.assert_array_equal(computed_uv(corner, triangles, np.arange(4, dtype=np.int32)), cylindrical(corner))


def test_arranging_turns_upright() -> None:
    mean, triangles = small_face()
    turned = np.column_stack((-mean[:, 1], mean[:, 0])).astype(np.float64)
    known = np.arange(0, len(mean), 50, dtype=np.int32)
    uv = arranged(turned, np.arange(len(mean)), mean, triangles, known)
    assert np.corrcoef(uv[:, 1], mean[:, 1])[0, 1] > 0.99


def test_own_uv_in_every_format(tmp_path: Path) -> None:
    uv = np.random.default_rng(0).random((500, 2))
    savemat(tmp_path / "plain.mat", {"note": "text", "uv": uv})
    savemat(tmp_path / "packed.mat", {"uv": uv}, do_compression=True)
    np.save(tmp_path / "uv.npy", uv.astype(np.float32))
    with h5py.File(tmp_path / "new.mat", "w") as file:
        file["uv"] = uv.T
    lines = [f"v {k} 0 0" for k in range(500)] + [f"vt {u:.9f} {v:.9f}" for u, v in uv]
    (tmp_path / "uv.obj").write_text("\n".join([*lines, "f 1/1 2/2 3/3"]))
    for name in ("plain.mat", "packed.mat", "uv.npy", "new.mat"):
        np.testing.assert_allclose(read_uv(tmp_path / name, 500), uv, atol=1e-6)
    np.testing.assert_allclose(read_uv(tmp_path / "uv.obj", 500)[:3], uv[:3], atol=1e-6)


def test_own_uv_on_the_standin() -> None:
    model = loaded(shared_files.BFM_STANDIN)
    own = load_model(shared_files.BFM_STANDIN, uv=shared_files.need(shared_files.BFM_UV), cache=cache_folder())
    np.testing.assert_allclose(own.uv, loadmat(shared_files.BFM_UV)["texture_uv"], atol=1e-6)
    assert own.content != model.content


def test_foreign_uv_files(tmp_path: Path) -> None:
    np.save(tmp_path / "short.npy", np.zeros((7, 2)))
    np.save(tmp_path / "object.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "outside.npy", np.full((500, 2), 3.0))
    savemat(tmp_path / "whole.mat", {"uv": np.zeros((500, 2))}, do_compression=True)
    (tmp_path / "cut.mat").write_bytes((tmp_path / "whole.mat").read_bytes()[:150])
    (tmp_path / "text.obj").write_text("nothing here")
    for name in ("short.npy", "object.npy", "outside.npy", "cut.mat", "text.obj", "none.mat"):
        with pytest.raises(WrinkleError, match=name.split(".")[0]):
            read_uv(tmp_path / name, 500)
