# SPDX-License-Identifier: GPL-3.0-or-later
"""The wrinkle stage on a texture that came from elsewhere: no photo, no fit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from wrinkle_native import rasterize_uv

from . import progress as progress_of
from .errors import WrinkleError
from .images import read_texture
from .light import estimate_light
from .memory import StageMemory
from .models.obj import read_obj
from .models.seams import Split, split_seams
from .output import light_report, versions
from .progress import Progress, silent
from .settings import DIS2NORMAL_COFF
from .shares import resized
from .surface import flat_surface, surface_of
from .types import Byte, Light, Surface, Texture, WrinkleMaps
from .wrinkles import WrinkleSettings, load_regressor, normal_map, wrinkle_maps

ASSUMED_WIDTH_MM = 200.0
"""Width of skin that a texture spans when nothing says its scale: BFM's and our own UV span 180 to 220 mm."""
FACE_MM = 60.0, 1000.0
"""Greatest extent of a mesh of a face or a head."""
UNITS_MM = {"centimetres": 10.0, "metres": 1000.0}
RIM = 1
"""Texels along the rim of UV islands that are left out: the background of a texture shines into them."""


@dataclass(frozen=True, eq=False)
class TextureJob:
    """What to do with one texture.

    mesh: OBJ that carries the texture's UV, ``mesh_mm`` millimetres per unit; None tells the unit from the extent.
    texel_mm: edge of a texel where there is no mesh. light: unit vector towards the light in the mesh's frame, or in
    the UV frame (x right, y up, z out) without a mesh. mask: (H, W) uint8, wrinkles are kept where it is bright.
    """

    texture: Path
    mesh: Path | None = None
    mesh_mm: float | None = None
    texel_mm: float | None = None
    light: tuple[float, float, float] | None = None
    mask: Byte | None = None
    dis2normal_coff: float = DIS2NORMAL_COFF
    wrinkles: WrinkleSettings = field(default_factory=WrinkleSettings)


def run_texture_job(
    job: TextureJob, progress: Progress = silent
) -> tuple[WrinkleMaps, npt.NDArray[np.uint16], dict[str, Any]]:
    """The wrinkle maps, the (S, S, 3) normal map and the report of one job.

    Raises
    ------
    WrinkleError
        The texture or mesh cannot be used.
    """
    stages = StageMemory()
    warnings: list[str] = []
    progress_of.report(progress, 0.0, "Reading the texture")
    texture = stages.run("texture", "", lambda: read_texture(job.texture)).value
    surface, skin = stages.run("surface", "", lambda: _surface(job, texture, warnings)).value
    if job.mask is not None:
        skin = skin * resized(job.mask, texture.size)
    light = stages.run("light", "", lambda: _light(job, texture, surface, skin)).value
    regressor = load_regressor()
    maps = stages.run(
        "wrinkles",
        "",
        lambda: wrinkle_maps(
            texture, surface, skin, light, regressor, job.wrinkles, progress=progress_of.part(progress, 0.1, 0.9)
        ),
    ).value
    normal = stages.run("normal map", "", lambda: normal_map(maps.displacement, surface, job.dis2normal_coff)).value
    report = {
        "texture": job.texture.name,
        "texel_mm": surface.texel_mm(texture.size),
        "light": light_report(light),
        "settings": {"dis2normal_coff": job.dis2normal_coff, **asdict(job.wrinkles)},
        "seconds": {stage: round(seconds, 4) for stage, seconds in stages.seconds.items()},
        "versions": versions(),
        "warnings": warnings,
    }
    return maps, normal, report


def _surface(job: TextureJob, texture: Texture, warnings: list[str]) -> tuple[Surface, npt.NDArray[np.float32]]:
    """The geometry under the texture, and (S, S) float32 1 where the mesh uses it."""
    if job.mesh is not None:
        mesh = read_obj(job.mesh)
        if len(mesh.uv_triangles) == 0:
            raise WrinkleError(f"{job.mesh.name} has no UV.", "Export the mesh with its texture coordinates.")
        split = split_seams(len(mesh.vertices), mesh.triangles, mesh.uv_triangles, mesh.uv)
        scale = job.mesh_mm or _unit_mm(mesh.vertices[np.unique(mesh.triangles)], job.mesh.name, warnings)
        surface = surface_of(mesh.vertices[split.vertex] * np.float32(scale), split.triangles, split.uv)
        return surface, _covered(split, texture.size)
    texel_mm = job.texel_mm
    if texel_mm is None:
        texel_mm = ASSUMED_WIDTH_MM / texture.size
        warnings.append(
            f"The scale is unknown: {job.texture.name} is taken to span {ASSUMED_WIDTH_MM:g} mm of skin; "
            "give --mesh or --texel_mm for true depths."
        )
    return flat_surface(texture.size, texel_mm), np.ones((texture.size, texture.size), np.float32)


def _unit_mm(vertices: npt.NDArray[np.float32], name: str, warnings: list[str]) -> float:
    """Millimetres per unit of a mesh that is a face: 1, or what brings it to a face's size, with a warning."""
    extent = float(np.ptp(vertices, axis=0).max())
    if extent < FACE_MM[0]:
        for unit, scale in UNITS_MM.items():
            if FACE_MM[0] <= extent * scale <= FACE_MM[1]:
                warnings.append(f"{name} spans {extent:.3g} units, taken to be {unit}; --mesh_mm says otherwise.")
                return scale
    return 1.0


def _covered(split: Split, size: int) -> npt.NDArray[np.float32]:
    """(size, size) float32, 1 on the texels within the UV islands, the outermost left out."""
    inside = rasterize_uv(np.ascontiguousarray(split.uv), split.triangles, size)[0] >= 0
    kernel = np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)
    return np.asarray(cv2.erode(inside.astype(np.float32), kernel), np.float32)


def _light(job: TextureJob, texture: Texture, surface: Surface, skin: npt.NDArray[np.float32]) -> Light:
    found = estimate_light(texture, surface, skin)
    if job.light is None:
        return found
    return Light(np.asarray(job.light, np.float32), found.ambient, "given")
