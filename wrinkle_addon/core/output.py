# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the results of a run as files, each whole or not at all."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import files
from .atlas import pack_atlas
from .landmarks import write_pts
from .settings import Settings
from .types import Light, Reconstruction, Texture, WrinkleMaps

PACKAGES = ("numpy", "opencv-python-headless", "eos-py", "h5py", "wrinkle-native", "bpy")


def write_reconstruction(result: Reconstruction, settings: Settings, folder: Path) -> list[Path]:
    """Write every file of a reconstruction into ``folder`` (made if need be) and return their paths.

    Raises
    ------
    WrinkleError
        ``folder`` cannot be written.
    """
    folder = files.output_folder(folder)
    paths = [_write_texture(result.texture, folder / "texture.png")]
    paths += write_maps(result.wrinkles, result.normal, folder)
    paths += _write_landmarks(result, folder)
    paths += [_write_fit(result, settings.size, folder / "fit.npz")]
    paths += _write_motion(result, folder)
    report = {
        "photos": [photo.name for photo in result.photos],
        "model": {"name": result.model.name, "kind": result.model.kind, "licence": result.model.licence},
        "reprojection_percent": [list(map(float, fit.reprojection)) for fit in result.fits],
        "light": light_report(result.wrinkles.light),
        "settings": settings.as_json(),
        "seconds": {stage: round(seconds, 4) for stage, seconds in result.seconds.items()},
        "versions": versions(),
        "warnings": list(result.warnings),
    }
    return [*paths, write_report(report, folder)]


def write_maps(maps: WrinkleMaps, normal: npt.NDArray[np.uint16], folder: Path) -> list[Path]:
    """Write confidence, displacement and normal maps; normal: (S, S, 3) uint16."""
    size = normal.shape[0]
    confidence = folder / "confidence.png"
    displacement = folder / "displacement.exr"
    normal_png = folder / f"normal_{size}.png"
    normal_jpg = folder / f"normal_{size}.jpg"
    files.write_png(confidence, maps.confidence)
    files.write_exr(displacement, maps.displacement)
    files.write_png(normal_png, normal)
    # 257 maps the 16-bit range onto the 8-bit one exactly.
    files.write_jpeg(normal_jpg, np.round(normal / 257.0).astype(np.uint8))
    return [confidence, displacement, normal_png, normal_jpg]


def write_report(report: dict[str, Any], folder: Path) -> Path:
    """Write ``report.json``."""
    path = folder / "report.json"
    files.write_json(path, report)
    return path


def light_report(light: Light) -> dict[str, Any]:
    """The light as JSON-able values."""
    return {
        "direction": [round(float(value), 4) for value in light.direction],
        "ambient": round(float(light.ambient), 4),
        "source": light.source,
        "confidence": round(float(light.confidence), 4),
    }


def versions() -> dict[str, str]:
    """Versions of everything that shapes a result; packages that are not installed are left out."""
    found = {"python": platform.python_version(), "system": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _write_texture(texture: Texture, path: Path) -> Path:
    files.write_png(path, np.dstack([texture.rgb, texture.alpha]))
    return path


def _write_landmarks(result: Reconstruction, folder: Path) -> list[Path]:
    paths = []
    for index, marks in enumerate(result.landmarks):
        path = folder / ("landmarks.pts" if index == 0 else f"landmarks_{index + 1}.pts")
        write_pts(path, marks.points)
        paths.append(path)
    return paths


def _write_fit(result: Reconstruction, size: int, path: Path) -> Path:
    fit = result.fits[0]
    files.write_npz(
        path,
        vertices=fit.vertices,
        neutral=fit.neutral,
        image_points=fit.image_points,
        triangles=result.model.triangles,
        uv=result.model.uv,
        visible=fit.visible,
        landmarks=result.landmarks[0].points,
        shape_coefficients=fit.shape_coefficients,
        expression_coefficients=fit.expression_coefficients,
        texel_mm=np.float32(result.surface.texel_mm(size)),
    )
    return path


def _write_motion(result: Reconstruction, folder: Path) -> list[Path]:
    motion = files.output_folder(folder / "motion")
    atlas, index = pack_atlas(result.motion)
    image, description = motion / "atlas.png", motion / "index.json"
    files.write_png(image, atlas)
    files.write_json(description, index)
    return [image, description]
