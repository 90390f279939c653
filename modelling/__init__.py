# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts that make the built-in face; nothing here is shipped."""
