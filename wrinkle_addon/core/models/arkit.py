# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 blendshapes of ARKit under Apple's exact names, and what is known of each from its name."""

from __future__ import annotations

NAMES = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft",
    "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight",
    "eyeWideRight",
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""All names in the order of Apple's ARFaceAnchor.BlendShapeLocation documentation."""

# These name a direction of motion of the middle, not one side of the face.
UNSIDED_DIRECTIONS = frozenset({"jawLeft", "jawRight", "mouthLeft", "mouthRight"})


def side(name: str) -> str | None:
    """ "L" or "R" for a shape that moves one side of the face only (the subject's), else None."""
    if name in UNSIDED_DIRECTIONS:
        return None
    if name.endswith("Left"):
        return "L"
    return "R" if name.endswith("Right") else None


def mirrored(name: str) -> str:
    """The same motion on the other side; the name itself when it is symmetric."""
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    if name.endswith("Right"):
        return name.removesuffix("Right") + "Left"
    return name


def group(name: str) -> str:
    """The name without its side, for lists that show both sides as one: "eyeBlinkLeft" gives "eyeBlink"."""
    if side(name) is None:
        return name
    return name.removesuffix("Left").removesuffix("Right")
