# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool of tiles on disk and the stream of shuffled training batches drawn from it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np

from .patches import Batch, Scale, draw
from .tiles import HELD_OUT_SEED, Tile, make_tile, read_shard, write_shard

SHARD_TILES = 200


def shard(folder: Path, index: int) -> Path:
    """The shard of this index, made when it is missing; its tiles have seeds ``index * SHARD_TILES`` and on."""
    path = folder / f"shard_{index:04d}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_shard(path, index * SHARD_TILES, SHARD_TILES)
    return path


def held_out(number: int) -> list[Tile]:
    """Tiles that no training run sees."""
    return [make_tile(HELD_OUT_SEED + k) for k in range(number)]


def patches_of(tiles: list[Tile], scale: Scale, per_tile: int, seed: int, plain: bool = False) -> Batch:
    """All patches of some tiles as one batch."""
    rng = np.random.default_rng((seed, 77))
    parts = [draw(rng, tile, scale, per_tile, plain) for tile in tiles]
    return Batch(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("x", "y", "weight")))


def stream(folder: Path, shards: int, scale: Scale, per_tile: int, batch: int, seed: int) -> Iterator[Batch]:
    """Endless batches: shards in order in the first round, in a new random order in each later one; ``per_tile`` new
    patches of every tile each time, shuffled over 40 tiles."""
    rng = np.random.default_rng((seed, 78))
    for turn in count():
        for index in range(shards) if turn == 0 else rng.permutation(shards):
            tiles = read_shard(shard(folder, int(index)))
            order = rng.permutation(len(tiles))
            for start in range(0, len(tiles), 40):
                chosen = [tiles[k] for k in order[start : start + 40]]
                pool = patches_of(chosen, scale, per_tile, int(rng.integers(2**31)))
                mixed = rng.permutation(len(pool.x))
                for at in range(0, len(mixed) - batch + 1, batch):
                    part = mixed[at : at + batch]
                    yield Batch(pool.x[part], pool.y[part], pool.weight[part])
