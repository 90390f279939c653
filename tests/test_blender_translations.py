# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text of the user interface has a translation, and the translations are handed to Blender and taken back."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

from test_blender_conventions import classes, properties, rna_of

PACKAGE = Path(__file__).parents[1] / "wrinkle_addon" / "blender"
DRAWN = {"label", "operator", "prop", "menu", "progress", "menu_pie", "popover", "prop_enum"}
"""Layout functions whose text Blender translates."""
SAME_EVERYWHERE = {
    "dog_thres",
    "dis2normal_coff",
    "512",
    "1024",
    "2048",
    "4096",
    "FBX",
    "Godot",
    "OpenGL",
    "USD",
    "Unity",
    "Unreal",
    "glTF",
    "DirectX",
    "Cycles",
    "EEVEE",
}
"""Names that are spelt the same in every language."""


def registered_texts(bpy: ModuleType) -> Iterator[str]:
    """Labels and tooltips of all that the add-on registers."""
    for kind in ("Operator", "Panel", "Menu"):
        for cls in classes(bpy, kind):
            yield cls.bl_label
            if kind == "Operator":
                yield rna_of(bpy, cls).description
    for _, prop in properties(bpy):
        yield from (prop.name, prop.description)
        if prop.type == "ENUM":
            for item in prop.enum_items:
                yield from (item.name, item.description)


def constants(node: ast.expr) -> Iterator[str]:
    """The texts that an expression can be, as far as they are written in it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from constants(value)


def written_texts() -> Iterator[str]:
    """Texts in the source that are drawn, are reported, or say why something cannot be done, word for word."""
    for path in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.FunctionDef) and call.name.startswith("why_"):
                for end in ast.walk(call):
                    if isinstance(end, ast.Return) and end.value is not None:
                        yield from constants(end.value)
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in DRAWN:
                for keyword in call.keywords:
                    if keyword.arg == "text":
                        yield from constants(keyword.value)
            elif name in {"poll_message_set", "report"}:
                for argument in call.args:
                    yield from constants(argument)
            elif name == "wrapped":
                yield from constants(call.args[2])


def needs_translation(text: str) -> bool:
    return any(character in string.ascii_letters for character in text) and text not in SAME_EVERYWHERE


def test_every_text_has_a_german_translation(addon):
    from wrinkle_addon.blender.translations import german

    texts = {text for text in (*registered_texts(addon), *written_texts()) if needs_translation(text)}
    assert len(texts) > 120
    assert sorted(texts - german.TEXTS.keys()) == []


def test_no_translation_is_left_over_or_empty(addon):
    from wrinkle_addon.blender.translations import german

    texts = {*registered_texts(addon), *written_texts()}
    assert sorted(german.TEXTS.keys() - texts) == []
    assert all(german.TEXTS.values())


def test_a_tooltip_stays_a_sentence_without_its_last_period(addon):
    from wrinkle_addon.blender.translations import german

    assert [text for text, told in german.TEXTS.items() if text.endswith(".") != told.endswith(".")] == []


def test_translations_are_registered_for_labels_and_buttons(addon, monkeypatch):
    from wrinkle_addon.blender import translations

    calls: list[tuple] = []
    fake = SimpleNamespace(
        register=lambda *arguments: calls.append(arguments), unregister=lambda name: calls.append((name,))
    )
    monkeypatch.setattr(translations, "_blender", fake)
    translations.register()
    translations.unregister()
    (name, languages), (again,) = calls
    assert name == again
    assert languages["de"]["*", "Reconstruct"] == languages["de"]["Operator", "Reconstruct"] == "Rekonstruieren"
