# SPDX-License-Identifier: GPL-3.0-or-later
"""One face photo in, an animatable wrinkle map out: Blender's way into the add-on."""


def register() -> None:
    """Called by Blender when the add-on is enabled."""
    from .blender import registration

    registration.register()


def unregister() -> None:
    """Called by Blender when the add-on is disabled."""
    from .blender import registration

    registration.unregister()
