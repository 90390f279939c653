# SPDX-License-Identifier: GPL-3.0-or-later
"""Models are told apart by content, read rightly, completed and cached."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import eos
import h5py
import numpy as np
import pytest
import shared_files
from model_files import cache_folder, eos_bytes, loaded, small_face, write_bfm
from wrinkle_native import interpolate_uv

from wrinkle_addon.core.models import arkit, builtin, complete, describe, load_model
from wrinkle_addon.core.models.brows import settled_brows
from wrinkle_addon.core.models.correspond import Correspondence
from wrinkle_addon.core.models.eos_file import read_eos
from wrinkle_addon.core.models.hdf5 import read_hdf5
from wrinkle_addon.core.models.ict import read_ict
from wrinkle_addon.core.models.landmark_tables import apply_table
from wrinkle_addon.core.models.locate import locate
from wrinkle_addon.core.models.uv import cylindrical
from wrinkle_addon.core.types import Blendshapes

MODELS = (shared_files.BFM_STANDIN, shared_files.SFM, shared_files.ICT)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what these tests do not look at: unrolling and carrying expressions over."""

    def still(match: Correspondence, *rest: object) -> Blendshapes:
        return Blendshapes(arkit.NAMES, np.zeros((52, len(match.triangle), 3), np.float32))

    monkeypatch.setattr(complete, "computed_uv", lambda mean, *rest: cylindrical(mean))
    monkeypatch.setattr(complete, "transfer", still)


def test_bfm_is_read_as_the_file_has_it() -> None:
    model = loaded(shared_files.BFM_STANDIN)
    with h5py.File(shared_files.BFM_STANDIN) as file:
        mean = file["shape/model/mean"][()].reshape(-1, 3)
        third = file["shape/model/pcaBasis"][:, 2].reshape(-1, 3) * np.sqrt(file["shape/model/pcaVariance"][2])
    np.testing.assert_array_equal(model.mean, mean)
    np.testing.assert_allclose(model.shape_basis[2], third, atol=1e-4)
    assert model.kind == "bfm"
    assert model.landmarks[30] == 8156


def test_eos_model_is_read_as_eos_reads_it() -> None:
    model = loaded(shared_files.SFM)
    theirs = eos.morphablemodel.load_model(str(shared_files.SFM))
    shape = theirs.get_shape_model()
    np.testing.assert_allclose(model.mean, shape.get_mean().reshape(-1, 3), atol=1e-5)
    np.testing.assert_allclose(
        model.shape_basis, shape.get_rescaled_pca_basis().T.reshape(model.shape_basis.shape), atol=1e-4
    )
    assert model.expression_names == ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
    assert describe(model)["uv_folds"] == 0


@pytest.mark.parametrize("kind", ["blendshapes", "components"])
def test_eos_models_of_version_4(tmp_path: Path, kind: str) -> None:
    source = eos.morphablemodel.load_model(str(shared_files.need(shared_files.SFM)))
    shape = source.get_shape_model()
    beside = shared_files.SFM.with_name("expression_blendshapes_3448.bin")
    expressions = shape if kind == "components" else eos.morphablemodel.load_blendshapes(str(beside))
    definitions = {str(k): k for k in range(1, 69)}
    uv = [list(pair) for pair in source.get_texture_coordinates()]
    none = eos.morphablemodel.PcaModel()
    model = eos.morphablemodel.MorphableModel(shape, expressions, none, definitions, uv, shape.get_triangle_list())
    eos.morphablemodel.save_model(model, str(tmp_path / "model.bin"))
    raw = read_eos(tmp_path / "model.bin")
    assert raw.expression_bounds == ((-3.0, 3.0) if kind == "components" else (0.0, 1.0))
    assert raw.landmarks is not None
    assert raw.landmarks.tolist() == list(range(1, 69))
    assert raw.uv is not None
    assert len(raw.uv) == len(raw.mean)


def test_ict_gives_the_face_or_the_whole_head() -> None:
    face = loaded(shared_files.ICT)
    assert face.kind == "ict"
    assert len(face.shape_basis) == 10
    assert (face.landmarks >= 0).all()
    left = face.arkit.deltas[arkit.NAMES.index("browDownLeft")]
    own = face.expression_basis[face.expression_names.index("browDown_L")]
    np.testing.assert_array_equal(left, own)
    assert load_model(shared_files.ICT.parent, cache=cache_folder()).content == face.content
    whole = read_ict(shared_files.ICT, whole_head=True)
    assert len(whole.mean) > 24591
    assert np.ptp(whole.mean[:, 1]) > np.ptp(face.mean[:, 1]) - 1.0
    assert whole.uv is not None
    assert 0.0 <= whole.uv.min() < whole.uv.max() <= 1.0
    assert whole.landmarks is not None
    eyes = [np.linalg.norm(np.subtract(*uv[[36, 45]])) for uv in (whole.uv[whole.landmarks], face.uv[face.landmarks])]
    assert eyes[0] > 0.7 * eyes[1], "the face keeps its texels"
    other = ((whole.triangles >= 9409) & (whole.triangles < 24591)).all(axis=1)
    drawn = interpolate_uv(np.ones((len(whole.mean), 1), np.float32), whole.uv, whole.triangles[other], 512)[..., 0]
    low, high = (np.round(512 * edge).astype(int) for edge in (0.02, 0.78))
    assert drawn[:high, low:high].max() == 0, "nothing lies over the face"


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_every_model_is_complete(path: Path) -> None:
    model = loaded(path)
    assert model.arkit.names == arkit.NAMES
    assert model.arkit.deltas.shape == (52, len(model.mean), 3)
    assert model.dense is not None
    assert (model.dense >= 0).sum() > 400
    assert len(model.right_contour) > 5
    assert len(model.left_contour) > 5
    assert model.uv.min() >= 0.0
    assert model.uv.max() <= 1.0
    assert "forehead" in model.regions
    a, b, c = (model.mean[model.triangles[:, k]] for k in range(3))
    assert np.cross(b - a, c - a)[:, 2].sum() > 0
    eyes = model.mean[model.landmarks[[36, 45]]]
    assert eyes[1, 0] > eyes[0, 0]


@pytest.mark.parametrize("source", ["builtin", *MODELS], ids=str)
def test_brows_lie_where_annotators_put_them(source: str | Path) -> None:
    model = load_model() if source == "builtin" else loaded(Path(source))
    points = model.mean[model.landmarks, :2]
    width = np.linalg.norm(points[45] - points[36])
    height = (points[17:27, 1] - points[[36, 45], 1].mean()) / width
    np.testing.assert_allclose(height, height[::-1], atol=0.03)
    np.testing.assert_allclose(height[:5], (0.158, 0.240, 0.261, 0.239, 0.180), atol=0.065)
    np.testing.assert_array_equal(settled_brows(model.mean, model.triangles, model.landmarks), model.landmarks)


def test_brows_that_are_unknown_or_far_off_are_settled() -> None:
    model = load_model()
    for brows in (-1, model.landmarks[27:37]):
        given = model.landmarks.copy()
        given[17:27] = brows
        found = settled_brows(model.mean, model.triangles, given)
        np.testing.assert_array_equal(np.delete(found, slice(17, 27)), np.delete(model.landmarks, slice(17, 27)))
        assert np.linalg.norm(model.mean[found] - model.mean[model.landmarks], axis=1).max() < 7.0
    given[36] = -1
    np.testing.assert_array_equal(settled_brows(model.mean, model.triangles, given), given)


def test_second_load_is_fast_and_the_same() -> None:
    first = loaded(shared_files.BFM_STANDIN)
    start = time.process_time()
    second = load_model(shared_files.BFM_STANDIN, cache=cache_folder())
    assert time.process_time() - start < 0.3
    assert second.content == first.content
    np.testing.assert_array_equal(second.arkit.deltas[17], first.arkit.deltas[17])


@pytest.mark.usefixtures("quick")
def test_the_name_does_not_matter(tmp_path: Path) -> None:
    mean, triangles = small_face()
    shutil.copy(write_bfm(tmp_path / "model.h5", mean, triangles), tmp_path / "photo.jpg")
    (tmp_path / "other.dat").write_bytes(eos_bytes(mean, triangles))
    assert load_model(tmp_path / "photo.jpg", cache=tmp_path / "cache").kind == "bfm"
    assert load_model(tmp_path / "other.dat", cache=tmp_path / "cache").kind == "eos"


@pytest.mark.usefixtures("quick")
def test_two_at_once_both_succeed(tmp_path: Path) -> None:
    mean, triangles = small_face()
    path = write_bfm(tmp_path / "model.h5", mean, triangles)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(load_model(path, cache=tmp_path / "cache").content))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 2
    assert [p.name for p in (tmp_path / "cache" / "models").iterdir()] == [found[0]]


@pytest.mark.usefixtures("quick")
def test_a_damaged_cache_entry_is_made_anew(tmp_path: Path) -> None:
    mean, triangles = small_face()
    path = write_bfm(tmp_path / "model.h5", mean, triangles)
    first = load_model(path, cache=tmp_path / "cache")
    entry = tmp_path / "cache" / "models" / first.content
    (entry / "uv.npy").write_bytes((entry / "uv.npy").read_bytes()[:100])
    again = load_model(path, cache=tmp_path / "cache")
    np.testing.assert_array_equal(again.uv, first.uv)


@pytest.mark.usefixtures("quick")
def test_an_unwritable_cache_is_no_hindrance(tmp_path: Path) -> None:
    mean, triangles = small_face()
    path = write_bfm(tmp_path / "model.h5", mean, triangles)
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert load_model(path, cache=tmp_path / "cache").kind == "bfm"


@pytest.mark.parametrize("named", [True, False], ids=["named points", "shape alone"])
def test_landmarks_are_found_on_an_unknown_topology(named: bool) -> None:
    raw = read_hdf5(shared_files.need(shared_files.BFM_STANDIN))
    assert apply_table(raw)
    assert raw.landmarks is not None
    known = settled_brows(raw.mean, raw.triangles, raw.landmarks)
    locate(raw, raw.named_points if named else {})
    both = (known >= 0) & (raw.landmarks >= 0)
    away = np.linalg.norm(raw.mean[known[both]] - raw.mean[raw.landmarks[both]], axis=1)
    assert both.sum() >= 50
    assert np.median(away) < 2.0
    brows = np.isin(np.flatnonzero(both), range(17, 27))
    assert away[~brows].max() < 4.0
    assert away[brows].max() < 7.0


def test_builtin_and_description() -> None:
    model = load_model()
    assert model is builtin.load_builtin()
    facts = describe(model)
    assert facts["vertices"] == len(model.mean)
    assert 1.0 <= facts["uv_stretch"] < 1.6
