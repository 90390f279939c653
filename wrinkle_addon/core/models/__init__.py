# SPDX-License-Identifier: GPL-3.0-or-later
"""Face models: reading, completing and caching them."""

from .describe import describe
from .load import load_model

__all__ = ["describe", "load_model"]
