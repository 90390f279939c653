# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension's manifest: reading the tracked one, writing the one in the zip."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence

from tools.layout import MANIFEST


def version() -> str:
    """The add-on's version, from the one place where it is written."""
    return str(tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["version"])


def manifest_text(platform: str, wheels: Sequence[str]) -> str:
    """The manifest for a zip: the tracked text with `platforms` and `wheels` put before its first table.

    Every top-level key has to stand before the first `[table]` in TOML.
    """
    head, bracket, tables = MANIFEST.read_text(encoding="utf-8").partition("\n[")
    listed = "".join(f"  {json.dumps(f'./wheels/{name}')},\n" for name in sorted(wheels))
    text = f"{head}\nplatforms = [{json.dumps(platform)}]\nwheels = [\n{listed}]\n{bracket}{tables}"
    tomllib.loads(text)
    return text
