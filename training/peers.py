# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the baselines on the same pool as the shipped nets and keeps them as one small file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from .baselines import PATCH, Anchored, Codec, Mlp, Ridge, Space, codec_of, train_anchored, train_mlp, train_ridge
from .patches import Batch
from .stream import SHARD_TILES, patches_of, shard
from .tiles import read_shard
from .weights import read_regressor, write_regressor

Baselines = tuple[Ridge, Anchored, Mlp]


def train_baselines(out: Path, pool: Path, tiles: int, per_tile: int, say: Callable[[str], None]) -> None:
    """Train ridge, A+ and MLP on ``tiles`` tiles of ``pool`` and write them to ``out``."""
    parts = []
    for index in range(-(-tiles // SHARD_TILES)):
        parts.append(patches_of(read_shard(shard(pool, index)), PATCH, per_tile, 1000 + index))
    batch = Batch(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("x", "y", "weight")))
    say(f"{len(batch.x)} patches")
    few = slice(None, None, max(1, len(batch.x) // 12_000))
    codec = codec_of(Batch(batch.x[few], batch.y[few], batch.weight[few]))
    ridge, anchored = train_ridge(codec, batch), train_anchored(codec, batch)
    say("ridge and A+ are done")
    mlp = train_mlp(codec, batch, rounds=30)
    write_baselines(out, (ridge, anchored, mlp), {"tiles": tiles, "patches": len(batch.x)})
    say(f"wrote {out}")


def write_baselines(out: Path, baselines: Baselines, facts: dict[str, int]) -> None:
    ridge, anchored, mlp = baselines
    codec = ridge.codec
    arrays = {"ridge": ridge.matrix, "anchors": anchored.anchors, "anchored": anchored.matrices}
    for name in ("luminance", "chroma", "height"):
        space: Space = getattr(codec, name)
        arrays |= {f"{name}/mean": space.mean, f"{name}/basis": space.basis, f"{name}/spread": space.spread}
    for k, (weights, bias) in enumerate(mlp.layers):
        arrays |= {f"mlp/w{k}": weights, f"mlp/b{k}": bias}
    write_regressor(out, arrays, [], {"command": "python -m training baselines", **facts})


def read_baselines(path: Path) -> Baselines:
    """Ridge, A+ and MLP of a file that :func:`write_baselines` wrote."""
    arrays = read_regressor(path)[1]
    codec = Codec(
        *(
            Space(arrays[f"{n}/mean"], arrays[f"{n}/basis"], arrays[f"{n}/spread"])
            for n in ("luminance", "chroma", "height")
        )
    )
    layers = tuple((arrays[f"mlp/w{k}"], arrays[f"mlp/b{k}"]) for k in range(3))
    return Ridge(codec, arrays["ridge"]), Anchored(codec, arrays["anchors"], arrays["anchored"]), Mlp(codec, layers)
