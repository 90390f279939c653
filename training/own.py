# SPDX-License-Identifier: GPL-3.0-or-later
"""Training on a folder of one's own scans: the shipped nets are fine-tuned, or an MLP is fitted to check the folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wrinkle_addon.core.errors import WrinkleError

from .baselines import PATCH, codec_of, train_mlp
from .folder import Sheet, read_folder
from .patches import Batch, Scale, draw
from .weights import read_regressor, write_regressor

Say = Callable[[str], None]
LEAST_TILES = 2


def sheet_batch(sheets: list[Sheet], scale: Scale, per_sheet: int, seed: int, plain: bool = False) -> Batch:
    """``per_sheet`` patches of every sheet, at its stated centres where it has any."""
    rng = np.random.default_rng((seed, 79))
    parts = [draw(rng, s.tile, scale, per_sheet, plain, s.centres) for s in sheets]
    return Batch(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("x", "y", "weight")))


def split(sheets: list[Sheet]) -> tuple[list[Sheet], list[Sheet]]:
    """Every fifth sheet (at least one) is held out. Raises WrinkleError when there are too few to hold one out."""
    if len(sheets) < LEAST_TILES:
        raise WrinkleError(f"The folder holds {len(sheets)} texture.", f"Training needs at least {LEAST_TILES}.")
    return [s for k, s in enumerate(sheets) if k % 5 != 0], sheets[::5]


def error_share(guess: np.ndarray[Any, Any], batch: Batch) -> float:
    """Squared error of (P, N, N) ``guess`` as a share of the relief's own power: 1 is what a flat map scores."""
    weight = batch.weight[:, 0]
    return float(
        np.square((guess - batch.y[:, 0]) * weight).sum() / max(np.square(batch.y[:, 0] * weight).sum(), 1e-12)
    )


def check_folder(folder: Path, say: Say, rounds: int = 20, patches: int = 4000) -> tuple[float, float]:
    """Fit an MLP in NumPy to the folder; returns the error shares (training, held out), below 1 when it learns."""
    learn, keep = split(read_folder(folder))
    batch = sheet_batch(learn, PATCH, max(16, patches // len(learn)), 1)
    sizes = {"luminance": 32, "chroma": 6, "height": 24} if len(batch.x) < 2000 else {}
    mlp = train_mlp(codec_of(batch, **sizes), batch, 128, rounds)
    test = sheet_batch(keep, PATCH, 64, 2, plain=True)
    found = error_share(mlp(batch.x), batch), error_share(mlp(test.x), test)
    say(f"{folder}: error {found[0]:.3f} of flat on {len(learn)} textures, {found[1]:.3f} on {len(keep)} held out")
    return found


def _batches(sheets: list[Sheet], scale: Scale, batch: int, seed: int) -> Iterator[Batch]:
    """Endless shuffled batches; every round draws new patches."""
    rng = np.random.default_rng((seed, 80))
    while True:
        pool = sheet_batch(sheets, scale, max(1, -(-20 * batch // len(sheets))), int(rng.integers(2**31)))
        mixed = rng.permutation(len(pool.x))
        for at in range(0, len(mixed) - batch + 1, batch):
            part = mixed[at : at + batch]
            yield Batch(pool.x[part], pool.y[part], pool.weight[part])


def train_folder(folder: Path, out: Path, start: Path | None, patches: int, say: Say) -> dict[str, tuple[float, float]]:
    """Fine-tune the nets of ``start`` (or new ones) on a folder and write ``out``.

    Returns the held-out error share before and after, per scale. Needs PyTorch.
    """
    import torch

    from .nets import ProgramNet, unet, widths_of
    from .train import SCALES, Training, descend, explained, new_net, scale_entry

    learn, keep = split(read_folder(folder))
    given = read_regressor(start)[1] if start else {}
    how = Training(rate=5e-4 if start else 2e-3)
    torch.set_num_threads(how.threads)
    arrays: dict[str, Any] = {}
    entries: list[dict[str, Any]] = []
    found: dict[str, tuple[float, float]] = {}
    for scale in SCALES:
        mine = {k.removeprefix(f"{scale.name}/"): v for k, v in given.items() if k.startswith(f"{scale.name}/")}
        net = new_net(scale, how.seed, mine)
        test = sheet_batch(keep, scale, 48, 2, plain=True)
        before = 1 - explained(net, test, scale)[0]

        def look(step: int, loss: float, mean: ProgramNet, scale: Scale = scale) -> None:
            say(f"{scale.name} {step * how.batch} patches: loss {loss:.4f}")

        batches = _batches(learn, scale, how.batch, how.seed)
        mean = descend(net, batches, scale, max(1, patches // how.batch), how, look)
        found[scale.name] = before, 1 - explained(mean, test, scale)[0]
        say(f"{scale.name}: held-out error {found[scale.name][0]:.3f} of flat before, {found[scale.name][1]:.3f} after")
        weights = mean.arrays()
        arrays.update({f"{scale.name}/{name}": value for name, value in weights.items()})
        entries.append(scale_entry(scale, unet(*widths_of(weights))))
    facts = {"command": "python -m training train-folder", "textures": len(learn), "patches": patches}
    write_regressor(out, arrays, entries, facts)
    say(f"wrote {out}")
    return found
