# SPDX-License-Identifier: GPL-3.0-or-later
"""From a texture to confidence, displacement and normal map."""
