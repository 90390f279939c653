# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered of one photo: its file and its landmarks, found or moved by hand.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

import base64
from pathlib import Path

import bpy
import numpy as np
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    PointerProperty,
    StringProperty,
)

from ..core.regions import REGIONS
from ..core.types import Float, Landmarks

COUNT = 68
CHOICES = ("shows", "regions", "mask", "mask_painted")
"""What a user says about a photo's part in the face."""
UNSURE = 0.5
"""Landmarks less confident than this are marked."""


def _source_changed(self: "WRINKLE_PG_photo", context: bpy.types.Context) -> None:
    self.forget_landmarks()


def region_label(name: str) -> str:
    """A region's name for people."""
    sides = {"L": "(left)", "R": "(right)"}
    return " ".join(sides.get(word, word.capitalize()) for word in name.split("_"))


class WRINKLE_PG_point(bpy.types.PropertyGroup):
    """One of the 68 iBUG landmarks."""

    co: FloatVectorProperty(name="Place", description="Pixels of the upright photo, x right and y down", size=2)
    confidence: FloatProperty(name="Confidence", description="How sure the detector is, 0 to 1", default=1.0)
    moved: BoolProperty(name="Moved", description="Whether this point was placed by hand")


class WRINKLE_PG_photo(bpy.types.PropertyGroup):
    """One photo of a face."""

    path: StringProperty(
        name="Photo",
        description="The image file. All photos of a face must show the same person",
        subtype="FILE_PATH",
        update=_source_changed,
    )
    landmarks: StringProperty(
        name="Landmarks",
        description="A .pts file with the 68 points of this photo. Leave it empty to let them be found",
        subtype="FILE_PATH",
        update=_source_changed,
    )
    expression: StringProperty(name="Expression", description="What the face does in this photo, as the fit sees it")
    shows: StringProperty(
        name="Shows",
        description=(
            "Expressions whose wrinkles this photo shows, with commas between, or neutral for the face at rest. "
            "Empty: found by the fit"
        ),
    )
    regions: EnumProperty(
        name="Regions",
        description=(
            "Regions whose wrinkles come from this photo, and from it alone; it then gives nothing else. "
            "None chosen: the photos share the face by what each shows best"
        ),
        items=[(name, region_label(name), f"The region {region_label(name).lower()}") for name in REGIONS],
        options={"ENUM_FLAG"},
    )
    mask: PointerProperty(
        name="Mask",
        description="A mask in the face's UV: wrinkles are taken from this photo where it is bright",
        type=bpy.types.Image,
    )
    mask_painted: StringProperty(
        name="Mask Painted", description="What the mask held when it was last painted", options={"HIDDEN"}
    )
    status: StringProperty(name="Status", description="What the last reconstruction said about this photo")
    points: CollectionProperty(
        type=WRINKLE_PG_point, name="Points", description="The 68 landmarks; empty until they are found"
    )
    face_mesh: StringProperty(
        name="Face Mesh", description="The 468 points found in the photo, as base64", options={"HIDDEN"}
    )

    @property
    def file(self) -> Path:
        """The image file as an absolute path."""
        return Path(bpy.path.abspath(self.path))

    @property
    def moved(self) -> np.ndarray:
        """(68,) bool: which points were placed by hand; empty while there are none."""
        return self._column("moved", bool)

    @property
    def edited(self) -> bool:
        """Whether any point was placed by hand."""
        return any(point.moved for point in self.points)

    def places(self) -> Float:
        """(68, 2) photo pixels; (0, 2) while there are none."""
        values = np.empty(2 * len(self.points), np.float32)
        self.points.foreach_get("co", values)
        return values.reshape(-1, 2)

    def confidence(self) -> Float:
        """(68,) 0..1."""
        return self._column("confidence", np.float32)

    def place(self, places: Float, moved: np.ndarray) -> None:
        """Put the points at ``places``, (68, 2) photo pixels; ``moved`` (68,) says which of them a hand has placed."""
        self.points.foreach_set("co", np.ascontiguousarray(places, np.float32).ravel())
        self.points.foreach_set("moved", np.ascontiguousarray(moved, bool))

    def remember(self, marks: Landmarks) -> None:
        """Keep what was found in the photo, unless points were placed by hand."""
        if self.edited:
            return
        self.points.clear()
        for confidence in marks.confidence:
            self.points.add().confidence = float(confidence)
        self.place(marks.points, np.zeros(COUNT, bool))
        dense = marks.dense
        self.face_mesh = "" if dense is None else base64.b64encode(dense.astype("<f4").tobytes()).decode()

    def dense(self) -> Float | None:
        """(468, 3) the face mesh that was found in the photo, or None."""
        if not self.face_mesh:
            return None
        return np.frombuffer(base64.b64decode(self.face_mesh), "<f4").reshape(-1, 3).astype(np.float32)

    def found(self) -> Float | None:
        """(68, 2) where the points were before a hand moved them, or None when that is not known."""
        from ..core.landmarks import read_pts
        from ..core.landmarks.ibug import to_ibug

        if self.landmarks:
            return read_pts(Path(bpy.path.abspath(self.landmarks))).points
        dense = self.dense()
        return None if dense is None else to_ibug(dense)

    def given(self) -> Landmarks | None:
        """The landmarks to use instead of found ones; None lets them be found. Raises WrinkleError for a bad file."""
        from ..core.landmarks import read_pts
        from ..core.landmarks.edit import edited

        if self.edited:
            confidence = np.where(self.moved, np.float32(1), self.confidence())
            return edited(self.places(), confidence, self.dense())
        return read_pts(Path(bpy.path.abspath(self.landmarks))) if self.landmarks else None

    def part(self) -> tuple[object, ...] | None:
        """What a new reconstruction depends on of the photo's part in the face; None when nothing is restricted."""
        if self.mask is None:
            return sorted(self.regions) or None
        return sorted(self.regions), self.mask.name, self.mask_painted

    def forget_landmarks(self) -> None:
        """As if nothing had been found in the photo yet."""
        self.points.clear()
        self.face_mesh = self.status = self.expression = ""

    def copy_from(self, other: "WRINKLE_PG_photo") -> None:
        """Take over all of ``other``."""
        self.name = other.name
        for name in ("path", "landmarks", *CHOICES, "expression", "status", "face_mesh"):
            setattr(self, name, getattr(other, name))
        self.points.clear()
        for confidence in other.confidence():
            self.points.add().confidence = float(confidence)
        if other.points:
            self.place(other.places(), other.moved)

    def _column(self, name: str, kind: type) -> np.ndarray:
        values = np.empty(len(self.points), kind)
        self.points.foreach_get(name, values)
        return values


CLASSES = (WRINKLE_PG_point, WRINKLE_PG_photo)
