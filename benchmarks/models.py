# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of face models in docs/models.md: sizes, UV stretch, time to prepare, load and fit, memory.

    python -m benchmarks.models [MODEL...]

Without MODEL: the built-in face and the test models that lie beside the checkout. Times are processor seconds. The fit
is that of the demo photo with the network's landmarks. Memory is that of the model's arrays; those of a cached model
are mapped and read as needed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wrinkle_addon.core.fit import fit_face
from wrinkle_addon.core.images import read_photo
from wrinkle_addon.core.landmarks import find_landmarks
from wrinkle_addon.core.models import describe, load_model

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "wrinkle_addon" / "assets" / "demo_photo.jpg"
BESIDE = ROOT.parent / "shared" / "models"
KNOWN = (
    "bfm2017_standin.h5",
    "sfm/sfm_shape_3448.bin",
    "ict_facekit/FaceXModel",
    "ict_facekit/FaceXModel/generic_neutral_mesh.obj",
)
COLUMNS = ("model", "vertices", "components", "UV stretch", "first load", "second load", "fit", "memory")


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What ``call`` returns and the processor seconds it took."""
    start = time.process_time()
    found = call()
    return found, time.process_time() - start


def row(source: str) -> tuple[str, ...]:
    """One model's line of the table."""
    photo = read_photo(DEMO)
    marks = find_landmarks(photo)
    with tempfile.TemporaryDirectory() as folder:
        _, first = timed(lambda: load_model(source, cache=Path(folder)))
        model, second = timed(lambda: load_model(source, cache=Path(folder)))
        fit_face(model, photo, marks)
        seconds = sorted(timed(lambda: fit_face(model, photo, marks))[1] for _ in range(5))[2]
        facts = describe(model)
        return (
            model.name,
            f"{facts['vertices']:,}",
            f"{facts['shape_components']} + {facts['expression_components']}",
            f"{facts['uv_stretch']:.2f}",
            f"{first:.1f} s",
            f"{1000 * second:.0f} ms",
            f"{1000 * seconds:.0f} ms",
            f"{facts['memory_mb']:.0f} MB",
        )


def main(sources: list[str]) -> None:
    wanted = sources or ["builtin", *(str(BESIDE / name) for name in KNOWN if (BESIDE / name).exists())]
    for cells in (COLUMNS, ("---",) * len(COLUMNS), *map(row, wanted)):
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
