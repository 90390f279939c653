# SPDX-License-Identifier: GPL-3.0-or-later
"""Synthetic skin with exact truth and the trainers of the shipped wrinkle regressor (for development only)."""
