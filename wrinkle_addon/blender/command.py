# SPDX-License-Identifier: GPL-3.0-or-later
"""``blender --command wrinkle ...``: the command line inside Blender."""

from __future__ import annotations

import bpy

_handle: object | None = None


def _run(arguments: list[str]) -> int:
    from .. import cli

    return cli.main(arguments)


def register() -> None:
    global _handle
    _handle = bpy.utils.register_cli_command("wrinkle", _run)


def unregister() -> None:
    global _handle
    if _handle is not None:
        bpy.utils.unregister_cli_command(_handle)
        _handle = None
