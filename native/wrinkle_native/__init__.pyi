# SPDX-License-Identifier: GPL-3.0-or-later
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

_Float = npt.NDArray[np.float32]
_Int = npt.NDArray[np.int32]
_Byte = npt.NDArray[np.uint8]
_Progress = Callable[[float, str], bool | None] | None

class Cancelled(Exception):
    """The progress callback returned False."""

def threads() -> int:
    """How many threads take part in each function, the calling one included."""

def set_threads(count: int) -> None:
    """Set that number, 0..256; 0 means one per processor."""

def has_avx2() -> bool:
    """Whether the kernels for AVX2, FMA and F16C can be used here."""

# Drawing into UV space. uv: (V, 2) within -4..4, u right, v up; triangles: (T, 3); row 0 of a map is v = 1. A texel
# belongs to the triangle that holds its centre; later triangles cover earlier ones where the UV overlaps.

def rasterize_uv(uv: _Float, triangles: _Int, size: int) -> tuple[_Int, _Float]:
    """Triangle (size, size) int32, -1 where none, and the weights (size, size, 2) of its first two corners."""

def interpolate_uv(
    values: _Float, uv: _Float, triangles: _Int, size: int, fill: float = 0.0, dilate: int = 0
) -> _Float:
    """Per-vertex values (V, C) drawn as a map (size, size, C); ``fill`` outside, islands extended by ``dilate``
    texels."""

# Skin in motion; the measures are explained in core/strain.py and core/motion.py. M: size of the maps, E: of the
# blendshapes.

def strain_maps(
    neutral: _Float,
    deltas: _Float,
    triangles: _Int,
    uv: _Float,
    ids: _Int,
    weights: _Float,
    sigma: float,
    still: float,
    progress: _Progress = None,
) -> _Float:
    """(E, M, M, 3): E_tt, E_bb, E_tb of deltas (E, V, 3), smoothed by ``sigma`` texels. ids, weights: see
    `rasterize_uv`. Triangles whose corners move by no more than ``still`` have none."""

def motion_maps(
    strains: _Float,
    skin: _Float,
    left: _Float,
    sides: _Int,
    across: _Float,
    sure: _Float,
    lines: _Int,
    full: float,
    quiet: float,
    trust: float,
) -> _Byte:
    """(E, M, M). sides: (E,) 0 both, 1 left, 2 right. across (L, M, M, 2), sure (L, M, M): kinds of lines; lines: (E,)
    which one each blendshape may wake, -1 for all directions."""

# The wrinkle stage. A map is (rows, columns, channels), row 0 on top. metric: (G, G, 3) over the whole UV square: a, c,
# d with (mm along t, mm along b) = [[a, c], [0, d]] (du, dv). units: texels of the map in hand per unit of u. Sigmas
# are in texels.

def texture_level(rgb: _Byte, alpha: _Byte, skin: _Float | None, k: int, progress: _Progress = None) -> _Float:
    """(ceil(S / k), ceil(S / k), 4): mean linear r, g, b weighted by alpha / 255 * skin, and the mean weight."""

def coarser_level(level: _Float, k: int) -> _Float:
    """The same of a level already reduced."""

def relit(level: _Float, gain: _Float | None, keep: _Float | None) -> None:
    """In place: colours times ``gain``, weights times ``keep``, (n, n) each."""

def highpassed(level: _Float, sigma: float) -> _Float:
    """(n, n, 4): log luminance, log R - log G, log B - log G minus their masked Gaussian mean, times the mask; the
    mask."""

def gaussian(image: _Float, sigma: float) -> _Float:
    """Gaussian of each channel, cut at 3 sigma; 0 beyond the border."""

def line_strength(maps: _Float, metric: _Float, units: float, lines: _Float) -> _Float:
    """(n, n, 1): mean contrast along dark lines, in natural logarithms, the strongest of ``lines`` (L, 3): the skin
    compared lies ``flank`` mm aside, a line goes on for 3 ``stride`` mm, and its Gaussian width is ``sigma`` pixels."""

def structure_tensor(maps: _Float, metric: _Float, units: float, r: int) -> _Float:
    """(ceil(n / r), ceil(n / r), 3): tt, tb, bb of the gradient of channel 0 per mm, times the mask, in block means."""

def soft_gate(relief: _Float, metric: _Float, units: float, tau: float, sigma: float) -> _Float:
    """``relief`` (n, n, 1) * m / (m + tau^2), m its squared slope averaged by a Gaussian."""

def enlarge_cubic(image: _Float, k: int, size: int, progress: _Progress = None) -> _Float:
    """A one-channel map (n, n, 1) enlarged k times by cubic interpolation: (size, size)."""

def enlarge_bytes(image: _Float, k: int, size: int) -> _Byte:
    """A one-channel map (n, n, 1) enlarged k times by linear interpolation and rounded: (size, size) uint8."""

def normal_map(
    displacement: _Float, metric: _Float, factor: float = 1.0, progress: _Progress = None
) -> npt.NDArray[np.uint16]:
    """(S, S, 3) uint16 OpenGL normals of a displacement (S, S) in mm; ``factor`` scales the slope."""

# Patches of N x N samples. at: (P, 2) row, column of their centres in a map; steps: (P, 2, 2), columns are the (row,
# column) steps from sample to sample along the patch's x and y (y up).

def sample_patches(maps: _Float, at: _Float, steps: _Float, size: int, progress: _Progress = None) -> _Float:
    """(P, C, size, size) bilinear samples; 0 beyond the border."""

def merge_patches(
    values: _Float, at: _Float, steps: _Float, height: int, width: int, floor: float, progress: _Progress = None
) -> _Float:
    """(height, width, 1): weighted mean of the patches' values (P, N, N); fades where the weights sum to less than
    floor."""

class Net:
    """A convolutional network. program: tuples ("conv3x3" | "conv1x1", weights (O, I, k, k), bias (O,)), ("relu",),
    ("avgpool2",), ("upsample2",), ("unshuffle2",), ("shuffle2",), ("save", name), ("concat", name; each name once)."""

    def __init__(self, size: int, channels: int, program: list[tuple[object, ...]]) -> None: ...
    @property
    def size(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def multiply_adds(self) -> int:
        """Of one patch."""

    def run(self, inputs: _Float, progress: _Progress = None) -> _Float:
        """(P, channels, size, size) to (P, size, size)."""

    def predict(self, maps: _Float, at: _Float, steps: _Float, constants: _Float, progress: _Progress = None) -> _Float:
        """The same on samples of ``maps`` followed by constant planes (P, channels - map channels)."""

def multiply_add_peak(seconds: float = 0.2) -> float:
    """Billions of float multiply-adds per second that all threads reach in a loop of independent ones."""

# Photos. image_points: (V, 2) px, pixel centres at integers; depth: (V,) mm, larger is nearer; bias: by how many mm
# something must lie nearer to hide what is behind it. Triangles are counter-clockwise seen from outside.

def vertex_visibility(
    image_points: _Float, depth: _Float, triangles: _Int, width: int, height: int, bias: float = 1.0
) -> npt.NDArray[np.bool_]:
    """(V,): faces the viewer, lies in the photo and is hidden by nothing."""

def extract_texture(
    photo: _Byte,
    image_points: _Float,
    depth: _Float,
    triangles: _Int,
    uv: _Float,
    size: int,
    px_per_mm: float,
    bias: float = 1.0,
    dilate: int = 16,
    progress: _Progress = None,
) -> tuple[_Byte, _Byte]:
    """Colours (size, size, 3) and alpha (size, size) of a mesh in a photo (H, W, 3) uint8.

    Alpha is soft visibility times facing, 0 outside the photo; the colours go on for ``dilate`` texels with alpha 0.
    """
