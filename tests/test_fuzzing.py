# SPDX-License-Identifier: GPL-3.0-or-later
"""A short run of the fuzzers (``python -m tests.fuzzing`` is the long one)."""

from __future__ import annotations

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the worker measures its memory with POSIX's getrusage")
fuzzing = pytest.importorskip("tests.fuzzing.targets") if sys.platform != "win32" else None
TARGETS = fuzzing.TARGETS if fuzzing else ()


@pytest.mark.parametrize("target", TARGETS)
def test_damaged_input_ends_in_a_result_or_one_clear_sentence(target: str) -> None:
    from tests.fuzzing.campaign import failure

    assert failure(target, 0, 500) == ""
