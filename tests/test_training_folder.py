# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference's training folder: written, read back, trained on."""

import json

import numpy as np
import pytest

from training.folder import BLOCK, read_folder, write_folder
from training.own import check_folder, train_folder
from training.tiles import make_tile
from training.weights import digest, read_regressor
from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.files import read_exr, read_png


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("scans")
    write_folder(place, [make_tile(seed, size=160, texel_mm=0.25, region="forehead") for seed in range(40, 46)], 12)
    return place


def test_a_folder_has_the_reference_s_parts(folder) -> None:
    assert sorted(p.name for p in folder.iterdir()) == ["DOG", "data", "data_train", "patch"]
    name = "tile_0000"
    block = read_png(folder / "data_train" / f"{name}_0003.png")
    row, column = np.loadtxt(folder / "patch" / f"{name}.txt", int)[3]
    half = BLOCK // 2
    texture = read_png(folder / "data" / f"{name}.png")
    assert np.array_equal(block, texture[row - half : row + half, column - half : column + half])
    assert read_exr(folder / "data_train" / f"{name}_0003.exr").shape == (BLOCK, BLOCK)
    assert read_png(folder / "DOG" / f"{name}.png").dtype == np.uint8


def test_a_folder_reads_back_what_was_written(folder) -> None:
    sheets = read_folder(folder)
    tile = make_tile(41, size=160, texel_mm=0.25, region="forehead")
    assert len(sheets) == 6
    assert np.array_equal(sheets[1].tile.rgb, tile.rgb)
    assert np.allclose(sheets[1].tile.height, tile.height)
    assert np.allclose(sheets[1].tile.light, tile.light, atol=1e-6)
    assert sheets[1].centres.shape == (12, 2)


def test_training_on_a_folder_brings_the_error_down(folder) -> None:
    said = []
    quick = check_folder(folder, said.append, rounds=1, patches=400)
    longer = check_folder(folder, said.append, rounds=20, patches=400)
    assert longer[0] < 0.8 * quick[0]
    assert longer[0] < 0.6
    assert len(said) == 2


def test_nets_trained_on_a_folder_are_written_as_a_regressor(folder, tmp_path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (requirements/training.txt)")
    found = train_folder(folder, tmp_path / "own.npz", None, 360, lambda text: None)
    meta, arrays = read_regressor(tmp_path / "own.npz")
    assert [scale["mm"] for scale in meta["scales"]] == [0.25, 0.75]
    assert meta["sha256"] == digest({k: v.astype(np.float16) for k, v in arrays.items()})
    assert found["fine"][1] < found["fine"][0]


def test_a_folder_without_textures_says_what_to_do(tmp_path) -> None:
    with pytest.raises(WrinkleError, match="holds no textures"):
        read_folder(tmp_path)


def test_a_wrong_light_names_its_file(folder, tmp_path) -> None:
    write_folder(tmp_path, [make_tile(1, size=96, texel_mm=0.25)], 2)
    (tmp_path / "data" / "tile_0000.json").write_text(json.dumps({"texel_mm": 0.2, "light": [0, 0, 0]}))
    with pytest.raises(WrinkleError, match=r"tile_0000\.json"):
        read_folder(tmp_path)
