# SPDX-License-Identifier: GPL-3.0-or-later
class Cancelled(Exception):
    """The progress callback returned False."""

def threads() -> int:
    """How many threads take part in each function, the calling one included."""

def set_threads(count: int) -> None:
    """Set that number, 0..256; 0 means one per processor."""

def has_avx2() -> bool:
    """Whether the kernels for AVX2, FMA and F16C can be used here."""
