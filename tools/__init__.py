# SPDX-License-Identifier: GPL-3.0-or-later
"""What `build_addon.py` is made of: setting up, building the zip, locking the requirements (standard library only)."""
