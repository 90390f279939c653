# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m training``: make tiles, train the regressor, train on a studio's own folder."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from wrinkle_addon.core.errors import WrinkleError

from .console import say

SHIPPED = Path("wrinkle_addon/assets/regressor.npz")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("train", help="train the shipped regressor on synthetic skin")
    run.add_argument("--out", type=Path, default=SHIPPED)
    run.add_argument("--pool", type=Path, default=Path("out/tiles"), help="where tiles are kept between runs")
    run.add_argument("--tiles", type=int)
    run.add_argument("--fine-patches", type=int)
    run.add_argument("--coarse-patches", type=int)
    run.add_argument("--threads", type=int)
    run.add_argument("--seed", type=int)
    run.add_argument("--resume", action="store_true", default=None, help="go on from the pool's checkpoints")
    run.add_argument("--only", choices=("fine", "coarse"), default="", help="train one scale and write no regressor")
    run.add_argument("--pack", action="store_true", help="only write the regressor from the checkpoints of both scales")
    run.add_argument("--note", default="", help="with --pack: what else the file should say about its training")
    own = commands.add_parser("train-folder", help="fine-tune the regressor on a training folder (data, DOG, patch)")
    own.add_argument("folder", type=Path)
    own.add_argument("--out", type=Path, default=Path("out/own_regressor.npz"))
    own.add_argument("--start", type=Path, default=SHIPPED, help="regressor to start from")
    own.add_argument("--scratch", action="store_true", help="start from nothing")
    own.add_argument("--patches", type=int, default=40_000)
    own.add_argument("--check", action="store_true", help="only fit a small MLP in NumPy and report its error")
    made = commands.add_parser("make-folder", help="write a training folder of synthetic tiles")
    made.add_argument("folder", type=Path)
    made.add_argument("--tiles", type=int, default=20)
    made.add_argument("--seed", type=int, default=0)
    peers = commands.add_parser("baselines", help="train ridge, A+ and MLP for the benchmark")
    peers.add_argument("--out", type=Path, default=Path("benchmarks/baselines.npz"))
    peers.add_argument("--pool", type=Path, default=Path("out/tiles"))
    peers.add_argument("--tiles", type=int, default=3000)
    peers.add_argument("--per-tile", type=int, default=24)
    return parser


def _baselines(given: argparse.Namespace) -> None:
    from .peers import train_baselines

    train_baselines(given.out, given.pool, given.tiles, given.per_tile, say)


def _own_folder(given: argparse.Namespace) -> None:
    from .own import check_folder, train_folder

    if given.check:
        check_folder(given.folder, say)
    else:
        train_folder(given.folder, given.out, None if given.scratch else given.start, given.patches, say)


def _make_folder(given: argparse.Namespace) -> None:
    from .folder import write_folder
    from .tiles import make_tile

    write_folder(given.folder, [make_tile(given.seed + k) for k in range(given.tiles)])
    say(f"wrote {given.folder}")


def _train(given: argparse.Namespace) -> None:
    from .train import Training, pack, train

    names = ("tiles", "fine_patches", "coarse_patches", "threads", "seed", "resume")
    chosen = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    how = replace(Training(), **chosen)
    if given.pack:
        pack(given.out, given.pool, how, say, given.note)
    else:
        train(given.out, given.pool, how, given.only, say)


COMMANDS = {"train": _train, "train-folder": _own_folder, "make-folder": _make_folder, "baselines": _baselines}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when done, 2 with one sentence when the user has something to mend."""
    given = _parser().parse_args(arguments)
    try:
        COMMANDS[given.command](given)
    except WrinkleError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
