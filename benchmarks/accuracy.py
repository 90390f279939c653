# SPDX-License-Identifier: GPL-3.0-or-later
"""How true the wrinkles are: on held-out synthetic tiles and on heads rendered in Cycles, against what others do.

    python3 build_addon.py bench accuracy [--tiles 160] [--renders DIR] [--check] [--picture docs/accuracy_row.png]

Nothing here was trained on: the tiles have seeds of their own, the heads have other wrinkles, other paint
and path-traced light. Peers' heights have no scale, theirs is fitted to the truth.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np

from benchmarks.heads import Head, carried, heads
from benchmarks.measure import Bool, Float, Score, Steps, Tally, average_precision, band, compare, wrinkle_texels
from benchmarks.peers import PEERS, dog_height, log_luminance
from benchmarks.people import CHECK, SHOTS, Shot
from training.apply import over_tile
from training.baselines import PATCH
from training.peers import read_baselines
from training.stream import held_out
from training.tiles import Tile
from wrinkle_addon.core.light import estimate_light
from wrinkle_addon.core.pipeline import reconstruct
from wrinkle_addon.core.regions import EXCLUDED, region_masks, skin_mask
from wrinkle_addon.core.settings import Settings
from wrinkle_addon.core.surface import flat_surface
from wrinkle_addon.core.types import Byte, Light, Texture
from wrinkle_addon.core.wrinkles import WrinkleSettings, load_regressor, wrinkle_maps

BASELINES = Path(__file__).with_name("baselines.npz")
EVERYWHERE = WrinkleSettings(dog_thres=0.0)
FLAT = "a flat map"
HEADING = f"{'':34}{'R2':>8}{'slope r':>9}{'angle w':>9}{'angle':>8}{'factor':>8}{'false um':>10}"


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def row(name: str, score: Score) -> str:
    r2, slope, wrinkle, angle, factor, false = astuple(score)
    return f"{name:34}{r2:8.3f}{slope:9.3f}{wrinkle:9.3f}{angle:8.3f}{factor:8.2f}{false:10.1f}"


def scaled(guess: Float, truth: Float, texel_mm: float, where: Bool) -> Float:
    """A relief without a scale times the factor that suits the truth best."""
    g, t = band(guess, texel_mm, where)[where], band(truth, texel_mm, where)[where]
    return guess * np.float32((g * t).sum() / max(float((g * g).sum()), 1e-12))


def on_tiles(count: int) -> None:
    """Table of every regressor on held-out tiles, with the true light."""
    regressor = load_regressor()
    ours: dict[str, Callable[[Tile], Float]] = {
        "ours: two convolutional nets": lambda tile: _stage(tile, regressor, EVERYWHERE),
        "ours: with detector and gate": lambda tile: _stage(tile, regressor, WrinkleSettings()),
    }
    if BASELINES.exists():
        names = ("ridge", "A+ (256 anchors)", "MLP between PCA spaces")
        for name, found in zip(names, read_baselines(BASELINES), strict=True):
            ours[name] = lambda tile, found=found: over_tile(tile, PATCH, found)
    tallies = {name: Tally() for name in (*ours, *PEERS, FLAT)}
    for tile in held_out(count):
        inside = np.zeros(tile.height.shape, bool)
        rim = int(3 / tile.texel_mm)
        inside[rim:-rim, rim:-rim] = True
        where = np.ones_like(inside)
        steps = (tile.texel_mm, tile.texel_mm)
        for name, method in ours.items():
            tallies[name].add(method(tile), tile.height, tile.texel_mm, steps, where, inside)
        log = log_luminance(tile.rgb, where)
        for name, method in PEERS.items():
            guess = scaled(method(log, tile.texel_mm), tile.height, tile.texel_mm, where)
            tallies[name].add(guess, tile.height, tile.texel_mm, steps, where, inside)
        tallies[FLAT].add(np.zeros_like(tile.height), tile.height, tile.texel_mm, steps, where, inside)
    say(f"{count} held-out tiles, all regions, light and skin; true light known\n{HEADING}")
    for name, tally in tallies.items():
        say(row(name, tally.score()))


def _stage(tile: Tile, regressor: object, settings: WrinkleSettings) -> Float:
    size = tile.rgb.shape[0]
    texture = Texture(tile.rgb, np.full((size, size), 255, np.uint8))
    light = Light(tile.light[:3], float(tile.light[3]), "given")
    return wrinkle_maps(texture, flat_surface(size, tile.texel_mm), None, light, regressor, settings).displacement  # type: ignore[arg-type]


def _geometry(head: Head) -> tuple[float, Steps, Bool]:
    """Texel size, steps and what counts: seen, skin."""
    size = head.texture.size
    steps = tuple(_on_map(np.linalg.norm(d, axis=-1) / size, size) for d in (head.surface.dv, head.surface.du))
    where = (head.texture.alpha > 128) & (skin_mask(head.model, size) > 0.9)
    return head.surface.texel_mm(size), steps, where  # type: ignore[return-value]


def _on_map(values: Float, size: int) -> Float:
    return np.maximum(cv2.resize(values.astype(np.float32), (size, size)), 1e-3)


def on_heads(cache: Path, shots: tuple[Shot, ...]) -> list[tuple[Head, dict[str, Float]]]:
    """Tables of texture mode and of the whole path on rendered heads; returns the maps for the picture."""
    regressor, found = load_regressor(), []
    methods = ("texture, light estimated", "texture, light given", "whole path", *PEERS, FLAT)
    whole = {name: Tally() for name in methods}
    places: dict[str, dict[str, Tally]] = {}
    lights: dict[str, dict[str, Tally]] = {}
    errors, precision = [], []
    for head in heads(cache, shots):
        texel, steps, where = _geometry(head)
        skin = skin_mask(head.model, head.texture.size)
        estimated = estimate_light(head.texture, head.surface, skin)
        errors.append(np.degrees(np.arccos(np.clip(estimated.direction @ head.direction, -1, 1))))
        given = Light(head.direction.astype(np.float32), estimated.ambient, "given")
        shipped, known = (
            wrinkle_maps(head.texture, head.surface, skin, light, regressor) for light in (estimated, given)
        )
        maps = dict(zip(methods, (shipped.displacement, known.displacement), strict=False))
        run = reconstruct([head.photo], Settings(size=head.texture.size))
        maps["whole path"] = carried(head, run.fits[0], run.wrinkles.displacement, run.texture.alpha > 0)
        log = log_luminance(head.texture.rgb, where)
        for name, method in PEERS.items():
            maps[name] = scaled(method(log, texel), head.truth, texel, where)
        maps[FLAT] = np.zeros_like(head.truth)
        both = {name: compare(guess, head.truth, texel, steps, where) for name, guess in maps.items()}
        for name, compared in both.items():
            for tally in (whole[name], lights.setdefault(head.light, {n: Tally() for n in methods})[name]):
                tally.add_compared(compared)
        for region, mask in region_masks(head.model, head.texture.size).items():
            if region not in EXCLUDED and (where & (mask > 0.5)).any():
                tallies = places.setdefault(region.removesuffix("_L").removesuffix("_R"), {})
                for key in ("all", head.light):
                    tally = tallies.setdefault(key, Tally())
                    tally.add_compared(both[methods[0]], mask > 0.5)
        if head.truth.any():
            precision.append(_detection(head, shipped.confidence, texel, steps, where))
        found.append((head, maps))
    say(f"\n{len(found)} heads rendered in Cycles\n{HEADING}")
    for name, tally in whole.items():
        say(row(name, tally.score()))
    for light, tallies in lights.items():
        say(f"light {light}\n" + "\n".join(row("  " + n, t.score()) for n, t in tallies.items()))
    say("regions (texture, light estimated)\n" + "\n".join(row("  " + n, t["all"].score()) for n, t in places.items()))
    by_place("angle w, region by light", places, list(lights), lambda score: f"{score.wrinkle_angle:12.2f}")
    by_place("false um, region by light", places, list(lights), lambda score: f"{score.false_um:12.1f}")
    say(f"light: median error {np.median(errors):.1f} degrees, each {', '.join(f'{e:.0f}' for e in errors)}")
    ours, dog, chance = np.mean(precision, 0)
    say(f"detector: average precision {ours:.3f}, single-scale DoG {dog:.3f} ({ours / dog:.2f} x), chance {chance:.3f}")
    say("  each " + ", ".join(f"{ours:.3f} to {dog:.3f}" for ours, dog, _ in precision))
    return found


def by_place(title: str, places: dict[str, dict[str, Tally]], lights: list[str], shown: Callable[[Score], str]) -> None:
    """One figure of every region in every light."""
    say(f"{title:34}" + "".join(f"{light:>12}" for light in lights))
    for region, tallies in places.items():
        cells = [shown(tallies[light].score()) if light in tallies else f"{'-':>12}" for light in lights]
        say(f"  {region:32}" + "".join(cells))


def _detection(head: Head, confidence: Byte, texel: float, steps: Steps, where: Bool) -> tuple[float, float, float]:
    """Average precision of the final confidence and of one difference of Gaussians, and of guessing."""
    limited = band(head.truth, texel, where)
    grooves = wrinkle_texels(limited, texel, steps, where) & (limited < -0.02)
    dog = -dog_height(log_luminance(head.texture.rgb, where), texel)
    scores = [average_precision(score, grooves, where) for score in (confidence.astype(np.float32), dog)]
    return scores[0], scores[1], float(grooves[where].mean())


def shaded(height: Float, steps: Steps, where: Bool) -> Float:
    """Grey picture of a relief lit from the upper left, (S, S, 3) uint8."""
    dy, dx = np.gradient(height)
    light = 0.62 - 0.9 * (-dx / steps[1] * 0.6 - dy / steps[0] * 0.6)
    grey = np.where(where, np.clip(light, 0, 1), 0.5) * 255
    return np.repeat(grey.astype(np.uint8)[..., None], 3, 2)


def picture(found: list[tuple[Head, dict[str, Float]]], path: Path) -> None:
    """One row: photo in UV, truth, ours, whole path and the peers, cut to the face."""
    head, maps = found[0]
    _, steps, where = _geometry(head)
    rows, columns = np.nonzero(where)
    cut = slice(rows.min(), rows.max()), slice(columns.min(), columns.max())
    names = ("texture, light estimated", "whole path", "luminance as height", "multi-scale DoG as height")
    reliefs = [head.truth, *(maps[name] for name in names)]
    panels = [head.texture.rgb[cut], *(shaded(relief, steps, where)[cut] for relief in reliefs)]
    labels = ("photo", "truth", "ours (texture)", "ours (photo)", "luminance as height", "multi-scale DoG")
    high = 420
    shown = []
    for panel, label in zip(panels, labels, strict=True):
        image = cv2.resize(panel, (round(panel.shape[1] * high / panel.shape[0]), high), interpolation=cv2.INTER_AREA)
        strip = np.full((34, image.shape[1], 3), 255, np.uint8)
        cv2.putText(strip, label, (6, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30, 30, 30), 1, cv2.LINE_AA)
        shown.append(np.vstack((strip, image)))
    cv2.imwrite(str(path), np.hstack(shown)[:, :, ::-1])
    say(f"picture: {path}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="accuracy", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tiles", type=int, default=160)
    parser.add_argument("--renders", type=Path, default=Path("out/heads"), help="rendered heads are kept here")
    parser.add_argument("--picture", type=Path, help="write the picture row there")
    parser.add_argument("--only", choices=("tiles", "heads"))
    parser.add_argument("--check", action="store_true", help="the heads that nothing was chosen by, instead")
    given = parser.parse_args(arguments)
    if given.only != "heads":
        on_tiles(given.tiles)
    if given.only != "tiles":
        found = on_heads(given.renders, CHECK if given.check else SHOTS)
        if given.picture:
            picture(found, given.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
