# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m wrinkle_addon``: the command line."""

import sys

from .cli import main

sys.exit(main())
