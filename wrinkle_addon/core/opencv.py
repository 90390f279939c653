# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenCV, made quiet and able to read OpenEXR, alike in all supported versions."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

# OpenCV reads OpenEXR only when this is set before its first use.
os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")

import cv2

_SILENT = 0


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep OpenCV from writing to the standard error stream; what goes wrong is seen in its results."""
    module: Any = cv2
    log: Any = module if hasattr(module, "setLogLevel") else module.utils.logging  # OpenCV <= 4.11, later ones
    level = log.getLogLevel()
    log.setLogLevel(_SILENT)
    try:
        yield
    finally:
        log.setLogLevel(level)
