# SPDX-License-Identifier: GPL-3.0-or-later
"""Regressor files: read when whole, refused with one sentence when not."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
import wrinkle_native as native
from wrinkle_cases import simple_scales, write_regressor

from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.wrinkles import load_regressor
from wrinkle_addon.core.wrinkles.regressor import DEFAULT


def test_a_whole_file_is_read(tmp_path):
    write_regressor(tmp_path / "r.npz", *simple_scales(), licence="CC0")
    regressor = load_regressor(tmp_path / "r.npz")
    assert [net.scale.mm for net in regressor.nets] == [0.25, 0.75]
    assert [net.net.size for net in regressor.nets] == [64, 64]
    assert regressor.licence == "CC0"


def test_half_precision_weights_are_read(tmp_path):
    arrays, scales = simple_scales()
    write_regressor(tmp_path / "r.npz", {name: array.astype(np.float16) for name, array in arrays.items()}, scales)
    assert len(load_regressor(tmp_path / "r.npz").nets) == 2


def test_the_shipped_file_is_read():
    if not DEFAULT.exists():
        pytest.skip("the regressor has not been trained yet")
    regressor = load_regressor()
    assert regressor.licence
    assert regressor.provenance
    assert DEFAULT.stat().st_size <= 4 << 20
    for net in regressor.nets:
        zero = np.zeros((1, 8, net.scale.size, net.scale.size), np.float32)
        assert np.abs(net.net.run(zero)).max() < 0.2


def scales_with(**changes):
    arrays, scales = simple_scales()
    return arrays, [scales[0] | changes, scales[1]]


@pytest.mark.parametrize(
    ("changes", "meta"),
    [
        ({}, {"format": 2}),
        ({}, {"sha256": "0" * 64}),
        ({}, {"scales": []}),
        ({}, {"scales": "all"}),
        ({}, {"scales": [7]}),
        ({"size": 10**9}, {}),
        ({"size": float("nan")}, {}),
        ({"mm": "wide"}, {}),
        ({"program": ["nonsense"]}, {}),
        ({"program": [{"conv3x3": "w7"}]}, {}),
        ({"program": [{"conv3x3": ["w0"]}]}, {}),
        ({"program": [{}]}, {}),
        ({"program": [[]]}, {}),
        ({"program": None}, {}),
        ({"program": ["avgpool2"]}, {}),
        ({"gate": -1}, {}),
    ],
)
def test_descriptions_that_make_no_sense_are_refused(tmp_path, changes, meta):
    write_regressor(tmp_path / "strange.npz", *scales_with(**changes), **meta)
    with pytest.raises(WrinkleError, match=r"strange\.npz"):
        load_regressor(tmp_path / "strange.npz")


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "broken.npz"
    write_regressor(path, *simple_scales())
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    cases = [b"", b"text", whole[:100], whole[: len(whole) // 2], whole[:-30]]
    for _ in range(40):
        damaged = bytearray(whole)
        for at in rng.integers(0, len(whole), 8):
            damaged[at] = rng.integers(0, 256)
        cases.append(bytes(damaged))
    refused = 0
    for case in cases:
        path.write_bytes(case)
        with suppress(WrinkleError):
            load_regressor(path)
            continue
        refused += 1
    assert refused > 40


def test_pickles_and_missing_files_are_refused(tmp_path):
    np.savez(tmp_path / "pickle.npz", meta=np.array([{"format": 1}], dtype=object))
    with pytest.raises(WrinkleError, match=r"pickle\.npz"):
        load_regressor(tmp_path / "pickle.npz")
    with pytest.raises(WrinkleError, match=r"absent\.npz"):
        load_regressor(tmp_path / "absent.npz")
    with pytest.raises(WrinkleError):
        load_regressor(tmp_path)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    arrays, scales = simple_scales()
    arrays["fine/w0"][0, 0, 0, 0] = np.inf
    write_regressor(tmp_path / "infinite.npz", arrays, scales)
    with pytest.raises(WrinkleError, match=r"infinite\.npz"):
        load_regressor(tmp_path / "infinite.npz")


def test_the_network_says_how_much_it_computes():
    weights = np.zeros((1, 8, 3, 3), np.float32)
    net = native.Net(16, 8, [("conv3x3", weights, np.zeros(1, np.float32))])
    assert net.multiply_adds == 16 * 16 * 9 * 8
