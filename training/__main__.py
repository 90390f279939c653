# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m training``: make tiles, train the regressor, train on a studio's own folder."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("train", help="train the shipped regressor on synthetic skin")
    run.add_argument("--out", type=Path, default=Path("wrinkle_addon/assets/regressor.npz"))
    run.add_argument("--pool", type=Path, default=Path("out/tiles"), help="where tiles are kept between runs")
    run.add_argument("--tiles", type=int)
    run.add_argument("--fine-patches", type=int)
    run.add_argument("--coarse-patches", type=int)
    run.add_argument("--threads", type=int)
    run.add_argument("--seed", type=int)
    run.add_argument("--only", choices=("fine", "coarse"), default="", help="train one scale and write no regressor")
    run.add_argument("--pack", action="store_true", help="only write the regressor from the checkpoints of both scales")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when done."""
    given = _parser().parse_args(arguments)
    from .train import Training, pack, train  # PyTorch loads only when it is needed

    names = ("tiles", "fine_patches", "coarse_patches", "threads", "seed")
    chosen = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    how = replace(Training(), **chosen)
    if given.pack:
        pack(given.out, given.pool, how, _say)
    else:
        train(given.out, given.pool, how, given.only, _say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
