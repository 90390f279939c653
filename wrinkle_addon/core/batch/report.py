# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of a batch: a table as CSV, and one HTML page that needs no other file."""

from __future__ import annotations

import base64
import csv
import html
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..files import write_atomic, write_jpeg
from ..types import Byte
from .items import Item
from .store import Store

STRIP = "thumbnails.jpg"
_EDGE = 256
_COLUMNS = ("name", "status", "seconds", "photos", "warnings", "error")
_STYLE = """
body{font:14px system-ui,sans-serif;margin:2em;background:#1d1d1d;color:#ddd}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(560px,1fr));gap:1em}
article{background:#2b2b2b;border-radius:6px;padding:.7em}article.failed{border:2px solid #e05555}
img{width:100%;display:block}h2{font-size:1em;margin:.2em 0 .5em}small{color:#999;font-weight:normal}
p{margin:.3em 0}.warning{color:#e8b64c}.error{color:#ff8080}
"""


def write_strip(folder: Path, photo: Byte, texture: Byte, normal: Byte) -> None:
    """Write photo, texture and normal map side by side as a small JPEG. Each: (H, W, 3) uint8 RGB."""
    write_jpeg(folder / STRIP, np.hstack([_small(picture) for picture in (photo, texture, normal)]), quality=80)


def write_report(store: Store, items: Sequence[Item]) -> list[Path]:
    """Write ``report.csv`` and ``report.html`` into the output folder."""
    rows = [_row(store, item) for item in items]
    table, page = store.out / "report.csv", store.out / "report.html"
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(table, text.getvalue().encode("utf-8-sig"))
    write_atomic(page, _page(store, rows).encode())
    return [table, page]


def _row(store: Store, item: Item) -> dict[str, Any]:
    names = " | ".join(Path(photo).name for photo in item.photos)
    row = {"name": item.name, "status": "open", "seconds": "", "photos": names, "warnings": "", "error": ""}
    if done := store.done(item):
        return row | {"status": "done", "seconds": done["seconds"], "warnings": " ".join(done["warnings"])}
    if failure := store.failure(item):
        return row | {"status": "failed", "seconds": failure["seconds"], "error": failure["error"]}
    return row


def _page(store: Store, rows: Sequence[Mapping[str, Any]]) -> str:
    count = {status: sum(row["status"] == status for row in rows) for status in ("done", "failed", "open")}
    ordered = sorted(rows, key=lambda row: row["status"] != "failed")
    said = ", ".join(f"{number} {status}" for status, number in count.items() if number)
    cards = "\n".join(_card(store, row) for row in ordered)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>Wrinkle batch</title><style>{_STYLE}</style>\n'
        f"<h1>{said} <small>of {len(rows)}; photo, texture, normal map</small></h1>\n<main>\n{cards}\n</main></html>\n"
    )


def _card(store: Store, row: Mapping[str, Any]) -> str:
    seconds = f"{row['seconds']:.1f} s" if row["seconds"] != "" else row["status"]
    lines = [f"<h2>{html.escape(row['name'])} <small>{html.escape(row['photos'])}, {seconds}</small></h2>"]
    strip = store.out / row["name"] / STRIP
    if row["status"] == "done" and strip.is_file():
        data = base64.b64encode(strip.read_bytes()).decode()
        lines.append(f'<img alt="photo, texture and normal map" loading="lazy" src="data:image/jpeg;base64,{data}">')
    lines += [
        f'<p class="{kind[:-1] if kind == "warnings" else kind}">{html.escape(row[kind])}</p>'
        for kind in ("warnings", "error")
        if row[kind]
    ]
    return f'<article class="{row["status"]}">{"".join(lines)}</article>'


def _small(picture: Byte) -> Byte:
    """The picture fitted into a square on black."""
    height, width = picture.shape[:2]
    scale = _EDGE / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    square = np.zeros((_EDGE, _EDGE, 3), np.uint8)
    top, left = (_EDGE - size[1]) // 2, (_EDGE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square
