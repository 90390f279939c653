# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that more than one module, or a saved file, relies on."""

from __future__ import annotations

ADDON = __package__.removesuffix(".blender")
"""The add-on's own package, which differs between an installed extension and a checkout."""

TAB = "Wrinkle"
UV_LAYER = "Face UV"
GROUP = "Wrinkle Map"
FACE_MARK = "wrinkle_face"
"""Custom property of every data-block that belongs to a face; its value is the format's version."""
FACE_VERSION = 1

REGION_ATTRIBUTE = "wrinkle_region"
"""Point attribute: strength - 1, onset and power - 1 of the region, so that a mesh without it shows every wrinkle."""

BASIS = "Basis"
PHOTO_KEY = "photo"
"""The shape key that brings back the expression of the photo."""

STRENGTH = "Strength"
PERMANENT = "Permanent"
BUMP = "Bump"
MASK = "Mask"
MASK_NODE = "Wrinkle Mask"
DISPLACEMENT = "Wrinkle Displacement"
NORMAL_IMAGE = "Normal Image"
MOTION_IMAGE = "Motion Image"
HEIGHT_IMAGE = "Height Image"
"""Names of nodes and sockets of the group that operators look up again."""

TILES = "wrinkle_tiles"
"""Custom property of the node group: JSON of where each expression's motion map lies in the atlas."""

PHOTO_FILE = "wrinkle_photo"
"""Custom property of an image: the photo that it shows upright, for the Image Editor."""

LANDMARK_TOOL = "wrinkle.landmarks"
