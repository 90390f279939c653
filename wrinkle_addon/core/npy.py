# SPDX-License-Identifier: GPL-3.0-or-later
"""What NumPy's readers raise on files that are not whole."""

from __future__ import annotations

import tokenize
import zipfile
import zlib

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
