# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that travel between the stages.

All are immutable. Frames and units: model space is millimetres, +X to the subject's left, +Y up, +Z out of the face;
photo pixels have their centres at integers, x right, y down; UV is u right, v up, and texture row 0 is v = 1, so that
texel (row, column) of a map of size S has its centre at u = (column + 0.5) / S, v = 1 - (row + 0.5) / S.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
Int = npt.NDArray[np.int32]
Byte = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Photo:
    """An upright photo (EXIF orientation applied).

    pixels: (H, W, 3) uint8, sRGB-encoded RGB. name: the file's name, for messages. focal_px: the focal length in pixels
    when EXIF states it. content: hexadecimal digest of the file's bytes, the key of everything remembered about it.
    """

    pixels: Byte
    name: str
    content: str
    focal_px: float | None = None


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Landmarks of one face in one photo.

    points: (68, 2) float32 pixels in iBUG order. confidence: (68,) float32 in 0..1. dense: (468, 3) float32, the face
    mesh network's points (x, y in pixels, z in the same scale, smaller is nearer), or None when the points come from a
    file. warnings: sentences for the user (several faces, low confidence ...).
    """

    points: Float
    confidence: Float
    dense: Float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Blendshapes:
    """Named displacements from the neutral face at weight 1. deltas: (E, V, 3) float32 mm, names: E strings."""

    names: tuple[str, ...]
    deltas: Float


@dataclass(frozen=True, eq=False)
class FaceModel:
    """A morphable face: neutral(a) = mean + sum a_k shape_basis_k, plus expressions.

    mean: (V, 3) mm. shape_basis: (K, V, 3) mm per standard deviation. expression_basis: the model's own expression
    space, (E, V, 3) mm per unit coefficient; ``expression_bounds`` is (low, high) of a plausible coefficient: (0, 1)
    for blendshapes, (-3, 3) for principal components. arkit: the ARKit-named blendshapes every model offers (52 names).
    triangles: (T, 3) int32, counter-clockwise seen from outside. uv: (V, 2). landmarks: (68,) int32 vertex of each iBUG
    point, -1 where the model has none. right_contour, left_contour: vertices that may form the face's outline on the
    subject's right and left. dense: (468,) int32 vertex (or -1) of each point of the face mesh network, or None.
    regions: names to (V,) float32 weights 0..1 (see regions.py). content: digest that keys caches. kind: "builtin",
    "bfm", "eos" or "ict".
    """

    kind: str
    name: str
    content: str
    mean: Float
    shape_basis: Float
    expression_names: tuple[str, ...]
    expression_basis: Float
    expression_bounds: tuple[float, float]
    arkit: Blendshapes
    triangles: Int
    uv: Float
    landmarks: Int
    right_contour: Int
    left_contour: Int
    dense: Int | None
    regions: Mapping[str, Float]
    licence: str = ""


@dataclass(frozen=True, eq=False)
class Fit:
    """A model laid on one photo.

    vertices: (V, 3) mm, the fitted face with the photo's expression. neutral: (V, 3) mm, the same person without
    expression. image_points: (V, 2) px, where each vertex lies in the photo (after the residual warp). depth: (V,) mm
    towards the viewer, larger is nearer. visible: (V,) bool. rotation: (3, 3), model to camera frame (x right, y up, z
    to the viewer). px_per_mm: scale at the face's middle. reprojection: (before, after) the warp, median landmark error
    in percent of the inter-ocular distance.
    """

    vertices: Float
    neutral: Float
    image_points: Float
    depth: Float
    visible: npt.NDArray[np.bool_]
    rotation: Float
    px_per_mm: float
    shape_coefficients: Float
    expression_coefficients: Float
    reprojection: tuple[float, float]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Texture:
    """An isomap texture. rgb: (S, S, 3) uint8 sRGB. alpha: (S, S) uint8, visibility x facing; 0 where unseen."""

    rgb: Byte
    alpha: Byte

    @property
    def size(self) -> int:
        return int(self.rgb.shape[0])


@dataclass(frozen=True, eq=False)
class Surface:
    """The geometry under a texture on a coarse grid of G x G texels, rows as in a texture.

    du, dv: (G, G, 3) float32, derivative of the surface position in mm per unit of u and of v; they give the texel
    size, the shear of the UV and the outward normal (du x dv, negated when ``mirrored``). covered: (G, G) bool. points:
    (G, G, 3) float32 mm, the positions, None where only the shape of the texels is known. Values go on beyond
    ``covered``.
    """

    du: Float
    dv: Float
    covered: npt.NDArray[np.bool_]
    mirrored: bool = False
    points: Float | None = None

    def texel_mm(self, size: int) -> float:
        """Median edge of a texel of a ``size`` map, in mm."""
        area = np.linalg.norm(np.cross(self.du[self.covered], self.dv[self.covered]), axis=1)
        return float(np.sqrt(np.median(area)) / size)


@dataclass(frozen=True, eq=False)
class Light:
    """Main light. direction: unit (3,) towards the light in the Surface's frame. ambient: share of light that has no
    direction, 0..1. source: "estimated", "given" or "shading". confidence: 0..1.
    """

    direction: Float
    ambient: float
    source: str
    confidence: float = 1.0


@dataclass(frozen=True, eq=False)
class WrinkleMaps:
    """What the wrinkle stage yields. confidence: (S, S) uint8. displacement: (S, S) float32 mm, outwards positive.
    patches: (P, 2) int32 row, column of the patch centres, from the most to the least confident."""

    confidence: Byte
    displacement: Float
    light: Light
    patches: Int


@dataclass(frozen=True, eq=False)
class MotionMaps:
    """Which areas each blendshape moves. maps: (E, M, M) uint8, rows as in a texture; names: E strings."""

    names: tuple[str, ...]
    maps: Byte


@dataclass(frozen=True, eq=False)
class Layer:
    """One wrinkle map and the expressions that wake it.

    displacement: (S, S) float32 mm; normal: (S, S, 3) uint16, OpenGL tangent space. photos: places of the photos that
    it was made of.
    """

    displacement: Float
    normal: npt.NDArray[np.uint16]
    expressions: tuple[str, ...]
    photos: tuple[int, ...] = (0,)


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Everything one run yields, for the files and for Blender.

    normal: (S, S, 3) uint16, OpenGL tangent space, of ``wrinkles``, which hold all photos as one map. layers: up to
    three maps of different expressions, when the photos show more than one. permanent: the lines of the face at rest,
    when a photo shows it so; they are then not in the layers.
    """

    model: FaceModel
    photos: tuple[Photo, ...]
    landmarks: tuple[Landmarks, ...]
    fits: tuple[Fit, ...]
    texture: Texture
    surface: Surface
    wrinkles: WrinkleMaps
    normal: npt.NDArray[np.uint16]
    motion: MotionMaps
    layers: tuple[Layer, ...] = ()
    permanent: Layer | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def animated(self) -> tuple[Layer, ...]:
        """``layers``, or the one map of all photos, which every expression wakes."""
        return self.layers or (Layer(self.wrinkles.displacement, self.normal, self.motion.names),)
