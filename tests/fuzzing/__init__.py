# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzing of everything that takes data from outside: ``python -m tests.fuzzing [--cases 10000] [--only NAME ...]``.

Files are made, damaged at random (seeded) and read; the native functions are called with wrong arguments. Each target
runs in a process of its own, so that a crash, a hang or a leak is seen, named with its case number and reproduced by
``python -m tests.fuzzing.worker NAME CASE 1``. Inputs that once broke a reader lie in ``found/`` and are read again.
"""
