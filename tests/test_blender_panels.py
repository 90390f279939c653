# SPDX-License-Identifier: GPL-3.0-or-later
"""Every panel is drawn with a layout that checks what it is told: properties, operators and lists that exist."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fake_reconstruction import fake_reconstruction
from test_blender_conventions import classes


class Layout:
    """Takes what Blender's layout takes, and remembers the properties and operators that were drawn."""

    def __init__(self, bpy, drawn: set[str]) -> None:
        self._bpy, self._drawn = bpy, drawn

    def prop(self, data, name: str, **options) -> None:
        assert name in data.bl_rna.properties, (data, name)
        self._drawn.add(name)

    def operator(self, name: str, **options) -> SimpleNamespace:
        family, _, operator = name.partition(".")
        getattr(getattr(self._bpy.ops, family), operator).get_rna_type()
        self._drawn.add(name)
        return SimpleNamespace()

    def template_list(self, kind: str, _: str, data, name: str, active, active_name: str, **options) -> None:
        assert hasattr(self._bpy.types, kind)
        assert name in data.bl_rna.properties
        assert active_name in active.bl_rna.properties

    def __getattr__(self, name: str):
        return lambda *arguments, **options: Layout(self._bpy, self._drawn)


class Context:
    """Blender's context with what only a window has: the scale of its texts and a 3D view."""

    def __init__(self, bpy) -> None:
        self._context = bpy.context
        self.preferences = SimpleNamespace(system=SimpleNamespace(ui_scale=1.0))
        self.space_data = SimpleNamespace(shading=SimpleNamespace(type="SOLID"))

    def __getattr__(self, name: str):
        return getattr(self._context, name)


@pytest.fixture
def face(addon):
    from wrinkle_addon.blender.face import build_face

    obj = build_face(fake_reconstruction(grid=12, size=64), "Ann")
    addon.context.view_layer.objects.active = obj
    return obj


def drawn(bpy) -> set[str]:
    """What all panels that apply now draw."""
    shown: set[str] = set()
    for cls in classes(bpy, "Panel"):
        poll = getattr(cls, "poll", None)
        ours = cls.bl_space_type == "VIEW_3D" and getattr(cls, "bl_category", "") == "Wrinkle"
        if ours and (poll is None or poll(bpy.context)):
            cls.draw(SimpleNamespace(layout=Layout(bpy, shown)), Context(bpy))
    return shown


def test_panels_are_drawn_without_and_with_a_face(addon, tmp_path):
    assert "wrinkle.reconstruct" in drawn(addon) or "wrinkle.add_photos" in drawn(addon)
    test = addon.context.scene.wrinkle
    test.add_photo(tmp_path / "none.jpg")
    assert "landmarks" in drawn(addon)


def test_what_photos_give_is_offered_when_there_are_several(addon, face, tmp_path):
    face.wrinkle.add_photo(tmp_path / "brow.jpg")
    assert not drawn(addon) & {"regions", "shows", "mask"}
    face.wrinkle.add_photo(tmp_path / "smile.jpg")
    assert {"regions", "shows", "mask", "wrinkle.paint_mask"} <= drawn(addon)


def test_painting_shows_the_way_out_and_an_expression_its_drive(addon, face):
    assert "wrinkle.finish_mask" not in drawn(addon)
    addon.ops.wrinkle.paint_mask()
    assert "wrinkle.finish_mask" in drawn(addon)
    addon.ops.wrinkle.finish_mask()
    assert {"wrinkle.paint_mask", "wrinkle.remove_mask", "displacement"} <= drawn(addon)
    face.active_shape_key_index = 1
    addon.ops.wrinkle.customize_drive()
    assert {"strength", "onset", "power", "source"} <= drawn(addon)
