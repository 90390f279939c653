# SPDX-License-Identifier: GPL-3.0-or-later
"""Benchmarks that anyone can run: ``python3 build_addon.py bench NAME``."""
