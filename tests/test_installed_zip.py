# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip, installed into Blender with empty user folders, as a person would do it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from addon_zip import addon_zip

from tools.layout import ADDON

SCRIPT = Path(__file__).with_name("installed_addon.py")
DEMO_PHOTO = ADDON / "assets" / "demo_photo.jpg"
BLENDERS_OWN = (
    *("bpy", "numpy", "numpy.libs", "requests", "certifi", "urllib3", "idna", "charset_normalizer", "zstandard"),
    *("Cython", "cattr", "cattrs", "attr", "attrs", "typing_extensions.py"),
)
"""What bpy needs; Blender itself brings the same."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the script found in a Blender of its own."""
    archive = addon_zip()
    folder = tmp_path_factory.mktemp("blender")
    packages = folder / "packages"
    packages.mkdir()
    site = Path(sysconfig.get_path("purelib"))
    for name in BLENDERS_OWN:
        if (site / name).exists():
            try:
                (packages / name).symlink_to(site / name)
            except OSError:
                pytest.skip("this system does not let us make links")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "BLENDER"))}
    environment |= {"BLENDER_USER_RESOURCES": str(folder / "user"), "HOME": str(folder)}
    photo = str(DEMO_PHOTO) if DEMO_PHOTO.is_file() else "-"
    finished = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(packages), str(archive), photo],
        capture_output=True,
        text=True,
        env=environment,
        timeout=600,
    )
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-4000:]
    assert "Traceback" not in finished.stdout + finished.stderr, finished.stdout + finished.stderr
    found: dict[str, Any] = json.loads(finished.stdout.strip().splitlines()[-1])
    return {**found, "user": folder / "user"}


def test_it_installs_and_registers(report: dict[str, Any]) -> None:
    assert report["before"] == []
    assert report["installed"] == ["FINISHED"]
    assert report["enabled"]
    assert {"WRINKLE_OT_add_photos", "WRINKLE_OT_reconstruct"} <= set(report["operators"])


@pytest.mark.parametrize("name", ["cv2", "eos", "h5py", "wrinkle_native"])
def test_libraries_come_out_of_the_zip(report: dict[str, Any], name: str) -> None:
    assert Path(report["origins"][name]).is_relative_to(report["user"] / "extensions")


def test_numpy_is_blenders(report: dict[str, Any]) -> None:
    assert not Path(report["origins"]["numpy"]).is_relative_to(report["user"])


@pytest.mark.skipif(not DEMO_PHOTO.is_file(), reason="the demo photo is not there")
def test_the_one_button_makes_a_face(report: dict[str, Any]) -> None:
    use = report["use"]
    assert use["outcome"] == ["FINISHED"]
    assert use["faces"] == 1
    assert use["vertices"] > 1000
    assert use["shape_keys"] > 20
    assert use["drivers"] > 0
    assert use["images"]


def test_it_goes_when_it_is_disabled_and_comes_back(report: dict[str, Any]) -> None:
    assert report["after"] == []
    assert report["again"] == report["operators"]
    assert not report["left"]
