# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip that installs into Blender: add-on, manifest, wheels for every Python, licences; always the same bytes."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.environment import ensure_environment
from tools.interpreters import Interpreter
from tools.layout import ADDON, CACHE, DIST, REQUIREMENTS, blender_platform
from tools.manifest import manifest_text, version
from tools.networks import ensure_networks
from tools.notices import all_notices
from tools.progress import SetupError, run, say, step
from tools.stamps import digest, is_done, one_at_a_time, record
from tools.wheels import build_tools, eos_wheel, native_wheel

BUNDLED = ("opencv-python-headless", "h5py")
"""What is taken ready-made from the index into the zip. NumPy comes from Blender and is never bundled."""

_DATE = (1980, 1, 1, 0, 0, 0)
_NOT_SHIPPED = ("__pycache__",)


def build_zip(interpreters: Sequence[Interpreter], out: Path = DIST, checker: Path | None = None) -> Path:
    """Builds OUT/wrinkle_addon-VERSION-PLATFORM.zip for the given Pythons and has Blender's own check look at it.

    The check runs in the Python `checker`, which has bpy; by default in the environment of the first interpreter.
    """
    with one_at_a_time():
        wheels = named_for_blender([wheel for interpreter in interpreters for wheel in wheels_for(interpreter)])
        ensure_networks(build_tools(interpreters[0]))
        platform = blender_platform()
        with step("Packing the zip"):
            content = {**addon_files(), **all_notices(wheels.values())}
            content |= {f"wheels/{name}": path.read_bytes() for name, path in wheels.items()}
            content["blender_manifest.toml"] = manifest_text(platform, list(wheels)).encode()
            archive = out / f"wrinkle_addon-{version()}-{platform}.zip"
            write_zip(archive, content)
    validate(archive, checker or ensure_environment(interpreters[0]))
    return archive


def wheels_for(interpreter: Interpreter) -> list[Path]:
    """All wheels that Blender with this Python needs: ours, eos-py and those of the index."""
    return [native_wheel(interpreter), eos_wheel(interpreter), *_index_wheels(interpreter)]


def named_for_blender(wheels: Sequence[Path]) -> dict[str, Path]:
    """Name in the zip -> wheel. Of several wheels of one package, those for newer Pythons get the build number 0.

    Blender 4.2.0 does not look at a wheel's Python: of wheels alike in package and version it takes the one whose file
    name comes last in the alphabet. Its Python is 3.11, and `-0-cp313` comes before `-cp311`. Later ones look.
    """
    oldest: dict[str, str] = {}
    for wheel in wheels:
        package, _, tags = _split(wheel.name)
        oldest[package] = min(tags, oldest.get(package, tags))
    named = {}
    for wheel in wheels:
        package, package_version, tags = _split(wheel.name)
        newer = tags.partition("-")[0] != oldest[package].partition("-")[0]
        named[f"{package}-{package_version}-{'0-' if newer else ''}{tags}"] = wheel
    return named


def _split(wheel_name: str) -> tuple[str, str, str]:
    """Package, version and tags of a wheel's file name."""
    package, package_version, tags = wheel_name.split("-", 2)
    return package, package_version, tags


def addon_files() -> dict[str, bytes]:
    """Path in the zip -> content of the add-on's own files."""
    files = {}
    for path in sorted(ADDON.rglob("*")):
        relative = path.relative_to(ADDON)
        if path.is_file() and not any(part in _NOT_SHIPPED or part.startswith(".") for part in relative.parts):
            files[relative.as_posix()] = path.read_bytes()
    return files


def write_zip(path: Path, content: Mapping[str, bytes]) -> None:
    """Writes a zip whose bytes depend on `content` alone: sorted names, one date, one mode. Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.part")
    with zipfile.ZipFile(temporary, "w") as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3  # Unix, whatever this machine is: the mode below is read only then.
            entry.external_attr = 0o100644 << 16
            # Wheels are compressed already.
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content[name])
    temporary.replace(path)


def validate(archive: Path, python: Path) -> None:
    """Has Blender's own extension check (it comes with bpy) look at the zip. Raises SetupError with what it says."""
    packages = python.parent.parent
    checkers = sorted(packages.glob("**/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    if not checkers:
        raise SetupError(f"Blender's extension check was not found in {packages}: is bpy installed there?")
    with step("Blender's extension check"):
        said = run([python, checkers[-1], "validate", archive], "validate")
    say(said.strip().splitlines()[-1] if said.strip() else "Nothing to complain about")


def _index_wheels(interpreter: Interpreter) -> list[Path]:
    """The ready-made wheels for this Python, downloaded by the pinned hashes when they are not there."""
    folder = CACHE / "wheels" / interpreter.version / "index"
    locked = _locked(interpreter.version)
    wanted = digest([], *locked, sys.platform)
    if not is_done(folder, "index", wanted):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.whl"):
            old.unlink()
        chosen = folder / "requirements.txt"
        chosen.write_text("\n".join(locked) + "\n", encoding="utf-8")
        with step(f"OpenCV and h5py for Python {interpreter.version}"):
            command: list[str | Path] = [
                build_tools(interpreter),
                "-m",
                "pip",
                "download",
                "--no-deps",
                "--require-hashes",
            ]
            run([*command, "--only-binary", ":all:", "--dest", folder, "-r", chosen], "index-wheels")
        record(folder, "index", wanted)
    return sorted(folder.glob("*.whl"))


def _locked(python_version: str) -> list[str]:
    """The entries, with their hashes, of the BUNDLED packages in the runtime requirements."""
    text = (REQUIREMENTS / f"runtime-{python_version}.txt").read_text(encoding="utf-8")
    entries = text.replace("\\\n", " ").splitlines()
    return [entry for entry in entries if entry.partition("==")[0] in BUNDLED]
