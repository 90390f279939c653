# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's contract: files, exit codes, one sentence per mistake."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from shared_files import BFM_STANDIN, need

from wrinkle_addon.cli import main
from wrinkle_addon.core import files

DEMO = Path(__file__).resolve().parents[1] / "wrinkle_addon" / "assets" / "demo_photo.jpg"
MAPS = ("texture.png", "confidence.png", "displacement.exr", "normal_512.png", "normal_512.jpg")
OTHERS = ("landmarks.pts", "fit.npz", "motion/atlas.png", "motion/index.json", "report.json")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reconstruct")
    assert main(["reconstruct", str(DEMO), "--out", str(out), "--size", "512", "--no_blend"]) == 0
    return out


@pytest.mark.parametrize("name", MAPS + OTHERS)
def test_reconstruct_writes_every_file(result: Path, name: str) -> None:
    assert (result / name).stat().st_size > 0


def test_fit_holds_the_contract(result: Path) -> None:
    with np.load(result / "fit.npz") as fit:
        vertices = len(fit["vertices"])
        assert fit["vertices"].shape == (vertices, 3)
        assert fit["image_points"].shape == (vertices, 2)
        assert fit["uv"].shape == (vertices, 2)
        assert fit["visible"].shape == (vertices,)
        assert fit["landmarks"].shape == (68, 2)
        assert fit["triangles"].shape[1] == 3
        assert fit["triangles"].max() < vertices
        assert 0.05 < float(fit["texel_mm"]) < 2.0
        assert all(np.isfinite(fit[key]).all() for key in ("vertices", "image_points", "uv", "shape_coefficients"))


def test_maps_are_plausible(result: Path) -> None:
    displacement = files.read_exr(result / "displacement.exr")
    assert displacement.shape == (512, 512)
    assert displacement.dtype == np.float32
    assert np.isfinite(displacement).all()
    assert 0.01 < np.abs(displacement).max() < 5.0
    normal = cv2.imread(str(result / "normal_512.png"), cv2.IMREAD_UNCHANGED)
    assert normal.dtype == np.uint16
    flat = np.array([65535, 32768, 32768])  # BGR
    assert np.abs(normal[0, 0].astype(int) - flat).max() <= 1


def test_report_names_what_was_done(result: Path) -> None:
    report = json.loads((result / "report.json").read_text())
    assert set(report) >= {"seconds", "versions", "settings", "warnings", "light"}
    assert report["settings"]["size"] == 512
    assert len(report["light"]["direction"]) == 3


def test_texture_mode_repeats_the_wrinkles(result: Path, tmp_path: Path) -> None:
    arguments = [f"--dir_tex={result / 'texture.png'}", "--out", str(tmp_path), "--texel_mm", "0.4"]
    assert main(["texture", *arguments]) == 0
    for name in ("confidence.png", "displacement.exr", "normal_512.png", "normal_512.jpg", "report.json"):
        assert (tmp_path / name).stat().st_size > 0


def test_landmarks_command(tmp_path: Path) -> None:
    out = tmp_path / "new folder" / "face.pts"
    assert main(["landmarks", str(DEMO), "--out", str(out)]) == 0
    assert out.read_text().count("\n") >= 70


def test_model_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "builtin"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["kind"] == "builtin"


def text_as_jpg(folder: Path) -> Path:
    path = folder / "text.jpg"
    path.write_text("not a photo")
    return path


def truncated_png(folder: Path) -> Path:
    path = folder / "truncated.png"
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    path.write_bytes(cv2.imencode(".png", noise)[1].tobytes()[:4000])
    return path


def tiny(folder: Path) -> Path:
    path = folder / "tiny.png"
    cv2.imwrite(str(path), np.zeros((1, 1, 3), np.uint8))
    return path


def no_face(folder: Path) -> Path:
    path = folder / "noise.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (400, 400, 3), np.uint8))
    return path


@pytest.mark.parametrize("make", [lambda folder: folder / "missing.jpg", text_as_jpg, truncated_png, tiny, no_face])
def test_bad_photo_is_one_sentence(make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path)
    out = tmp_path / "out"
    assert main(["reconstruct", str(path), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert path.name in said
    assert said.count("\n") == 1
    assert not out.exists() or not any(out.iterdir())


def wrong_h5(folder: Path) -> Path:
    path = folder / "wrong.h5"
    with h5py.File(path, "w") as file:
        file["something"] = [1, 2, 3]
    return path


def huge_h5(folder: Path) -> Path:
    path = folder / "huge.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("shape/model/mean", shape=(3_000_000_000,), dtype="f4", chunks=(1024,))
        file.create_dataset("shape/model/pcaBasis", shape=(3_000_000_000, 199), dtype="f4", chunks=(1024, 1))
        file["shape/model/pcaVariance"] = np.ones(199, np.float32)
        file["shape/representer/cells"] = np.zeros((3, 10), np.int32)
    return path


def truncated_h5(folder: Path) -> Path:
    path = folder / "truncated.h5"
    path.write_bytes(need(BFM_STANDIN).read_bytes()[:500_000])
    return path


def nan_h5(folder: Path) -> Path:
    path = folder / "nan.h5"
    path.write_bytes(need(BFM_STANDIN).read_bytes())
    with h5py.File(path, "r+") as file:
        file["shape/model/mean"][17] = np.nan
    return path


@pytest.mark.parametrize(
    "make", [lambda folder: folder / "missing.h5", text_as_jpg, wrong_h5, huge_h5, truncated_h5, nan_h5]
)
def test_bad_model_is_one_sentence(make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path)
    out = tmp_path / "out"
    assert main(["reconstruct", str(DEMO), "--out", str(out), "--model", str(path)]) == 2
    said = capsys.readouterr().err
    assert path.name in said
    assert said.count("\n") == 1
    assert not out.exists() or not any(out.iterdir())


def test_unwritable_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file where the folder should be")
    assert main(["reconstruct", str(DEMO), "--out", str(occupied)]) == 2
    assert "occupied" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["reconstruct"],
        ["reconstruct", "a.png", "--out", "o", "--size", "1000"],
        ["reconstruct", "a.png", "--out", "o", "--dog_thres", "900"],
        ["reconstruct", "a.png", "--out", "o", "--export", "maya"],
        ["reconstruct", "a.png", "--out", "o", "--export", "gltf", "--no_blend"],
        ["texture", "--out", "o"],
        ["texture", "a.png", "--out", "o", "--light", "1,2"],
        ["texture", "a.png", "--out", "o", "--texel_mm", "-1"],
    ],
)
def test_wrong_arguments_are_one_sentence(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not any(tmp_path.iterdir())


def test_masks_and_regions_of_photos_reach_the_maps(
    result: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[:24] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    options = ["--size", "512", "--no_blend", "--mask", str(tmp_path / "mask.png"), "--shows", "auto"]
    assert main(["reconstruct", str(DEMO), "--out", str(tmp_path / "cut"), *options]) == 0
    whole, cut = (files.read_exr(folder / "displacement.exr") for folder in (result, tmp_path / "cut"))
    assert np.abs(whole[230:]).max() > 0.01 > np.abs(cut[230:]).max()
    assert np.corrcoef(whole[:170].ravel(), cut[:170].ravel())[0, 1] > 0.95
    capsys.readouterr()
    assert main(["reconstruct", str(DEMO), "--out", str(tmp_path), "--regions", "chin", "--regions", "all"]) == 2
    assert "--regions is given more often than photos" in capsys.readouterr().err
    assert main(["reconstruct", str(DEMO), "--out", str(tmp_path), "--regions", "ear", "--size", "256"]) == 2
    assert "no region 'ear'" in capsys.readouterr().err
