# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that talks to Blender; the work itself is done in ``core``."""
