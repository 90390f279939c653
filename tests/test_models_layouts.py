# SPDX-License-Identifier: GPL-3.0-or-later
"""Models in layouts whose files cannot be had here, cut from those at hand: from the file to the fit on a photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shared_files
from model_files import eos_blendshapes, eos_bytes, loaded, small_face, write_bfm_part

from wrinkle_addon.core.fit import fit_face
from wrinkle_addon.core.images import read_photo
from wrinkle_addon.core.landmarks import find_landmarks
from wrinkle_addon.core.models import builtin, describe, load_model
from wrinkle_addon.core.models.eos_file import read_eos
from wrinkle_addon.core.types import FaceModel

FACE12_VERTICES = 28_588


def sits(model: FaceModel) -> None:
    """Assert that the model lies on the photo as the others do."""
    photo = read_photo(shared_files.need(shared_files.PHOTO))
    marks = find_landmarks(photo)
    fit = fit_face(model, photo, marks)
    assert fit.reprojection[0] <= 4.0
    assert fit.reprojection[1] <= 0.5
    eyes_px = np.linalg.norm(marks.points[45] - marks.points[36])
    for point in (36, 45, 48, 54, 30):
        away = np.linalg.norm(fit.image_points[model.landmarks[point]] - marks.points[point])
        assert away < 0.025 * eyes_px, point


def test_face12_of_2017(tmp_path: Path) -> None:
    whole = loaded(shared_files.BFM_STANDIN)
    away = np.linalg.norm(whole.mean - whole.mean[whole.landmarks[30]], axis=1)
    kept = np.sort(np.argsort(away)[:FACE12_VERTICES])
    model = load_model(write_bfm_part(tmp_path / "face12.h5", whole, kept, 2017), cache=tmp_path / "cache")
    assert model.kind == "bfm"
    assert len(model.mean) == FACE12_VERTICES
    known = (model.landmarks >= 0) & (whole.landmarks >= 0)
    known[:17] = False
    assert known.sum() >= 48
    moved = model.mean[model.landmarks[known]] - whole.mean[whole.landmarks[known]]
    assert np.median(np.linalg.norm(moved, axis=1)) < 2.0
    facts = describe(model)
    assert facts["uv_folds"] == 0
    assert facts["uv_stretch"] < 1.2
    assert len(facts["arkit_expressions"]) > 44
    sits(model)


def test_a_head_of_2019(tmp_path: Path) -> None:
    face = builtin.load_builtin()
    kept = np.flatnonzero(builtin.parts() == 0)
    model = load_model(write_bfm_part(tmp_path / "head.h5", face, kept, 2019), cache=tmp_path / "cache")
    assert model.kind == "bfm"
    assert (model.landmarks[17:60] >= 0).all()
    assert describe(model)["uv_folds"] == 0
    sits(model)


@pytest.mark.parametrize("beside", [True, False], ids=["blendshapes beside it", "no blendshapes"])
def test_an_eos_model_of_unknown_topology(tmp_path: Path, beside: bool) -> None:
    mean, triangles = small_face()
    (tmp_path / "head.bin").write_bytes(eos_bytes(mean, triangles))
    if beside:
        (tmp_path / "expressions.bin").write_bytes(eos_blendshapes(len(mean), ("smile", "frown")))
    raw = read_eos(tmp_path / "head.bin")
    assert raw.expression_names == (("smile", "frown") if beside else ())
    assert raw.expression_bounds == (0.0, 1.0) or not beside
    model = load_model(tmp_path / "head.bin", cache=tmp_path / "cache")
    assert len(model.arkit.names) == 52
    assert model.arkit.deltas[17].any()
