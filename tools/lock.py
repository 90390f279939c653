# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes requirements/NAME-PYTHON.txt from NAME.in: exact versions, with the hashes for every supported platform.

Run as `python3 -m tools.lock [NAME...]` with each supported Python. pip resolves for the running platform; the other
platforms get the hashes of the same versions.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.layout import REQUIREMENTS

PLATFORMS = ("manylinux_2_28_x86_64", "win_amd64", "macosx_11_0_arm64")
NAMES = ("runtime", "test", "build", "eos")
HAVE_SOURCE = ("eos-py",)  # Built from source where there is no wheel: its source's hash is locked too.


def pip_report(arguments: list[str]) -> list[dict[str, str]]:
    """Name, version and SHA-256 of what `pip install ARGUMENTS` would install; empty when nothing fits."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        result = subprocess.run([*command, "--report", str(report), *arguments], capture_output=True, text=True)
        if result.returncode != 0:
            return []
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return [
        {
            "name": item["metadata"]["name"].lower().replace("_", "-"),
            "version": item["metadata"]["version"],
            "sha256": item["download_info"]["archive_info"]["hashes"]["sha256"],
        }
        for item in found
    ]


def hashes_of(requirement: str) -> set[str]:
    """SHA-256 of every file that the supported platforms would take for `requirement`, such as `numpy==2.5.5`."""
    hashes: set[str] = set()
    with tempfile.TemporaryDirectory() as target:
        for platform in PLATFORMS:
            wheel_only = ["--no-deps", "--only-binary", ":all:", "--platform", platform, "--target", target]
            hashes |= {item["sha256"] for item in pip_report([*wheel_only, requirement])}
    name = requirement.partition("==")[0]
    if name in HAVE_SOURCE:
        hashes |= {item["sha256"] for item in pip_report(["--no-deps", "--no-binary", name, requirement])}
    return hashes


def lock(name: str, version: str) -> Path:
    """Writes and returns requirements/NAME-VERSION.txt for the running Python."""
    source = REQUIREMENTS / f"{name}.in"
    # Constrained by the runtime file, so that the tests run with the versions that the add-on runs with.
    constraints = ["-c", str(REQUIREMENTS / "runtime.in")] if name == "test" else []
    resolved = pip_report(["-r", str(source), *constraints])
    if not resolved:
        raise SystemExit(f"pip finds no versions that satisfy {source} under Python {version}.")
    lines = [f"# Made by `python3 -m tools.lock` from {source.name} for Python {version}: edit that file instead."]
    markers = _system_markers(source)
    pins = {f"{item['name']}=={item['version']}": item["sha256"] for item in resolved}
    # What only another system needs was not resolved here; it stands in the .in file with its exact version.
    elsewhere = [name for name in markers if "==" in name and name not in pins]
    for pin in sorted([*pins, *elsewhere]):
        hashes = hashes_of(pin) | ({pins[pin]} if pin in pins else set())
        marker = markers.get(pin) or markers.get(pin.partition("==")[0])
        head = f"{pin}; {marker}" if marker else pin
        lines.append(" \\\n".join([head, *(f"    --hash=sha256:{value}" for value in sorted(hashes))]))
    target = REQUIREMENTS / f"{name}-{version}.txt"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


def _system_markers(source: Path) -> dict[str, str]:
    """Requirement -> marker for the lines of an .in file that are for some systems only."""
    lines = source.read_text(encoding="utf-8").splitlines()
    split = [line.split(";") for line in lines if "sys_platform" in line]
    return {requirement.strip(): marker.strip() for requirement, marker in split}


def main() -> None:
    """Locks the files named on the command line, or all."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for name in sys.argv[1:] or NAMES:
        sys.stdout.write(f"{lock(name, version)}\n")


if __name__ == "__main__":
    main()
