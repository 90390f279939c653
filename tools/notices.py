# SPDX-License-Identifier: GPL-3.0-or-later
"""Licences and notices of all that the zip carries, gathered out of the wheels themselves."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tools.layout import NETWORKS, ROOT

_NOTICE_NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT")


def is_notice(name: str) -> bool:
    """Whether a file in a wheel is a licence or a notice, by where wheels keep them."""
    path = PurePosixPath(name)
    if path.suffix in (".py", ".pyc", ".so"):
        return False
    in_licence_folder = any(part.lower() in ("licenses", "licences") for part in path.parts[:-1])
    return in_licence_folder or path.name.upper().startswith(_NOTICE_NAMES)


def notices_of(wheel: Path) -> dict[str, bytes]:
    """Path in the zip -> content of every notice in `wheel`."""
    package = "-".join(wheel.name.split("-")[:2])
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and is_notice(name)]
        return {f"licences/{package}/{name.replace('/', '_')}": archive.read(name) for name in names}


def all_notices(wheels: Iterable[Path]) -> dict[str, bytes]:
    """Path in the zip -> content: our licence, the overview, the networks' licence, and those in the wheels."""
    notices = {
        "LICENSE": (ROOT / "LICENSE").read_bytes(),
        "THIRD_PARTY.md": (ROOT / "THIRD_PARTY.md").read_bytes(),
        "licences/mediapipe-0.10.21/LICENSE": (NETWORKS / "LICENSE").read_bytes(),
    }
    for wheel in wheels:
        notices.update(notices_of(wheel))
    return notices
