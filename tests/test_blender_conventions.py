# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's conventions, on every class the add-on registers: tooltips, labels, reasons for grey buttons, icons."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from fake_reconstruction import fake_reconstruction

PACKAGE = Path(__file__).parents[1] / "wrinkle_addon"
SMALL = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"}
REFERENCE_NAMES = {"dog_thres", "dis2normal_coff", "glTF"}
"""Settings and formats that keep the spelling that their users know."""


def classes(bpy: ModuleType, kind: str) -> Iterator[type]:
    """Every registered class of the add-on that derives from ``bpy.types.<kind>``."""
    waiting = list(getattr(bpy.types, kind).__subclasses__())
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        if found.__module__.startswith("wrinkle_addon") and found.is_registered:
            yield found


def rna_of(bpy: ModuleType, cls: type) -> object:
    """What Blender knows of a class; of an operator only its own type knows the tooltip and the properties."""
    if not issubclass(cls, bpy.types.Operator):
        return cls.bl_rna
    family, _, name = cls.bl_idname.partition(".")
    return getattr(getattr(bpy.ops, family), name).get_rna_type()


def own_bases(cls: type) -> list[type]:
    """The classes of the add-on that ``cls`` is made of, without Blender's."""
    return [base for base in cls.__mro__ if base.__module__.startswith("wrinkle_addon")]


def properties(bpy: ModuleType) -> Iterator[tuple[str, object]]:
    """Every property that the add-on defines, with the name of its owner."""
    for kind in ("Operator", "PropertyGroup", "AddonPreferences"):
        for owner in classes(bpy, kind):
            names = {name for base in own_bases(owner) for name in inspect.get_annotations(base)}
            rna = rna_of(bpy, owner)
            for name in sorted(names & set(rna.properties.keys())):
                yield f"{owner.__name__}.{name}", rna.properties[name]
    for owner in (bpy.types.Object, bpy.types.Scene):
        for name, prop in owner.bl_rna.properties.items():
            if name.startswith("wrinkle"):
                yield f"{owner.__name__}.{name}", prop


def explains(description: str) -> bool:
    """Whether a tooltip is a sentence without its last period, which Blender adds."""
    return len(description.split()) >= 2 and description[0].isupper() and not description.rstrip().endswith(".")


def title_case(label: str) -> bool:
    """Whether every word but the small ones in the middle begins with a capital or a digit."""
    if label in REFERENCE_NAMES:
        return True
    words = re.split(r"[\s\-]+", label.strip())
    inner = words[1:-1]
    return all(
        word[:1].isupper() or not word[:1].isalpha() or word.startswith(".") or (word in inner and word in SMALL)
        for word in words
    )


def test_every_operator_and_property_has_a_tooltip_that_is_a_sentence(addon):
    texts = {cls.bl_idname: rna_of(addon, cls).description for cls in classes(addon, "Operator")}
    texts |= {where: prop.description for where, prop in properties(addon)}
    for where, prop in properties(addon):
        if prop.type == "ENUM":
            texts |= {f"{where}.{item.identifier}": item.description for item in prop.enum_items}
    assert len(texts) > 40
    assert [where for where, text in texts.items() if not explains(text)] == []


def test_every_label_is_in_title_case(addon):
    labels = {cls.__name__: cls.bl_label for kind in ("Operator", "Panel", "Menu") for cls in classes(addon, kind)}
    labels |= {where: prop.name for where, prop in properties(addon)}
    for where, prop in properties(addon):
        if prop.type == "ENUM":
            labels |= {f"{where}.{item.identifier}": item.name for item in prop.enum_items}
    assert [f"{where}: {label}" for where, label in labels.items() if not label or not title_case(label)] == []


def states(bpy: ModuleType) -> Iterator[str]:
    """Puts the file into the states in which buttons are grey, one after the other."""
    from wrinkle_addon.blender import current, face, jobs

    yield "nothing there"
    bpy.ops.mesh.primitive_cube_add()
    yield "a mesh that is no face"
    bpy.ops.object.mode_set(mode="EDIT")
    yield "edit mode"
    bpy.ops.object.mode_set(mode="OBJECT")
    obj = face.build_face(fake_reconstruction(grid=12, size=32), "Ann")
    bpy.context.view_layer.objects.active = obj
    yield "a face without photos"
    job = jobs.Job(current.key_of(obj), lambda progress: None)
    jobs._running[job.key] = job
    yield "a face being worked on"
    job.forget()


def test_every_grey_button_says_why(addon):
    grey = set()
    for state in states(addon):
        for name in dir(addon.ops.wrinkle):
            operator = getattr(addon.ops.wrinkle, name)
            if operator.poll():
                continue
            grey.add(name)
            with pytest.raises(RuntimeError) as caught:
                operator()
            assert "context is incorrect" not in str(caught.value), (state, name)
    assert {"reconstruct", "cancel", "remove_photo", "rest", "preview", "export", "check_model"} <= grey


def test_every_operator_stands_in_a_menu_where_the_search_finds_it(addon):
    from wrinkle_addon.blender import menus

    listed = {entry[0] for entry in menus.OPERATORS if entry is not None}
    inner = {cls.bl_idname for cls in classes(addon, "Operator") if "INTERNAL" in getattr(cls, "bl_options", ())}
    assert inner == {"wrinkle.add_preset"}, "the button of the preset panel, which hands it the name"
    assert listed == set(dir(addon.ops.wrinkle)) - {"add_preset"}


def test_every_icon_exists(bpy):
    known = set(bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items.keys())
    used = {
        icon
        for path in (PACKAGE / "blender").rglob("*.py")
        for statement in re.findall(r"icon=([^,)\n]+)", path.read_text("utf-8"))
        for icon in re.findall(r'"([A-Z0-9_]+)"', statement)
    }
    assert len(used) > 10
    assert used <= known


def test_no_import_names_the_package_absolutely():
    """An extension's package is called bl_ext.REPOSITORY.wrinkle_addon, so that only relative imports find it."""
    pattern = re.compile(r"^\s*(from|import)\s+(wrinkle_addon|bl_ext)\b", re.MULTILINE)
    assert [path.name for path in PACKAGE.rglob("*.py") if pattern.search(path.read_text("utf-8"))] == []
