# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenCV, made quiet and able to read OpenEXR, alike in all supported versions."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

# OpenCV reads OpenEXR only when this is set before its first use.
os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")

import cv2

_SILENT = 0
_STDERR = 2
_lock = threading.RLock()  # the log level and the error stream belong to the whole process


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep OpenCV's log from the standard error stream; what goes wrong is seen in its results."""
    module: Any = cv2
    log: Any = module if hasattr(module, "setLogLevel") else module.utils.logging  # OpenCV <= 4.11, later ones
    with _lock:
        level = log.getLogLevel()
        log.setLogLevel(_SILENT)
        try:
            yield
        finally:
            log.setLogLevel(level)


@contextlib.contextmanager
def decoder_messages() -> Iterator[list[bytes]]:
    """Collect the lines that image decoders write to the standard error stream; the list is filled at the end.

    libjpeg reports damage there and nowhere else. The stream belongs to the whole process: keep the body short.
    """
    messages: list[bytes] = []
    with _lock, quiet():
        try:
            saved = os.dup(_STDERR)
        except OSError:  # a windowed program may have no standard error stream
            yield messages
            return
        with tempfile.TemporaryFile() as sink:
            os.dup2(sink.fileno(), _STDERR)
            try:
                yield messages
            finally:
                os.dup2(saved, _STDERR)
                os.close(saved)
                sink.seek(0)
                messages += sink.read().splitlines()
