# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered in the .blend file: settings of each face, of the next new face, and of previews.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

import json
from pathlib import Path

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..core.memory import digest
from . import live, mask, migrate, photo_properties, preferences, threshold
from .migrate import VERSION
from .photo_properties import WRINKLE_PG_photo

SIZES = [
    ("512", "512", "A quick look; fine lines are lost"),
    ("1024", "1024", "Good for faces seen from a few metres"),
    ("2048", "2048", "The default: fine lines of a face that fills the picture"),
    ("4096", "4096", "For large photos of 12 megapixels and more; needs about 4 GB of memory"),
]
DETECTORS = [
    ("full", "Full", "Tells wrinkles from hair, moles and shadow edges before it trusts a place"),
    ("dog", "DoG Only", "Plain difference of Gaussians, as in the original method"),
]
MODELS = [
    ("BUILTIN", "Built-In Face", "The face that comes with the add-on; nothing else is needed"),
    ("FILE", "File or Folder", "Your own model: Basel Face Model (.h5), eos model (.bin) or ICT-FaceKit folder"),
]
ENGINES = [
    ("PREFERENCES", "As in Preferences", "The engine that the add-on's preferences name", "NONE", 3),
    *preferences.ENGINES,
]


_CHANGES = {
    "photos": "Photos",
    "shows": "What photos show",
    "parts": "Regions or masks of photos",
    "points": "Landmarks",
    "model": "Face model",
    "size": "Map size",
    "detector": "Detector",
    "dog_thres": "dog_thres",
}
"""What each part of a recipe is called."""


def _strength_changed(self: "WRINKLE_PG_face", context: bpy.types.Context) -> None:
    live.apply_strength(self.id_data)


def _threshold_changed(self: "WRINKLE_PG_face", context: bpy.types.Context) -> None:
    if isinstance(self.id_data, bpy.types.Object):
        threshold.changed(self.id_data)


def _displacement_changed(self: "WRINKLE_PG_face", context: bpy.types.Context) -> None:
    live.apply_displacement(self.id_data)


def _regions_changed(self: "WRINKLE_PG_region", context: bpy.types.Context) -> None:
    live.apply_regions(self.id_data)


def _drives_changed(self: "WRINKLE_PG_drive", context: bpy.types.Context) -> None:
    live.apply_drives(self.id_data)


class WRINKLE_PG_drive(bpy.types.PropertyGroup):
    """How one expression, named like its shape key, drives the wrinkles."""

    strength: FloatProperty(
        name="Strength",
        description="Depth of the wrinkles at full weight; 1 is the depth that was reconstructed",
        default=1.0,
        min=0.0,
        max=4.0,
        soft_max=2.0,
        update=_drives_changed,
    )
    onset: FloatProperty(
        name="Onset",
        description="Weight below which the expression wakes no wrinkle",
        default=0.0,
        min=0.0,
        max=0.9,
        update=_drives_changed,
    )
    power: FloatProperty(
        name="Power",
        description="How wrinkles grow with the weight: 1 evenly, 2 slowly at first, 0.5 quickly at first",
        default=1.0,
        min=0.1,
        max=5.0,
        update=_drives_changed,
    )
    source: PointerProperty(
        name="Rig",
        description="The rig or object whose property drives the wrinkles instead of the shape key; empty for the key",
        type=bpy.types.Object,
        update=_drives_changed,
    )
    data_path: StringProperty(
        name="Property",
        description='The rig\'s property, for instance pose.bones["brow.L"].location[1] or ["smile"]',
        update=_drives_changed,
    )
    full: FloatProperty(
        name="Full At",
        description="Value of the rig's property that stands for the full expression",
        default=1.0,
        update=_drives_changed,
    )


class WRINKLE_PG_region(bpy.types.PropertyGroup):
    """How strong wrinkles show in one region of the face."""

    enabled: BoolProperty(
        name="On", description="Show the wrinkles of this region", default=True, update=_regions_changed
    )
    strength: FloatProperty(
        name="Strength",
        description="Depth of the wrinkles in this region; 1 is the depth that was reconstructed",
        default=1.0,
        min=0.0,
        max=4.0,
        soft_max=2.0,
        update=_regions_changed,
    )
    onset: FloatProperty(
        name="Onset",
        description="Wrinkles of this region stay away until the skin is compressed by this share",
        default=0.0,
        min=0.0,
        max=0.9,
        update=_regions_changed,
    )
    power: FloatProperty(
        name="Power",
        description="How wrinkles of this region grow: 1 evenly, 2 slowly at first, 0.5 quickly at first",
        default=1.0,
        min=0.1,
        max=5.0,
        update=_regions_changed,
    )


class WRINKLE_PG_face(bpy.types.PropertyGroup):
    """Settings and state of one face; on a scene, those of the next new face."""

    version: IntProperty(name="Version", description="The format of these settings", default=1, options={"HIDDEN"})
    photos: CollectionProperty(
        name="Photos", description="The photos of one person that the face is made from", type=WRINKLE_PG_photo
    )
    active_photo: IntProperty(name="Active Photo", description="The photo whose details are shown")
    model: EnumProperty(name="Face Model", description="The morphable face that is laid on the photo", items=MODELS)
    model_path: StringProperty(
        name="Model",
        description="Basel Face Model (.h5), eos model (.bin) or ICT-FaceKit folder; its generic_neutral_mesh.obj "
        "gives the whole head with eyes and teeth. Empty takes the preferences' one",
        subtype="FILE_PATH",
    )
    uv_path: StringProperty(
        name="UV",
        description="A UV for a model that has none (.mat, .npy or .obj). Empty: one of low stretch is computed once",
        subtype="FILE_PATH",
    )
    size: EnumProperty(
        name="Map Size", description="Edge of the texture and of the maps in texels", items=SIZES, default="2048"
    )
    detector: EnumProperty(name="Detector", description="How wrinkles are told from everything else", items=DETECTORS)
    dog_thres: FloatProperty(
        name="dog_thres",
        description=(
            "Places less confident than this (0 to 255) stay smooth. Lower finds more lines and more errors. "
            "Takes effect at once"
        ),
        default=60.0,
        min=0.0,
        max=255.0,
        update=_threshold_changed,
    )
    dis2normal_coff: FloatProperty(
        name="dis2normal_coff",
        description="Slope of the normal map: 150 is physically exact, 300 is twice as steep. Takes effect at once",
        default=150.0,
        min=1.0,
        max=1500.0,
        soft_max=600.0,
        update=_strength_changed,
    )
    strength: FloatProperty(
        name="Strength",
        description="Depth of all wrinkles; 1 is the depth that was reconstructed. Takes effect at once",
        default=1.0,
        min=0.0,
        max=4.0,
        soft_max=2.0,
        update=_strength_changed,
    )
    permanent: FloatProperty(
        name="At Rest",
        description="Share of the wrinkles that shows on the face at rest; expressions bring the others",
        default=0.25,
        min=0.0,
        max=1.0,
        update=_strength_changed,
    )
    displacement: BoolProperty(
        name="True Displacement",
        description=(
            "Wrinkles move the surface instead of shading it: for close-ups and silhouettes, and slower to render. "
            "Adds a subdivision, adaptive in Cycles"
        ),
        update=_displacement_changed,
    )
    regions: CollectionProperty(
        name="Regions", description="How strong the wrinkles show in each region", type=WRINKLE_PG_region
    )
    drives: CollectionProperty(
        name="Drives", description="Expressions that drive wrinkles in their own way", type=WRINKLE_PG_drive
    )
    made_with: StringProperty(
        name="Made With", description="The settings that the face was made with", options={"HIDDEN"}
    )
    messages: StringProperty(name="Messages", description="What the last reconstruction had to say", options={"HIDDEN"})

    def recipe(self) -> str:
        """Everything a new reconstruction would depend on, to compare with what the face was made with."""
        model = (self.model, self.model_path, self.uv_path) if self.model == "FILE" else (self.model,)
        return json.dumps(
            {
                "photos": [[str(photo.file), bpy.path.abspath(photo.landmarks)] for photo in self.photos],
                "shows": [photo.shows for photo in self.photos] if any(p.shows for p in self.photos) else None,
                "parts": [photo.part() for photo in self.photos] if any(p.part() for p in self.photos) else None,
                "points": [
                    [[round(x, 2), round(y, 2)] for x, y in photo.places().tolist()] if photo.edited else []
                    for photo in self.photos
                ],
                "model": model,
                "size": self.size,
                "detector": self.detector,
                "dog_thres": round(self.dog_thres, 3),
            }
        )

    def made_with_threshold(self, dog_thres: float) -> None:
        """Note that the face's maps were made anew with this ``dog_thres``."""
        self.made_with = json.dumps(json.loads(self.made_with) | {"dog_thres": round(dog_thres, 3)})

    def stale_parts(self) -> list[str]:
        """The names in the recipe of what has changed since the face was made."""
        if not self.made_with or migrate.is_newer(self):
            return []
        was, now = json.loads(self.made_with), json.loads(self.recipe())
        return [name for name, value in now.items() if value != was.get(name)]

    def stale(self, among: set[str] | None = None) -> str:
        """One sentence on what has changed since the face was made; empty when nothing has.

        among: the parts of the recipe that are asked about; None for all.
        """
        parts = [name for name in self.stale_parts() if among is None or name in among]
        return f"{_CHANGES[parts[0]]} changed." if parts else ""

    def note_masks(self) -> None:
        """Remember what the photos' masks hold now, so that fresh strokes ask for a new reconstruction."""
        for photo in self.photos:
            photo.mask_painted = "" if photo.mask is None else digest(mask.pixels(photo.mask))

    def copy_from(self, other: "WRINKLE_PG_face") -> None:
        """Take over the photos and settings of ``other``."""
        self.version = VERSION
        self.photos.clear()
        for photo in other.photos:
            self.photos.add().copy_from(photo)
        for name in ("active_photo", "model", "model_path", "uv_path", "size", "detector", "dog_thres"):
            setattr(self, name, getattr(other, name))
        for name in ("dis2normal_coff", "strength", "permanent", "displacement"):
            setattr(self, name, getattr(other, name))

    def add_photo(self, path: Path) -> WRINKLE_PG_photo:
        """Append a photo to the list and make it the active one."""
        self.version = VERSION
        photo = self.photos.add()
        photo.name, photo.path = path.name, str(path)
        self.active_photo = len(self.photos) - 1
        return photo


class WRINKLE_PG_preview(bpy.types.PropertyGroup):
    """How previews are rendered."""

    engine: EnumProperty(
        name="Engine", description="The engine that renders the preview", items=ENGINES, default="PREFERENCES"
    )
    size: IntProperty(
        name="Size", description="Edge of each of the three pictures in pixels", default=512, min=64, max=4096
    )
    pose: EnumProperty(
        name="Expression",
        description="What the second and third picture show",
        items=[
            ("TELLING", "Most Wrinkled", "The expression that wakes most of this face's wrinkles"),
            ("CURRENT", "As Posed", "The expression that the face wears now"),
        ],
    )

    kind: EnumProperty(
        name="Show",
        description="What the preview is made of",
        items=[
            ("BEFORE_AFTER", "Before and After", "Neutral, expression without wrinkles, expression with wrinkles"),
            (
                "SHEET",
                "Contact Sheet",
                "The same for each posed expression, else for those that fold most skin",
            ),
            ("TURNTABLE", "Turntable", "A movie from side to side"),
            ("SWEEP", "Expression Sweep", "A movie in which the expression comes and goes"),
            ("WIPE", "Wipe", "A movie in which an edge wipes the wrinkles on and off"),
        ],
    )
    frames: IntProperty(name="Frames", description="Length of a movie in frames", default=48, min=2, max=1000)
    as_images: BoolProperty(name="Image Sequence", description="Numbered PNG files instead of an MP4 movie")

    def chosen_engine(self) -> str:
        """The engine to render with."""
        return preferences.value("preview_engine", "CYCLES") if self.engine == "PREFERENCES" else self.engine


class WRINKLE_PG_overlay(bpy.types.PropertyGroup):
    """What is drawn over a photo in the Image Editor."""

    points: BoolProperty(name="Landmarks", description="Draw the 68 landmarks over the photo", default=True)
    wireframe: BoolProperty(
        name="Fitted Face", description="Draw the fitted face over the photo; it follows the landmarks", default=True
    )


CLASSES = (
    *photo_properties.CLASSES,
    WRINKLE_PG_drive,
    WRINKLE_PG_region,
    WRINKLE_PG_face,
    WRINKLE_PG_preview,
    WRINKLE_PG_overlay,
)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    _register()
    bpy.types.Object.wrinkle = PointerProperty(
        type=WRINKLE_PG_face, name="Wrinkle Face", description="Photos, settings and state of this face"
    )
    bpy.types.Scene.wrinkle = PointerProperty(
        type=WRINKLE_PG_face, name="Next Wrinkle Face", description="Photos and settings of the next new face"
    )
    bpy.types.Scene.wrinkle_preview = PointerProperty(
        type=WRINKLE_PG_preview, name="Wrinkle Preview", description="How previews of faces are rendered"
    )
    bpy.types.Scene.wrinkle_overlay = PointerProperty(
        type=WRINKLE_PG_overlay, name="Wrinkle Overlay", description="What is drawn over photos in the Image Editor"
    )


def unregister() -> None:
    del bpy.types.Scene.wrinkle_overlay
    del bpy.types.Scene.wrinkle_preview
    del bpy.types.Scene.wrinkle
    del bpy.types.Object.wrinkle
    _unregister()
