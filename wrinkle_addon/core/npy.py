# SPDX-License-Identifier: GPL-3.0-or-later
"""What NumPy's readers raise on files that are not whole, and say about whole ones."""

from __future__ import annotations

import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

UNREADABLE = (
    ValueError,
    OSError,
    EOFError,
    KeyError,
    OverflowError,
    SyntaxError,
    NotImplementedError,
    MemoryError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""The header of an array is a Python literal: a damaged one fails in the tokeniser, the parser or the conversion."""


@contextmanager
def any_header() -> Iterator[None]:
    """Without NumPy's warning about headers in the manner of Python 2, which are as good as any other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
