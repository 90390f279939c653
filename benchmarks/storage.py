# SPDX-License-Identifier: GPL-3.0-or-later
"""What animated wrinkles cost to store, and what the compact form loses: ``python -m benchmarks.storage``.

The full form is one normal map per expression, 16 bit, made with motion maps as fine as the normal map. The compact
form, which Blender and every exported shader read, is one normal map and the motion atlas.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from wrinkle_addon.core.activation import composed_normals, layer_activation
from wrinkle_addon.core.atlas import pack_atlas, unpack_atlas
from wrinkle_addon.core.encode import encode_png
from wrinkle_addon.core.lines import Lines, find_lines
from wrinkle_addon.core.motion import motion_maps
from wrinkle_addon.core.pipeline import Runner
from wrinkle_addon.core.regions import fold_mask, left_share, region_mask
from wrinkle_addon.core.settings import Settings
from wrinkle_addon.core.strain import strain_maps
from wrinkle_addon.core.types import Blendshapes, Float, MotionMaps, Reconstruction

DEMO = Path(__file__).resolve().parents[1] / "wrinkle_addon" / "assets" / "demo_photo.jpg"
AWAKE = 0.05
"""Activation from which on a texel counts as woken."""


class Full:
    """Motion maps as fine as the normal map, one after the other: all at once take gigabytes."""

    def __init__(self, result: Reconstruction) -> None:
        self.result, self.size = result, result.normal.shape[0]
        model = result.model
        self.bare, self.left = 1 - region_mask(model, "outside", self.size), left_share(model, self.size)
        lines = find_lines(result.normal, result.surface.texel_mm(self.size), self.size)
        self.lines = Lines(lines.across, lines.sure * (1 - fold_mask(model, self.size)))

    def motion(self, index: int) -> MotionMaps:
        model, name = self.result.model, self.result.motion.names[index]
        shape = Blendshapes((name,), model.arkit.deltas[index : index + 1])
        strains = strain_maps(self.result.fits[0].neutral, shape, model.triangles, model.uv, self.size)
        return motion_maps(strains, self.bare, self.left, {name: self.lines})


def degrees(first: Float, second: Float) -> Float:
    """(S, S): the angle between two maps of unit normals."""
    chord = np.linalg.norm(first - second, axis=2)
    return np.asarray(np.degrees(2 * np.arcsin(np.minimum(chord / 2, 1))), np.float32)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2048, help="edge of the normal map")
    size = parser.parse_args().size
    result = Runner().reconstruct([DEMO], Settings(size=size))
    (layer,) = result.animated
    pixels, index = pack_atlas(result.motion)
    atlas, full = unpack_atlas(pixels, index), Full(result)
    count, face = len(atlas.names), region_mask(result.model, "outside", size) < 0.5
    everywhere, woken, files = [], [], 0
    for place, name in enumerate(atlas.names):
        fine = layer_activation(full.motion(place), {name: 1.0}, size)
        coarse = layer_activation(MotionMaps((name,), atlas.maps[place : place + 1]), {name: 1.0}, size)
        normals, compact = (composed_normals([layer], [awake]) for awake in (fine, coarse))
        files += len(encode_png(np.rint((normals + 1) * 32767.5).astype(np.uint16)))
        error = degrees(normals, compact)
        everywhere.append(float(error[face].mean()))
        active = np.maximum(fine, coarse) > AWAKE
        if active.any():
            woken.append((float(error[active].mean()), name))
    memory, ours = count * result.normal.nbytes, result.normal.nbytes + pixels.nbytes
    stored = len(encode_png(result.normal))
    packed = stored + len(encode_png(pixels))
    say(f"{count} expressions at {size}, normal maps of 16 bit")
    say(f"in memory: {memory / 1e6:.0f} MB as one normal map each, {ours / 1e6:.1f} MB compact: 1/{memory / ours:.1f}")
    say(f"as PNG: {count} x {stored / 1e6:.2f} MB, {packed / 1e6:.2f} MB compact: 1/{count * stored / packed:.1f}")
    say(f"as PNG, each map with what its expression wakes only: {files / 1e6:.1f} MB: 1/{files / packed:.1f}")
    say(f"the motion atlas alone: {pixels.nbytes / 1e6:.2f} MB in memory, {(packed - stored) / 1e6:.2f} MB as PNG")
    worst, name = max(woken)
    say(f"mean normal error: {np.mean(everywhere):.4f} degrees, worst expression {max(everywhere):.4f}")
    say(f"on woken texels only: {np.mean([e for e, _ in woken]):.3f} degrees, worst expression {worst:.3f} ({name})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
