# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading and running the two face networks.

Both come from the mediapipe 0.10.21 wheel (Apache-2.0) and are put into ``assets/networks`` by ``build_addon.py``.
OpenCV's DNN module runs them; a network object serves one thread at a time, hence the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import WrinkleError
from ..opencv import quiet
from ..types import Float

FOLDER = Path(__file__).parents[2] / "assets" / "networks"
DETECTOR_FILE = "face_detection_short_range.tflite"
MESH_FILE = "face_landmark.tflite"
_lock = threading.Lock()


def run_network(file: str, images: Float) -> Mapping[str, Float]:
    """Run a network on a batch. images: (B, 3, H, W) float32. Returns its outputs by name, as the network shapes them.

    Raises WrinkleError naming the file when it is missing or damaged.
    """
    with _lock:
        network, names = _load(FOLDER / file)
        network.setInput(images)
        return {name: np.array(output) for name, output in zip(names, network.forward(names), strict=True)}


@cache
def _load(path: Path) -> tuple[Any, tuple[str, ...]]:
    if not path.is_file():
        raise WrinkleError(
            f"The face network {path.name!r} is missing from {str(path.parent)!r}.",
            "Run `python3 build_addon.py test` or `demo` once: either fetches it.",
        )
    try:
        with quiet():
            network = cv2.dnn.readNetFromTFLite(np.frombuffer(path.read_bytes(), np.uint8))
    except (cv2.error, OSError) as error:
        raise WrinkleError(
            f"The face network {path.name!r} in {str(path.parent)!r} cannot be read.",
            "Delete it and run `python3 build_addon.py test` to fetch it again.",
        ) from error
    return network, tuple(network.getUnconnectedOutLayersNames())
