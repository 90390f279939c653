# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast and how small: every stage's time, the ratios to its peers, and peak memory, all in one run.

    python3 build_addon.py bench [--no_eos]

The face is the BFM 2017 stand-in where it lies beside the checkout (53,149 vertices), otherwise the built-in one; the
first line says which.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import reference_stage  # noqa: E402 (tests are no package)

from wrinkle_addon.blender.skin import painted  # noqa: E402
from wrinkle_addon.core.fit import fit_face  # noqa: E402
from wrinkle_addon.core.images import read_photo  # noqa: E402
from wrinkle_addon.core.landmarks import find_landmarks  # noqa: E402
from wrinkle_addon.core.light import estimate_light  # noqa: E402
from wrinkle_addon.core.models import load_model  # noqa: E402
from wrinkle_addon.core.pipeline import Runner  # noqa: E402
from wrinkle_addon.core.regions import skin_mask  # noqa: E402
from wrinkle_addon.core.settings import Settings  # noqa: E402
from wrinkle_addon.core.surface import surface_of  # noqa: E402
from wrinkle_addon.core.texture import extract_texture  # noqa: E402
from wrinkle_addon.core.types import FaceModel, Fit, Photo, Surface, Texture  # noqa: E402
from wrinkle_addon.core.wrinkles import WrinkleSettings, load_regressor, normal_map, wrinkle_maps  # noqa: E402
from wrinkle_addon.core.wrinkles.regressor import DEFAULT, Program, program_of  # noqa: E402

DEMO = ROOT / "wrinkle_addon" / "assets" / "demo_photo.jpg"
STANDIN = ROOT.parent / "shared" / "models" / "bfm2017_standin.h5"
PEAK_OF = """
import resource, sys
from wrinkle_addon.cli import main
code = main(sys.argv[1:])
sys.stderr.write(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\\n")
sys.exit(code)
"""


def median_s(call: Callable[[], Any], repeats: int = 7) -> float:
    """Median seconds of ``call`` after one warm-up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def row(name: str, seconds: float, remark: str = "") -> None:
    sys.stdout.write(f"{name:<52}{seconds * 1000:>11.1f} ms   {remark}\n")
    sys.stdout.flush()


def eos_extraction_s(model: FaceModel, fit: Fit, photo: Photo, size: int) -> float:
    """Seconds that ``eos.render.extract_texture`` takes for the same mesh, photo and size; one run."""
    import eos

    height, width = photo.pixels.shape[:2]
    some = np.linspace(0, len(fit.vertices) - 1, 200).astype(int)
    pose = eos.fitting.estimate_orthographic_projection_linear(
        [fit.image_points[k].astype(np.float32) for k in some],
        [np.append(fit.vertices[k], 1).astype(np.float32) for k in some],
        True,
        height,
    )
    mesh = eos.core.Mesh()
    mesh.vertices = [vertex for vertex in fit.vertices.astype(np.float32)]
    mesh.tvi = [list(map(int, corners)) for corners in model.triangles]
    mesh.texcoords = [np.array([u, 1 - v], np.float32) for u, v in model.uv]
    picture = np.ascontiguousarray(cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2BGRA))
    camera = eos.fitting.RenderingParameters(pose, width, height)
    start = time.perf_counter()
    eos.render.extract_texture(mesh, camera, picture, size)
    return time.perf_counter() - start


def front_part(photo: Photo, with_eos: bool) -> tuple[FaceModel, Texture, Surface]:
    """Landmarks, model, fit and texture."""
    row("landmarks", median_s(lambda: find_landmarks(photo)), f"{photo.pixels.shape[1]} x {photo.pixels.shape[0]} px")
    marks = find_landmarks(photo)
    source = str(STANDIN) if STANDIN.exists() else "builtin"
    row("load the face model, cached", median_s(lambda: load_model(source), 3))
    model = load_model(source)
    row("fit", median_s(lambda: fit_face(model, photo, marks)), f"{len(model.mean):,} vertices")
    fit = fit_face(model, photo, marks)
    ours = {}
    for size in (1024, 2048, 4096, 8192):
        ours[size] = median_s(lambda size=size: extract_texture(photo, fit, model, size), 3 if size > 2048 else 7)
        row(f"texture extraction at {size}", ours[size])
    texture = extract_texture(photo, fit, model, 2048)
    copying = median_s(lambda: (photo.pixels.copy(), texture.rgb.copy(), texture.alpha.copy()))
    row("copying photo and texture once, 2048", copying, f"extraction takes {ours[2048] / copying:.1f}x")
    if with_eos:
        theirs = eos_extraction_s(model, fit, photo, 1024)
        row("eos.render.extract_texture at 1024", theirs, f"ours is {theirs / ours[1024]:,.0f}x as fast")
    return model, texture, surface_of(fit.vertices, model.triangles, model.uv)


def shipped_programs() -> list[Program]:
    """The shipped networks' operations, for the reference, from the finest scale on."""
    with np.load(DEFAULT, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    scales = sorted(json.loads(arrays["meta"].tobytes())["scales"], key=lambda entry: float(entry["mm"]))
    return [program_of(entry["program"], entry["prefix"], arrays) for entry in scales]


def wrinkle_part(model: FaceModel, texture: Texture, surface: Surface) -> None:
    """The wrinkle stage, native against the vectorised NumPy and OpenCV reference of the same algorithm."""
    regressor, settings = load_regressor(), WrinkleSettings()
    skin = skin_mask(model, texture.size)
    row("light", median_s(lambda: estimate_light(texture, surface, skin)))
    light = estimate_light(texture, surface, skin)

    def native() -> None:
        maps = wrinkle_maps(texture, surface, skin, light, regressor, settings)
        normal_map(maps.displacement, surface)

    gate = regressor.nets[0].gate
    seconds = median_s(native, 5)
    row("wrinkle stage at 2048, texture to normal map", seconds)
    start = time.perf_counter()
    reference_stage.stage(texture, surface, skin, light, shipped_programs(), settings, gate)
    reference = time.perf_counter() - start
    row("the same in NumPy and OpenCV", reference, f"native is {reference / seconds:.1f}x as fast")


def slider() -> None:
    """What `dog_thres` costs: the small map while its slider moves, the full ones when it rests."""
    runner, settings = Runner(), Settings(size=1024)
    runner.reconstruct([DEMO], settings)
    moved = replace(settings, wrinkles=WrinkleSettings(dog_thres=90.0))

    def small() -> None:
        layer = runner.glimpse(moved, 512)
        assert layer is not None
        painted(layer)

    row("dog_thres at 1024, while it moves", median_s(small))
    row("dog_thres at 1024, when it rests", median_s(lambda: runner.copy().reconstruct([DEMO], moved), 3))


def whole_path() -> None:
    """Photo to maps with everything loaded, then peak memory of whole processes."""
    for size in (2048, 4096):
        runner = Runner()
        runner.reconstruct([DEMO], Settings(size=256))
        start = time.perf_counter()
        Runner().reconstruct([DEMO], Settings(size=size))
        row(f"photo to all maps at {size}, warm", time.perf_counter() - start)
    for extra, name in ((["--no_blend"], "maps only"), ([], "with face.blend and preview")):
        with tempfile.TemporaryDirectory() as folder:
            command = ["reconstruct", str(DEMO), "--out", folder, "--size", "2048", *extra]
            start = time.perf_counter()
            ran = subprocess.run(
                [sys.executable, "-c", PEAK_OF, *command], cwd=ROOT, capture_output=True, text=True, check=True
            )
            peak = int(ran.stderr.split("peak ")[-1]) * (1 if sys.platform == "darwin" else 1024)
            row(f"reconstruct at 2048, {name}", time.perf_counter() - start, f"peak memory {peak / 2**30:.2f} GiB")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no_eos", action="store_true", help="leave out eos's extraction, which takes a minute or two")
    options = parser.parse_args()
    face = "BFM 2017 stand-in" if STANDIN.exists() else "built-in face (the stand-in is not beside the checkout)"
    sys.stdout.write(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}; {face}\n")
    photo = read_photo(DEMO)
    wrinkle_part(*front_part(photo, not options.no_eos))
    slider()
    whole_path()
    return 0


if __name__ == "__main__":
    sys.exit(main())
