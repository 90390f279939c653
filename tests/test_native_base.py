# SPDX-License-Identifier: GPL-3.0-or-later
"""The native module's foundation: arguments, threads, cancellation, rasteriser."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest
import wrinkle_native
from raster_reference import grid_points, triangle_ids

from wrinkle_addon.core.errors import Cancelled
from wrinkle_addon.core.progress import report


@pytest.fixture(autouse=True)
def default_threads():
    yield
    wrinkle_native.set_threads(0)


def square_mesh(cells: int = 7, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """uv and triangles of a shaken grid that fills the whole of UV space."""
    axis = np.linspace(0, 1, cells + 1)
    u, v = np.meshgrid(axis, axis)
    shake = np.random.default_rng(seed).uniform(-0.4, 0.4, (2, cells + 1, cells + 1)) / cells
    shake[0, :, [0, -1]] = shake[1, [0, -1], :] = 0
    uv = np.stack([u + shake[0], v + shake[1]], -1).reshape(-1, 2).astype(np.float32)
    index = np.arange((cells + 1) ** 2).reshape(cells + 1, cells + 1)
    a, b, c, d = (i.ravel() for i in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    return uv, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)


@pytest.mark.parametrize("seed", range(4))
def test_raster_agrees_with_plain_numpy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    uv = rng.uniform(-0.3, 1.3, (30, 2)).astype(np.float32)
    uv[:10] = np.round(uv[:10] * 16) / 16  # corners right on texel borders and on each other
    triangles = rng.integers(0, 30, (40, 3)).astype(np.int32)
    ids, weights = wrinkle_native.rasterize_uv(uv, triangles, 61)
    assert np.array_equal(ids, triangle_ids(uv, triangles, 61))
    covered = ids >= 0
    both = np.concatenate([weights, 1 - weights.sum(-1, keepdims=True)], -1)[covered]
    assert both.min() > -1e-6
    place = np.einsum("nk,nkc->nc", both, grid_points(uv, 61)[triangles[ids[covered]]])
    assert np.abs(place - np.argwhere(covered)[:, ::-1]).max() < 0.02


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("size", [1, 16, 64, 200])
def test_a_mesh_leaves_no_cracks_and_draws_nothing_twice(size: int, mirrored: bool) -> None:
    uv, triangles = square_mesh()
    if mirrored:
        triangles = np.ascontiguousarray(triangles[:, ::-1])
    ids, _ = wrinkle_native.rasterize_uv(uv, triangles, size)
    assert (ids >= 0).all()
    backwards, _ = wrinkle_native.rasterize_uv(uv, np.ascontiguousarray(triangles[::-1]), size)
    assert np.array_equal(ids, len(triangles) - 1 - backwards)


def test_interpolation_reproduces_a_linear_function() -> None:
    uv, triangles = square_mesh(5, seed=3)
    values = np.ascontiguousarray(np.stack([uv[:, 0], uv[:, 1], 3 * uv[:, 0] - 2 * uv[:, 1]], 1))
    values = np.ascontiguousarray(np.concatenate([values, np.ones_like(values[:, :1])], 1))
    drawn = wrinkle_native.interpolate_uv(values, uv, triangles, 50)
    u = np.broadcast_to((np.arange(50) + 0.5) / 50, (50, 50))
    v = 1 - u.T
    assert np.allclose(drawn, np.stack([u, v, 3 * u - 2 * v, 1 + 0 * u], -1), atol=1e-3)


def test_dilation_continues_islands_from_the_nearest_texel() -> None:
    uv = np.float32([[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]])
    triangles = np.int32([[0, 1, 2], [0, 2, 3]])
    values = np.ascontiguousarray(uv[:, :1])
    drawn = wrinkle_native.interpolate_uv(values, uv, triangles, 100, -1.0, 5)[..., 0]
    assert (drawn[40:60, 40:60] > 0).all()
    assert np.allclose(drawn[45, 35:40], drawn[45, 40])
    assert np.allclose(drawn[35:40, 50], drawn[40, 50])
    assert np.allclose(drawn[60:65, 62], drawn[59, 59])
    assert (drawn[45, [34, 65]] == -1).all()
    assert (drawn[[34, 65], 45] == -1).all()
    everywhere = wrinkle_native.interpolate_uv(values, uv, triangles, 100, -1.0, 100)
    assert (everywhere > 0).all()


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    uv, triangles = square_mesh(40)
    values = np.random.default_rng(0).random((len(uv), 3), np.float32)
    results = []
    for count in (1, 2, 5):
        wrinkle_native.set_threads(count)
        assert wrinkle_native.threads() == count
        results.append(wrinkle_native.interpolate_uv(values, uv, triangles, 300, 0.0, 4))
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])


UV, TRIANGLES = square_mesh(2)
BAD_ARGUMENTS = {
    "a list": (TypeError, "uv", (UV.tolist(), TRIANGLES, 8)),
    "None": (TypeError, "triangles", (UV, None, 8)),
    "float64": (TypeError, "uv: want a float32", (UV.astype(np.float64), TRIANGLES, 8)),
    "byte order": (TypeError, "uv", (UV.astype(">f4"), TRIANGLES, 8)),
    "object dtype": (TypeError, "uv", (UV.astype(object), TRIANGLES, 8)),
    "int64 indices": (TypeError, "triangles: want a int32", (UV, TRIANGLES.astype(np.int64), 8)),
    "three columns": (
        ValueError,
        r"uv: want shape \(\*, 2\), got \(9, 3\)",
        (np.zeros((9, 3), np.float32), TRIANGLES, 8),
    ),
    "one dimension": (ValueError, "uv", (np.zeros(18, np.float32), TRIANGLES, 8)),
    "no dimension": (ValueError, "uv", (np.array(0, np.float32), TRIANGLES, 8)),
    "strides": (ValueError, "uv: want aligned", (np.zeros((9, 4), np.float32)[:, ::2], TRIANGLES, 8)),
    "Fortran order": (ValueError, "triangles: want aligned", (UV, np.asfortranarray(TRIANGLES), 8)),
    "not aligned": (ValueError, "uv", (np.zeros(73, np.uint8)[1:].view(np.float32).reshape(9, 2), TRIANGLES, 8)),
    "NaN": (ValueError, "uv: holds NaN", (UV * np.float32(np.nan), TRIANGLES, 8)),
    "huge": (ValueError, "uv", (UV + np.float32(1e30), TRIANGLES, 8)),
    "negative index": (ValueError, "triangles: index -1", (UV, TRIANGLES - 1, 8)),
    "index too large": (ValueError, "triangles: index 9 outside", (UV, TRIANGLES + 1, 8)),
    "indices without vertices": (ValueError, "triangles", (UV[:0], TRIANGLES, 8)),
    "size 0": (ValueError, "size", (UV, TRIANGLES, 0)),
    "negative size": (ValueError, "size", (UV, TRIANGLES, -5)),
    "huge size": (ValueError, "size", (UV, TRIANGLES, 2**40)),
    "size beyond 64 bits": (TypeError, "rasterize_uv", (UV, TRIANGLES, 2**70)),
    "size as text": (TypeError, "rasterize_uv", (UV, TRIANGLES, "8")),
}


@pytest.mark.parametrize("case", BAD_ARGUMENTS)
def test_bad_arguments_are_named(case: str) -> None:
    error, words, arguments = BAD_ARGUMENTS[case]
    with pytest.raises(error, match=words):
        wrinkle_native.rasterize_uv(*arguments)


def test_no_triangles_draw_nothing() -> None:
    ids, weights = wrinkle_native.rasterize_uv(UV, TRIANGLES[:0], 8)
    assert (ids == -1).all()
    assert (weights == 0).all()


@pytest.mark.parametrize("count", [-1, 257])
def test_thread_count_has_limits(count: int) -> None:
    with pytest.raises(ValueError, match="count"):
        wrinkle_native.set_threads(count)


def test_python_threads_share_the_pool() -> None:
    uv, triangles = square_mesh(30)
    expected, _ = wrinkle_native.rasterize_uv(uv, triangles, 300)
    wrinkle_native.set_threads(3)
    results: list[bool] = []

    def work() -> None:
        for _ in range(10):
            results.append(np.array_equal(wrinkle_native.rasterize_uv(uv, triangles, 300)[0], expected))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert results == [True] * 40


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_gets_threads_of_its_own() -> None:
    wrinkle_native.set_threads(3)
    uv, triangles = square_mesh(30)
    expected, _ = wrinkle_native.rasterize_uv(uv, triangles, 300)
    child = os.fork()
    if child == 0:
        same = np.array_equal(wrinkle_native.rasterize_uv(uv, triangles, 300)[0], expected)
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def big_extraction(progress) -> None:
    uv, triangles = square_mesh(60)
    points = np.ascontiguousarray(uv * 900)
    points[:, 1] = 900 - points[:, 1]
    photo = np.zeros((900, 900, 3), np.uint8)
    wrinkle_native.extract_texture(
        photo, points, np.zeros(len(uv), np.float32), triangles, uv, 4096, 5.0, progress=progress
    )


def test_progress_is_called_here_and_can_stop() -> None:
    here = threading.get_ident()
    calls: list[float] = []

    def listen(fraction: float, text: str) -> bool:
        assert threading.get_ident() == here
        assert text
        calls.append(fraction)
        return len(calls) < 2

    wrinkle_native.set_threads(2)
    with pytest.raises(wrinkle_native.Cancelled):
        big_extraction(listen)
    assert len(calls) == 2
    assert 0 < calls[0] <= calls[1] < 1


def test_an_exception_in_the_callback_comes_out() -> None:
    def stop(fraction: float, text: str) -> None:
        report(lambda *_: False, fraction, text)

    with pytest.raises(Cancelled):
        big_extraction(stop)


def test_progress_must_be_callable() -> None:
    with pytest.raises(TypeError, match="progress"):
        big_extraction(7)
