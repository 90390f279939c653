# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip for Blender: complete, valid, the same bytes every time, and fit for the Blenders it names."""

from __future__ import annotations

import ast
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from addon_zip import RUNNING, addon_zip

from tools import bundle
from tools.layout import ADDON, MANIFEST, ROOT, blender_platform
from tools.manifest import manifest_text, version
from tools.notices import is_notice
from tools.progress import SetupError

BUNDLED = {"wrinkle_native", "eos_py", "opencv_python_headless", "h5py"}


@pytest.fixture(scope="module")
def archive() -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(addon_zip()) as opened:
        yield opened


@pytest.fixture(scope="module")
def manifest(archive: zipfile.ZipFile) -> dict[str, object]:
    return tomllib.loads(archive.read("blender_manifest.toml").decode())


class TestContent:
    def test_the_addon_lies_at_the_root(self, archive: zipfile.ZipFile) -> None:
        names = set(archive.namelist())
        assert {"__init__.py", "blender_manifest.toml", "core/pipeline.py", "LICENSE", "THIRD_PARTY.md"} <= names
        assert {f"assets/networks/{name}.tflite" for name in ("face_detection_short_range", "face_landmark")} <= names

    def test_nothing_else_comes_along(self, archive: zipfile.ZipFile) -> None:
        for name in archive.namelist():
            assert "__pycache__" not in name
            assert not name.startswith(("/", ".."))
            assert not name.endswith((".pyc", ".part", ".so"))

    def test_the_manifest_lists_the_wheels_that_are_there(
        self, archive: zipfile.ZipFile, manifest: dict[str, list[str]]
    ) -> None:
        inside = {f"./{name}" for name in archive.namelist() if name.endswith(".whl")}
        assert set(manifest["wheels"]) == inside
        assert {Path(name).name.partition("-")[0] for name in inside} == BUNDLED

    def test_numpy_is_left_to_blender(self, archive: zipfile.ZipFile) -> None:
        assert not [name for name in archive.namelist() if name.startswith("wheels/numpy")]

    def test_the_manifest_names_version_platform_and_permissions(self, manifest: dict[str, object]) -> None:
        assert manifest["version"] == version()
        assert manifest["blender_version_min"] == "4.2.0"
        assert manifest["platforms"] == [blender_platform()]
        assert manifest["license"] == ["SPDX:GPL-3.0-or-later"]
        assert set(manifest["permissions"]) == {"files"}  # type: ignore[call-overload]

    def test_every_wheel_brings_its_licence(self, archive: zipfile.ZipFile) -> None:
        folders = {name.split("/")[1].rpartition("-")[0] for name in archive.namelist() if name.startswith("licences/")}
        assert (BUNDLED - {"wrinkle_native"}) | {"mediapipe"} <= folders

    def test_wheels_are_for_this_python_and_for_an_old_enough_linux(self, manifest: dict[str, list[str]]) -> None:
        for wheel in manifest["wheels"]:
            python, abi, platform = wheel.removesuffix(".whl").split("-")[-3:]
            assert python == f"cp{RUNNING.replace('.', '')}" or abi == "abi3"
            if blender_platform() == "linux-x64":
                assert platform.startswith("manylinux")

    def test_every_entry_has_the_one_date(self, archive: zipfile.ZipFile) -> None:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


class TestWriting:
    def test_the_order_of_the_content_does_not_matter(self, tmp_path: Path) -> None:
        content = {"b.txt": b"two" * 100, "a.whl": b"one", "c/d.txt": b""}
        first, second = tmp_path / "first.zip", tmp_path / "second.zip"
        bundle.write_zip(first, content)
        bundle.write_zip(second, dict(reversed(content.items())))
        assert first.read_bytes() == second.read_bytes()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["first.zip", "second.zip"]

    def test_the_tracked_manifest_is_only_read(self) -> None:
        before = MANIFEST.read_bytes()
        made = tomllib.loads(manifest_text("linux-x64", ["b.whl", "a.whl"]))
        assert MANIFEST.read_bytes() == before
        tracked = tomllib.loads(before.decode())
        assert {key: made[key] for key in tracked} == tracked
        assert made["wheels"] == ["./wheels/a.whl", "./wheels/b.whl"]
        assert made["platforms"] == ["linux-x64"]

    def test_the_oldest_python_wins_where_blender_looks_at_names_only(self) -> None:
        names = ["eos_py-1.5.0-cp313-cp313-linux_x86_64.whl", "eos_py-1.5.0-cp311-cp311-linux_x86_64.whl"]
        shared = "opencv_python_headless-4.11.0.86-cp37-abi3-manylinux2014_x86_64.whl"
        named = bundle.named_for_blender([Path(name) for name in [*names, shared, shared]])
        assert sorted(named) == [
            "eos_py-1.5.0-0-cp313-cp313-linux_x86_64.whl",
            "eos_py-1.5.0-cp311-cp311-linux_x86_64.whl",
            shared,
        ]

    def test_blenders_check_refuses_a_broken_zip(self, tmp_path: Path) -> None:
        pytest.importorskip("bpy", reason="Blender's own check comes with the bpy module, which is not installed")
        broken = tmp_path / "broken.zip"
        bundle.write_zip(broken, {"blender_manifest.toml": b'schema_version = "1.0.0"\n', "__init__.py": b""})
        with pytest.raises(SetupError, match="missing"):
            bundle.validate(broken, Path(sys.executable))

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("h5py-3.16.0.dist-info/licenses/licenses/hdf5.txt", True),
            ("eos_py-1.5.0.dist-info/LICENSE", True),
            ("cv2/LICENSE-3RD-PARTY.txt", True),
            ("cv2/utils/__init__.py", False),
            ("licenses/tool.py", False),
        ],
    )
    def test_notices_are_told_from_other_files(self, name: str, expected: bool) -> None:
        assert is_notice(name) is expected


def test_the_addon_imports_itself_by_relative_names_only() -> None:
    """Blender loads it as `bl_ext.REPOSITORY.wrinkle_addon`, where the name `wrinkle_addon` alone leads nowhere."""
    for path in sorted(ADDON.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names.append(node.module or "")
            absolute = [name for name in names if name.partition(".")[0] == "wrinkle_addon"]
            assert not absolute, f"{path.relative_to(ROOT)}:{node.lineno}"
