# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things lie in the repository, and which Pythons and platforms are supported."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ADDON = ROOT / "wrinkle_addon"
NATIVE = ROOT / "native"
MANIFEST = ROOT / "blender_manifest.toml"
REQUIREMENTS = ROOT / "requirements"
NETWORKS = ADDON / "assets" / "networks"
CACHE = ROOT / ".cache"
DIST = ROOT / "dist"

PYTHONS = ("3.11", "3.13")
"""Python 3.11 is Blender 4.2 to 5.0's, 3.13 is Blender 5.1's and later."""

_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}


def blender_platform() -> str:
    """This machine in Blender's words, such as `linux-x64`, `windows-x64` or `macos-arm64`."""
    machine = platform.machine().lower()
    return f"{_SYSTEMS.get(sys.platform, sys.platform)}-{_MACHINES.get(machine, machine)}"


def folder_in_environment(environment: Path, name: str) -> Path:
    """The program `name` of a virtual environment, on every system."""
    return environment / ("Scripts" if sys.platform == "win32" else "bin") / name
