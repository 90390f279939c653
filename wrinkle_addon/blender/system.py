# SPDX-License-Identifier: GPL-3.0-or-later
"""What this Blender is made of, for the system check and for bug reports."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import platform
import sys
import tomllib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import bpy

PARTS = {
    "cv2": "opencv-python-headless",
    "eos": "eos-py",
    "h5py": "h5py",
    "wrinkle_native": "wrinkle-native",
}
"""Modules that come as wheels, and the packages that hold them."""

_PYTHONS = ("3.11", "3.13")


def missing_parts() -> list[str]:
    """Packages that this Python cannot find, or cannot load."""
    return [package for module, package in PARTS.items() if not _usable(module)]


def _usable(module: str) -> bool:
    """Whether a part is there; our own, which the operators load at once, must also load."""
    try:
        if importlib.util.find_spec(module) is None:
            return False
        if module == "wrinkle_native":
            importlib.import_module(module)
    except (ImportError, OSError):
        return False
    return True


def advice() -> list[str]:
    """What to do about missing parts, in lines for a panel."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if here not in _PYTHONS:
        return [
            f"This Blender runs Python {here}; the add-on has parts for {' and '.join(_PYTHONS)}.",
            "Use a Blender from blender.org, version 4.2 or newer.",
        ]
    return [
        f"The installed file has no parts for Python {here} on {platform.system()} {platform.machine()}.",
        "Install the zip made for this system with Edit > Preferences > Get Extensions > Install from Disk,",
        "then start Blender again.",
    ]


@functools.cache
def facts() -> tuple[tuple[str, str], ...]:
    """Names and versions of all that matters; they do not change while Blender runs."""
    networks = Path(__file__).parents[1] / "assets" / "networks"
    count = len(list(networks.glob("*.tflite")))
    return (
        ("Wrinkle", _own_version()),
        ("Blender", bpy.app.version_string),
        ("Python", platform.python_version()),
        ("System", platform.platform()),
        ("Graphics", _graphics()),
        ("Processor threads", str(os.cpu_count())),
        ("numpy", _version("numpy")),
        *((package, _version(package)) for package in PARTS.values()),
        ("Landmark networks", f"{count} found" if count else "missing"),
    )


def report_text(choices: Sequence[tuple[str, str]] = ()) -> str:
    """The facts, and what the user chose, as text to paste."""
    return "\n".join(f"{name}: {value}" for name, value in (*facts(), *choices))


def size_text(folder: Path | None) -> str:
    """The size of everything in a folder, for people."""
    if folder is None:
        from ..core.models.cache import default_folder

        folder = default_folder()
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
    return f"{total / 1e6:.0f} MB"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def _own_version() -> str:
    """The version in the manifest, which lies in the add-on's folder, and in a checkout above it."""
    for folder in Path(__file__).parents[1:3]:
        manifest = folder / "blender_manifest.toml"
        if manifest.is_file():
            return str(tomllib.loads(manifest.read_text(encoding="utf-8"))["version"])
    return "unknown"


def _graphics() -> str:
    if bpy.app.background:
        return "none (no window)"
    import gpu

    return f"{gpu.platform.renderer_get()}, {gpu.platform.backend_type_get()} {gpu.platform.version_get()}"
