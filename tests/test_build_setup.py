# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting up: what is done already is not done again, and what is missing is said in words."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tools import environment, interpreters, networks, progress, stamps
from tools.commands import main
from tools.layout import CACHE, MANIFEST, NATIVE, PYTHONS, REQUIREMENTS, ROOT
from tools.progress import SetupError

RUNNING = "{}.{}".format(*sys.version_info[:2])


def entries(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Package -> its version and hashes, of a locked requirements file."""
    found = {}
    for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if line and not line.startswith("#"):
            pin, *hashes = line.split("--hash=")
            name, version = pin.partition(";")[0].strip().split("==")
            found[name] = (version, [value.strip() for value in hashes])
    return found


class TestRequirements:
    @pytest.mark.parametrize("version", PYTHONS)
    @pytest.mark.parametrize("name", ["runtime", "test", "build", "eos"])
    def test_every_package_is_pinned_by_hash(self, name: str, version: str) -> None:
        packages = entries(REQUIREMENTS / f"{name}-{version}.txt")
        assert packages
        for package, (_, hashes) in packages.items():
            assert hashes, package
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), package

    @pytest.mark.parametrize("version", PYTHONS)
    def test_tests_run_with_the_versions_that_the_addon_runs_with(self, version: str) -> None:
        runtime = entries(REQUIREMENTS / f"runtime-{version}.txt")
        test = entries(REQUIREMENTS / f"test-{version}.txt")
        for package in runtime.keys() & test.keys():
            assert runtime[package] == test[package]

    @pytest.mark.parametrize("name", ["runtime", "test", "build", "eos"])
    def test_locked_files_follow_their_sources(self, name: str) -> None:
        source = (REQUIREMENTS / f"{name}.in").read_text(encoding="utf-8")
        lines = [line.partition(";") for line in source.splitlines() if line and not line.startswith("#")]
        for version in PYTHONS:
            locked = entries(REQUIREMENTS / f"{name}-{version}.txt")
            for wanted, _, marker in lines:
                package, _, exact = wanted.strip().partition("==")
                if "python_version" in marker and version not in marker:
                    continue
                assert package in locked
                if exact:
                    assert locked[package][0] == exact

    def test_no_file_names_a_host(self) -> None:
        for path in REQUIREMENTS.glob("*.txt"):
            assert "://" not in path.read_text(encoding="utf-8"), path.name

    def test_torch_is_needed_by_the_trainers_only(self) -> None:
        for version in PYTHONS:
            for name in ("runtime", "test", "build", "eos"):
                assert "torch" not in entries(REQUIREMENTS / f"{name}-{version}.txt")


class TestInterpreters:
    def test_the_running_python_is_found(self) -> None:
        found = interpreters.find(RUNNING)
        assert found.version == RUNNING
        assert found.usable

    def test_a_program_that_is_no_python_is_refused(self, tmp_path: Path) -> None:
        shim = tmp_path / "python3.13"
        shim.write_text("#!/bin/sh\nexit 127\n")
        shim.chmod(0o755)
        with pytest.raises(SetupError, match="no 64-bit CPython"):
            interpreters.choose(str(shim))

    def test_an_unknown_version_names_the_known_ones(self) -> None:
        with pytest.raises(SetupError, match=r"3\.11, 3\.13"):
            interpreters.choose("3.9")

    def test_a_missing_python_says_how_to_get_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(interpreters, "candidates", lambda version: iter(()))
        with pytest.raises(SetupError, match=r"apt-get install python3\.13 python3\.13-venv python3\.13-dev"):
            interpreters.find("3.13")

    @pytest.mark.parametrize(
        ("can_make_environments", "has_headers", "package"), [(False, True, "3.11-venv"), (True, False, "3.11-dev")]
    )
    def test_a_lame_python_names_the_package(
        self, monkeypatch: pytest.MonkeyPatch, can_make_environments: bool, has_headers: bool, package: str
    ) -> None:
        lame = interpreters.Interpreter(Path("/usr/bin/python3.11"), "3.11", can_make_environments, has_headers)
        monkeypatch.setattr(interpreters, "candidates", lambda version: iter([lame.path]))
        monkeypatch.setattr(interpreters, "probe", lambda path: lame)
        with pytest.raises(SetupError, match=f"apt-get install python{package}"):
            interpreters.find("3.11")

    @pytest.mark.skipif(sys.platform == "win32", reason="Visual Studio is not on PATH")
    def test_a_missing_compiler_says_how_to_get_one(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("CXX", raising=False)
        with pytest.raises(SetupError, match=r"apt-get install g\+\+"):
            interpreters.require_compiler()


class TestStamps:
    def test_a_digest_tells_names_and_contents_apart(self, tmp_path: Path) -> None:
        first, second = tmp_path / "a", tmp_path / "b"
        first.write_bytes(b"one")
        second.write_bytes(b"two")
        digests = {stamps.digest([first]), stamps.digest([second]), stamps.digest([first, second]), stamps.digest([])}
        assert len(digests) == 4
        before = stamps.digest([first])
        first.write_bytes(b"other")
        assert stamps.digest([first]) != before

    def test_what_is_recorded_is_done(self, tmp_path: Path) -> None:
        assert not stamps.is_done(tmp_path, "native", "1")
        stamps.record(tmp_path, "native", "1")
        stamps.record(tmp_path, "eos", "2")
        assert stamps.is_done(tmp_path, "native", "1")
        assert stamps.is_done(tmp_path, "eos", "2")
        assert not stamps.is_done(tmp_path, "native", "2")

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"native": 1}'])
    def test_a_broken_stamp_means_not_done(self, tmp_path: Path, content: str) -> None:
        (tmp_path / stamps.STAMP_NAME).write_text(content)
        assert not stamps.is_done(tmp_path, "native", "1")

    def test_build_products_are_no_sources(self, tmp_path: Path) -> None:
        for name in (
            "src/a.cpp",
            "build/b.o",
            "wrinkle_native/_core.so",
            ".hidden/c.cpp",
            "wrinkle_native/__init__.py",
        ):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        names = [path.relative_to(tmp_path).as_posix() for path in stamps.source_files(tmp_path)]
        assert names == ["src/a.cpp", "wrinkle_native/__init__.py"]

    def test_the_native_sources_are_seen(self) -> None:
        names = {path.name for path in stamps.source_files(NATIVE)}
        assert {"CMakeLists.txt", "pyproject.toml", "module.cpp"} <= names


class TestRunning:
    def test_a_failure_carries_the_end_of_the_output(self) -> None:
        with pytest.raises(SetupError, match="the last line"):
            progress.run([sys.executable, "-c", "print('the last line'); raise SystemExit(3)"], "test-failure")
        assert "the last line" in (CACHE / "logs" / "test-failure.log").read_text()

    def test_a_missing_program_is_named(self) -> None:
        with pytest.raises(SetupError, match="no-such-program"):
            progress.run(["no-such-program-at-all"], "test-missing")

    @pytest.mark.parametrize(
        ("output", "cure"),
        [
            ("urllib3 ... NameResolutionError ...", "package index cannot be reached"),
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "SHA-256 differs"),
            ("ERROR: No matching distribution found for bpy==5.0.1 (from versions: none)", "cannot be reached"),
            ("OSError: [Errno 28] No space left on device", "disk is full"),
            ("fatal error: Python.h: No such file or directory", "python3-dev"),
            ("CMake Error: No CMAKE_CXX_COMPILER could be found.", "C++ compiler"),
        ],
    )
    def test_known_troubles_have_a_cure(self, output: str, cure: str) -> None:
        assert cure in progress.diagnose(output)

    def test_commands_say_what_is_missing(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["demo", "--photo", "no such photo.jpg"]) == 2
        assert "no such photo.jpg" in capsys.readouterr().err
        assert main(["bench", "nothing-of-the-kind"]) == 2
        assert "nothing-of-the-kind" in capsys.readouterr().err
        assert main(["build", "--python", "3.8"]) == 2
        assert "3.8" in capsys.readouterr().err


class TestEnvironment:
    def test_another_python_gets_its_own_folder(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(environment, "ROOT", tmp_path)
        newer = interpreters.Interpreter(Path("python3.13"), "3.13", True, True)
        assert environment.environment_folder(newer) == tmp_path / ".venv"
        (tmp_path / ".venv").mkdir()
        (tmp_path / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.7\n")
        assert environment.environment_folder(newer) == tmp_path / ".venv-3.13"
        older = interpreters.Interpreter(Path("python3.11"), "3.11", True, True)
        assert environment.environment_folder(older) == tmp_path / ".venv"

    def test_a_complete_environment_costs_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        interpreter = interpreters.find(RUNNING)
        folder = environment.environment_folder(interpreter)
        for name, wanted in (
            ("native", environment.native_digest(interpreter)),
            ("test", stamps.digest([REQUIREMENTS / f"test-{RUNNING}.txt"])),
        ):
            if not stamps.is_done(folder, name, wanted):
                pytest.skip(f"{folder.name} was not set up by build_addon.py from the sources as they are")

        def refuse(*_: object) -> None:
            raise AssertionError("a program was started although everything is in place")

        monkeypatch.setattr(environment, "run", refuse)
        assert environment.ensure_environment(interpreter, ("runtime", "test")).exists()


class TestNetworks:
    @pytest.fixture
    def wheel(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        path = tmp_path / "mediapipe-0.wheel"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inside/net.tflite", b"network")
        digest = hashlib.sha256(b"network").hexdigest()
        monkeypatch.setattr(networks, "FILES", {"net.tflite": ("inside/net.tflite", digest)})
        return path

    def test_networks_are_taken_out_of_the_wheel(self, wheel: Path, tmp_path: Path) -> None:
        folder = tmp_path / "networks"
        assert networks.missing(folder) == ["net.tflite"]
        networks.extract(wheel, folder)
        assert networks.missing(folder) == []
        assert [path.name for path in folder.iterdir()] == ["net.tflite"]

    def test_another_file_is_refused(self, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(networks, "FILES", {"net.tflite": ("inside/net.tflite", "0" * 64)})
        with pytest.raises(SetupError, match="SHA-256"):
            networks.extract(wheel, tmp_path / "networks")
        assert list((tmp_path / "networks").iterdir()) == []

    def test_a_wheel_without_them_is_refused(
        self, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(networks, "FILES", {"net.tflite": ("elsewhere/net.tflite", "0" * 64)})
        with pytest.raises(SetupError, match=r"elsewhere/net\.tflite"):
            networks.extract(wheel, tmp_path / "networks")


class TestRepository:
    def test_the_entry_runs_in_older_pythons_up_to_its_message(self) -> None:
        source = (ROOT / "build_addon.py").read_text(encoding="utf-8")
        ast.parse(source, feature_version=(3, 6))

    def test_setting_up_needs_the_standard_library_only(self) -> None:
        known = set(sys.stdlib_module_names) | {"tools"}
        for path in [ROOT / "build_addon.py", *(ROOT / "tools").glob("*.py")]:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert {name.partition(".")[0] for name in names} <= known, path.name

    def test_the_version_is_written_once(self) -> None:
        version = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["version"]
        native = tomllib.loads((NATIVE / "pyproject.toml").read_text(encoding="utf-8"))
        assert "version" not in native["project"]
        provider = native["tool"]["scikit-build"]["metadata"]["version"]
        found = re.search(provider["regex"], (NATIVE / provider["input"]).read_text(encoding="utf-8"))
        assert found
        assert found["value"] == version

    def test_help_names_every_command(self) -> None:
        command = [sys.executable, str(ROOT / "build_addon.py"), "--help"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert all(name in said for name in ("demo", "test", "build", "bench"))
