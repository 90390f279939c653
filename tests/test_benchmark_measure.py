# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of the accuracy benchmark on reliefs whose answer is known."""

import numpy as np
import pytest

from benchmarks.measure import Tally, average_precision, band
from benchmarks.peers import PEERS, log_luminance

MM = 0.25


def _groove() -> np.ndarray:
    y = (np.arange(160, dtype=np.float32)[:, None] - 80) * MM * np.ones((1, 160), np.float32)
    return -0.3 * np.exp(-0.5 * y**2)


def _score(guess: np.ndarray):
    tally = Tally()
    tally.add(guess, _groove(), MM, (MM, MM), np.ones((160, 160), bool))
    return tally.score()


def test_the_truth_scores_perfectly() -> None:
    score = _score(_groove())
    assert score.r2 == pytest.approx(1)
    assert score.slope == pytest.approx(1)
    assert score.wrinkle_angle == pytest.approx(0, abs=2e-3)
    assert score.factor == pytest.approx(1)
    assert score.false_um == pytest.approx(0, abs=0.1)


def test_a_flat_map_scores_nothing() -> None:
    score = _score(np.zeros((160, 160), np.float32))
    assert score.r2 == pytest.approx(0)
    assert score.wrinkle_angle == pytest.approx(1)
    assert score.angle == pytest.approx(1)


def test_half_the_depth_wants_factor_two() -> None:
    score = _score(0.5 * _groove())
    assert score.factor == pytest.approx(2, rel=1e-3)
    assert score.slope == pytest.approx(1)


def test_slopes_and_slow_shapes_do_not_count() -> None:
    tilt = np.arange(160, dtype=np.float32)[None, :] * np.ones((160, 1), np.float32) * 0.01
    inside = band(tilt, MM, np.ones((160, 160), bool))[60:100, 60:100]
    assert np.abs(inside).max() < 1e-3


def test_average_precision_of_a_perfect_and_a_blind_detector() -> None:
    truth = np.zeros((40, 40), bool)
    truth[20] = True
    where = np.ones_like(truth)
    assert average_precision(truth.astype(np.float32), truth, where) == pytest.approx(1)
    noise = np.random.default_rng(0).random((40, 40)).astype(np.float32)
    assert average_precision(noise, truth, where) < 0.1


@pytest.mark.parametrize("name", PEERS)
def test_peers_take_dark_for_deep(name: str) -> None:
    rgb = np.full((160, 160, 3), 150, np.uint8)
    rgb[78:82] = 90
    log = log_luminance(rgb, np.ones((160, 160), bool))
    height = PEERS[name](log, MM)
    assert height[80, 80] < height[60, 80]
