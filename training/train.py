# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the two convolutional regressors on a stream of synthetic skin and writes the shipped file."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .apply import merging_gain
from .geometry import Float
from .nets import Builder, ProgramNet, unet, widths_of
from .patches import COARSE, FINE, SPLIT_MM, TARGET_HIGHPASS_MM, Batch, Scale
from .stream import SHARD_TILES, held_out, patches_of, shard, stream
from .tiles import read_shard
from .weights import write_regressor

Say = Callable[[str], None]
Look = Callable[[int, float, ProgramNet], None]
SCALES = (FINE, COARSE)
UNIT_MM = {"fine": 0.06, "coarse": 0.05}
SLOPE_UNIT = {"fine": 0.08, "coarse": 0.02}
GATES = {"fine": 0.01, "coarse": 0.0015}
"""Slope under which the stage fades relief out; the nets already answer little where they see little."""
GAIN_TILES = 100
"""How many tiles of the pool the gains of merging are taken from."""
RATE_SHARES = {"fine": 1.0, "coarse": 1 / 3}
"""Share of the learning rate. Shadows' edges and lips reach the coarse net as inputs many times larger than any fold;
learning faster kills all its rectifiers at once."""
WIDTHS = {"fine": (24, 40, 64, 80), "coarse": (24, 40, 64, 80)}


@dataclass(frozen=True)
class Training:
    """How long and with what. tiles: pool size; patches: how many of each scale pass in all; batch: patches a step."""

    tiles: int = 8000
    fine_patches: int = 900_000
    coarse_patches: int = 600_000
    batch: int = 12
    rate: float = 1.2e-3
    slope_weight: float = 0.5
    seed: int = 1
    resume: bool = False
    threads: int = 1


def loss_of(net: ProgramNet, batch: Batch, scale: Scale, slope_weight: float) -> torch.Tensor:
    """Squared error of displacement and of slope, each in its unit.

    Squared errors make the answer the conditional mean, whose best global strength factor is 1: depth needs no gain.
    """
    x = torch.from_numpy(batch.x).contiguous(memory_format=torch.channels_last)
    unit = UNIT_MM[scale.name]
    truth, weight = torch.from_numpy(batch.y) / unit, torch.from_numpy(batch.weight)
    error = (net(x) - truth) * weight
    slope = unit / (scale.mm * SLOPE_UNIT[scale.name])
    across, along = error.diff(dim=2) * slope, error.diff(dim=3) * slope
    # Nearly quadratic; very deep folds count linearly so that a few tiles do not rule the rest.
    terms = [torch.nn.functional.huber_loss(e, torch.zeros_like(e), delta=12.0) for e in (error, across, along)]
    return (1 - slope_weight) * terms[0] + slope_weight * (terms[1] + terms[2])


def answers(net: ProgramNet, scale: Scale) -> Callable[[Float], Float]:
    """The net as a function of (P, 8, N, N) inputs to (P, N, N) mm."""

    def regress(x: Float) -> Float:
        with torch.no_grad():
            parts = [net(torch.from_numpy(x[k : k + 128])).numpy()[:, 0] for k in range(0, len(x), 128)]
        return np.asarray(np.concatenate(parts) * UNIT_MM[scale.name], np.float32)

    return regress


def explained(net: ProgramNet, batch: Batch, scale: Scale) -> tuple[float, float]:
    """R^2 of displacement and of slope across the wrinkle on ``batch``."""
    guess = answers(net, scale)(batch.x)[:, None]
    error, power = (guess - batch.y) * batch.weight, batch.y * batch.weight
    across = np.diff(error, axis=2), np.diff(power, axis=2)
    return (
        float(1 - np.square(error).sum() / np.square(power).sum()),
        float(1 - np.square(across[0]).sum() / np.square(across[1]).sum()),
    )


def new_net(scale: Scale, seed: int, start: Mapping[str, Float] | None = None) -> ProgramNet:
    """An untrained net of this scale, or one of the shape and weights of ``start``."""
    torch.manual_seed(seed)
    net = ProgramNet(unet(*(widths_of(start) if start else WIDTHS[scale.name])), UNIT_MM[scale.name])
    if start:
        net.load(start)
    return net.to(memory_format=torch.channels_last)


def descend(
    net: ProgramNet, batches: Iterator[Batch], scale: Scale, steps: int, how: Training, look: Look
) -> ProgramNet:
    """Run ``steps`` steps; returns the running average of the net. ``look(step, loss, average)`` is called 20 times."""
    mean = copy.deepcopy(net)
    rate = how.rate * RATE_SHARES[scale.name]
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps + 1, pct_start=0.05)
    part, running = max(1, steps // 20), 0.0
    for step in range(1, steps + 1):
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(net, next(batches), scale, how.slope_weight)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        schedule.step()
        running += float(loss.detach())
        keep = min(0.995, 1 - 4 / (step + 4))
        with torch.no_grad():
            torch._foreach_lerp_(list(mean.parameters()), list(net.parameters()), 1 - keep)
        if step % part == 0 or step == steps:
            look(step, running / part, mean)
            running = 0.0
    return mean


def train_scale(scale: Scale, pool: Path, how: Training, say: Say) -> None:
    """Train one scale; the averaged net is kept in ``pool`` at every twentieth of the way (see :func:`checkpoint`)."""
    torch.set_num_threads(how.threads)
    patches = how.fine_patches if scale.name == "fine" else how.coarse_patches
    check = patches_of(held_out(100), scale, 8, 5)
    shards = -(-how.tiles // SHARD_TILES)
    batches = stream(pool, shards, scale, 24 if scale.name == "fine" else 16, how.batch, how.seed)
    started = time.monotonic()

    def look(step: int, loss: float, mean: ProgramNet) -> None:
        depth, slope = explained(mean, check, scale)
        seen = f"{scale.name} {step * how.batch} patches, {time.monotonic() - started:.0f} s"
        say(f"{seen}: loss {loss:.4f}, R2 {depth:.3f}, slope R2 {slope:.3f}")
        np.savez(checkpoint(pool, scale), **mean.arrays())  # type: ignore[arg-type]

    start = None
    if how.resume and checkpoint(pool, scale).exists():
        with np.load(checkpoint(pool, scale)) as data:
            start = {name: data[name] for name in data.files}
    descend(new_net(scale, how.seed, start), batches, scale, max(1, patches // how.batch), how, look)


def checkpoint(pool: Path, scale: Scale) -> Path:
    """Where the net of this scale is kept while it trains."""
    return pool / f"checkpoint_{scale.name}.npz"


def scale_entry(scale: Scale, builder: Builder) -> dict[str, Any]:
    """What the regressor file says about one scale."""
    return {
        "mm": scale.mm,
        "size": scale.size,
        "highpass_mm": scale.highpass_mm,
        "program": builder.program,
        "prefix": f"{scale.name}/",
        "gate": GATES[scale.name],
        "band_mm": [0.0, SPLIT_MM] if scale.name == "fine" else [SPLIT_MM, TARGET_HIGHPASS_MM],
    }


def pack(out: Path, pool: Path, how: Training, say: Say, note: str = "") -> None:
    """Write ``out`` from the checkpoints of both scales; ``note`` tells what the settings alone do not."""
    torch.set_num_threads(how.threads)
    tiles = read_shard(shard(pool, 0))[:GAIN_TILES]
    arrays: dict[str, Any] = {}
    entries, gains = [], {}
    for scale in SCALES:
        with np.load(checkpoint(pool, scale)) as data:
            mine = {name: data[name] for name in data.files}
        gain = max(1.0, merging_gain(tiles, scale, answers(new_net(scale, how.seed, mine), scale)))
        for name in (f"{kind}{len(mine) // 2 - 1}" for kind in "wb"):
            mine[name] = mine[name] * np.float32(gain)
        gains[scale.name] = round(gain, 4)
        arrays.update({f"{scale.name}/{name}": value for name, value in mine.items()})
        entries.append(scale_entry(scale, unet(*widths_of(mine))))
    facts: dict[str, Any] = {
        "command": "python -m training train",
        "data": "synthetic skin made by this repository",
        "gains": gains,
        **asdict(how),
    }
    if note:
        facts["note"] = note
    out.parent.mkdir(parents=True, exist_ok=True)
    write_regressor(out, arrays, entries, facts)
    say(f"wrote {out}")


def train(out: Path, pool: Path, how: Training, only: str, say: Say) -> None:
    """Train both scales, each in a process of its own, and write ``out``; or train ``only`` one of them.

    ``say`` is called in those processes too, so it has to be a function of a module.
    """
    if only:
        train_scale(next(scale for scale in SCALES if scale.name == only), pool, how, say)
        return
    shards = range(-(-how.tiles // SHARD_TILES))
    with ProcessPoolExecutor(len(SCALES), get_context("spawn")) as workers:
        for made in workers.map(shard, repeat(pool), shards):
            say(f"{made}")
        for done in [workers.submit(train_scale, scale, pool, how, say) for scale in SCALES]:
            done.result()
    pack(out, pool, how, say)
