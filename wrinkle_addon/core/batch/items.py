# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch is to do: one item per face, from a folder of photos or a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import WrinkleError
from ..memory import digest

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".exr")
PATH_COLUMNS = ("uv", "landmarks", "mask")
BETWEEN = "|"
"""Separates several values in one cell of a CSV file."""
_FORBIDDEN = set('<>:"/\\|?*')
_TAKEN = {"report.csv", "report.html"}


@dataclass(frozen=True)
class Item:
    """One face.

    name: its folder in the output. photos: paths. options: name of an option to its values, beyond those of the whole
    batch. signature: changes when anything that shapes the result does; see :func:`signed`.
    """

    name: str
    photos: tuple[str, ...]
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    signature: str = ""

    def as_json(self) -> dict[str, Any]:
        """The item as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Item:
        """The item of :meth:`as_json`."""
        return cls(value["name"], tuple(value["photos"]), value["options"], value["signature"])


def read_items(source: Path, columns: Collection[str]) -> list[Item]:
    """The items of a folder (one face per photo) or of a CSV file (one face per row).

    columns: the options that a CSV file may give beside ``photos`` and ``name``. Paths in a CSV file are relative to
    it. A landmark file ``X.pts`` beside ``X.jpg`` in a folder is that photo's. Raises WrinkleError.
    """
    if source.is_dir():
        items = _from_folder(source)
    elif source.is_file():
        items = _from_csv(source, columns)
    else:
        raise WrinkleError(f"{str(source)!r} does not exist.", "Give a folder of photos or a CSV file.")
    if not items:
        raise WrinkleError(f"There is no photo in {str(source)!r}.", "Give a folder of photos or a CSV file.")
    seen: set[str] = set()
    for item in items:
        if item.name.casefold() in seen:
            raise WrinkleError(f"{source.name!r} names {item.name!r} twice.", "Give each face a name of its own.")
        seen.add(item.name.casefold())
    return items


def signed(item: Item, common: object) -> Item:
    """The item with its signature: a digest of its options, of ``common`` ones, and of every file's size and date."""
    stamps = [_stamp(Path(value)) for values in (item.photos, *item.options.values()) for value in values]
    key = digest(item.photos, sorted(item.options.items()), stamps, common)
    return Item(item.name, item.photos, item.options, key)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return None
    return stat.st_size, int(stat.st_mtime)


def _from_folder(folder: Path) -> list[Item]:
    try:
        photos = sorted(
            path.absolute()
            for path in folder.iterdir()
            if path.suffix.lower() in PHOTO_SUFFIXES and not path.name.startswith(".") and path.is_file()
        )
    except OSError as error:
        raise WrinkleError(f"{str(folder)!r} cannot be read ({error.strerror}).", "Check its permissions.") from error
    stems = [photo.stem.casefold() for photo in photos]
    items = []
    for photo in photos:
        own = stems.count(photo.stem.casefold()) == 1
        marks = photo.with_suffix(".pts")
        options = {"landmarks": [str(marks)]} if own and marks.is_file() else {}
        items.append(Item(photo.stem if own else photo.name, (str(photo),), options))
    return items


def _from_csv(path: Path, columns: Collection[str]) -> list[Item]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrinkleError(f"{path.name!r} is not UTF-8 text.", "Save it as CSV UTF-8.") from error
    except OSError as error:
        raise WrinkleError(f"{path.name!r} cannot be read ({error.strerror}).", "Check its permissions.") from error
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter, skipinitialspace=True, strict=True)
    allowed = {"photos", "name", *columns}
    try:
        names = [str(name).strip() for name in reader.fieldnames or ()]
    except csv.Error as error:
        raise WrinkleError(f"{path.name!r} has a damaged first line ({error}).", "Save it again.") from error
    strange = [name for name in names if name not in allowed]
    if "photos" not in names or strange:
        what = f"has an unknown column {strange[0]!r}" if strange else "has no column 'photos'"
        raise WrinkleError(
            f"{path.name!r} {what}.", f"Its first line names columns out of: {', '.join(sorted(allowed))}."
        )
    reader.fieldnames = names
    try:
        return [_from_row(row, path, reader.line_num) for row in reader if any(row.values())]
    except csv.Error as error:
        raise WrinkleError(
            f"{path.name!r} is damaged in line {reader.line_num} ({error}).", "Save it again."
        ) from error


def _from_row(row: Mapping[str | None, Any], path: Path, line: int) -> Item:
    if None in row:
        raise WrinkleError(f"{path.name!r} has too many cells in line {line}.", "Put cells with a comma in quotes.")
    cells = {
        str(column): [part.strip() for part in (cell or "").split(BETWEEN) if part.strip()]
        for column, cell in row.items()
    }
    here = path.parent.absolute()
    photos = tuple(str(here / photo) for photo in cells.pop("photos"))
    if not photos:
        raise WrinkleError(f"{path.name!r} names no photo in line {line}.", "Fill the column 'photos'.")
    name = BETWEEN.join(cells.pop("name", [])) or Path(photos[0]).stem
    if set(name) & _FORBIDDEN or not name.isprintable() or name[0] == "." or name[-1] in ". " or name in _TAKEN:
        raise WrinkleError(f"{path.name!r} gives the name {name!r} in line {line}.", "It must do as a folder's name.")
    for column in PATH_COLUMNS:
        cells[column] = [str(here / value) for value in cells.get(column, [])]
    cells["model"] = [value if value == "builtin" else str(here / value) for value in cells.get("model", [])]
    return Item(name, photos, {column: values for column, values in cells.items() if values})
