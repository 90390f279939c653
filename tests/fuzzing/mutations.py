# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to damage a file."""

from __future__ import annotations

import random
import struct

TELLING = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 60_000, 1_000_000_000)
"""Numbers that sizes, offsets and counts are apt to break on."""
WORDS = (b"nan", b"inf", b"-1", b"1e999", b"0", b"99999999999999999999", b"/", b"..", b"\x00", b"{", b"}", b"\n" * 40)


def damaged(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """One to four random damages to ``data``; ``other`` is a second file to splice from."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice(_WAYS)(rng, data, other)
    return data


def _place(rng: random.Random, data: bytes) -> int:
    """A position, more often near the start, where headers are."""
    end = len(data) if rng.random() < 0.5 else min(len(data), 256)
    return rng.randrange(end) if end else 0


def _flip(rng: random.Random, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        if changed:
            changed[_place(rng, data)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _number(rng: random.Random, data: bytes, _: bytes) -> bytes:
    code = rng.choice("BHIQ")
    size = struct.calcsize(code)
    value = rng.choice(TELLING) & (256**size - 1)
    at = _place(rng, data)
    return data[:at] + struct.pack(rng.choice("<>") + code, value) + data[at + size :]


def _real(rng: random.Random, data: bytes, _: bytes) -> bytes:
    value, at = rng.choice((float("nan"), float("inf"), -1e30, 1e-40)), _place(rng, data) & ~3
    return data[:at] + struct.pack("<f", value) + data[at + 4 :]


def _cut(rng: random.Random, data: bytes, _: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _drop(rng: random.Random, data: bytes, _: bytes) -> bytes:
    at = _place(rng, data)
    return data[:at] + data[at + rng.choice((1, 2, 4, 64)) :]


def _repeat(rng: random.Random, data: bytes, _: bytes) -> bytes:
    at = _place(rng, data)
    part = data[at : at + rng.choice((1, 8, 200))]
    return data[:at] + part * rng.choice((2, 3, 50)) + data[at:]


def _insert(rng: random.Random, data: bytes, _: bytes) -> bytes:
    at = _place(rng, data)
    return data[:at] + (rng.choice(WORDS) if rng.random() < 0.6 else rng.randbytes(rng.choice((1, 4, 30)))) + data[at:]


def _splice(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: _place(rng, data)] + other[_place(rng, other) :]


def _number_in_text(rng: random.Random, data: bytes, _: bytes) -> bytes:
    digits = [k for k, byte in enumerate(data[:4096]) if 48 <= byte <= 57]
    if not digits:
        return data
    at = rng.choice(digits)
    return data[:at] + rng.choice(WORDS) + data[at + 1 :]


_WAYS = (_flip, _flip, _number, _number, _real, _cut, _drop, _repeat, _insert, _splice, _number_in_text)
