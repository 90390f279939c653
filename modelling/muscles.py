# SPDX-License-Identifier: GPL-3.0-or-later
"""What muscles, jaw and lids do to the skin of the built-in head: the building blocks of the blendshapes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from . import cage, head, sculpt, subdivide, topology
from .mathematics import smooth, to_line

Vector = Sequence[float] | np.ndarray
# Hinge axis of the jaw: the condyles lie about 13 mm before the ear canal (Gray's Anatomy).
TMJ = np.array([0.0, -6.0, -68.0])


class Skin:
    """The neutral head with the weights that every motion needs. All fields are (V,) or (V, 3) over its vertices."""

    def __init__(self, face: head.Head) -> None:
        self.face = face
        self.p = face.vertices
        self.ball = face.parts == head.EYEBALL
        self.skin = ~self.ball
        self.left = smooth(self.p[:, 0], -3.0, 5.0)
        self._graph = subdivide.laplacian(face.triangles, len(self.p))
        self.inside = face.parts == head.MOUTH
        self._hanging = np.nonzero(self.inside)[0]
        self._edge = np.nonzero(self.skin & ~self.inside)[0]
        self._bag = splu(self._graph[self._hanging][:, self._hanging].tocsc())
        folded = self.p * np.where(self.p[:, :1] < 0, [-1, 1, 1], 1)
        self._folded = np.exp(-((((folded - sculpt.nostril(self.p)) / [7.0, 6.0, 8.0]) ** 2).sum(axis=1) ** 2))
        for index, reach in ((61, 4.0), (78, 4.0), (33, 2.6), (133, 2.6)):
            away = np.linalg.norm(folded - self.at(index) * [-1, 1, 1], axis=1)
            self._folded = np.maximum(self._folded, np.exp(-((away / reach) ** 4)))
        self.normal = self._normals()
        even = self.relax(self.normal, (face.parts == head.SKIN) * 1.0, 40)
        self.outwards = even / np.maximum(np.linalg.norm(even, axis=1, keepdims=True), 1e-9)
        self.jaw = self._jaw_weight()
        self.lower_lip = self._lip_weight()

    def at(self, index: int, x: float = 0, y: float = 0, z: float = 0) -> np.ndarray:
        """Position of one of the 468 points, or a place ``x, y, z`` mm from it."""
        return self.p[index] + np.array([x, y, z])

    def near(self, centre: Vector, radii: Vector | float) -> np.ndarray:
        """(V,) Gaussian fall-off around a place; radii in mm (one, or along x, y, z). Eyeballs stay out."""
        away = (self.p - np.asarray(centre)) / np.asarray(radii, float)
        return np.exp(-0.5 * (away**2).sum(axis=1)) * self.skin

    def along(self, line: Sequence[Vector], radius: float) -> np.ndarray:
        """(V,) Gaussian fall-off around a polyline."""
        return np.exp(-0.5 * (to_line(self.p, np.array(line)) / radius) ** 2) * self.skin

    def slide(self, weight: np.ndarray, move: Vector, stick: float = 0.6) -> np.ndarray:
        """Move skin by ``move`` mm times ``weight``, the share ``stick`` of the motion off the surface taken away."""
        field = weight[:, None] * np.asarray(move, float)
        out = (field * self.outwards).sum(axis=1, keepdims=True) * self.outwards
        return field - stick * out

    def pull(self, centre: Vector, radii: Vector, move: Vector, tail: float = 0.3, stick: float = 0.2) -> np.ndarray:
        """Skin drawn along at a muscle's insertion; the share ``tail`` reaches twice as far, as loose skin does."""
        radii = np.asarray(radii, float)
        return self.slide((1 - tail) * self.near(centre, radii) + tail * self.near(centre, 2 * radii), move, stick)

    def drag(self, centre: Vector, radii: Vector, move: Vector, tail: float = 0.4, stick: float = 0.2) -> np.ndarray:
        """As :meth:`pull`, where nothing holds the skin to the bone: cheek, lips and jaw follow over several
        centimetres, the more loosely the further."""
        radii = np.asarray(radii, float)
        loose = 0.6 * self.near(centre, 2 * radii) + 0.4 * self.near(centre, 3.5 * radii)
        return self.slide((1 - tail) * self.near(centre, radii) + tail * loose, move, stick)

    def swell(self, weight: np.ndarray, height: float) -> np.ndarray:
        """Lift skin by ``height`` mm along its normal (bunching muscle or fold)."""
        return (height * weight)[:, None] * self.outwards

    def harmonic(self, fixed: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Smoothest weights (bi-Laplacian) over the connected skin with the ``fixed`` vertices at ``values``."""
        free = np.setdiff1d(np.nonzero(self.skin)[0], fixed)
        bend = (self._graph.T @ self._graph + 1e-4 * self._graph).tocsr()
        bend = (bend + bend.T) / 2
        out = np.zeros((len(self.p), *values.shape[1:]))
        out[fixed] = values
        right = -bend[free][:, fixed] @ values
        out[free] = splu(bend[free][:, free].tocsc()).solve(right)
        return out

    def relax(self, field: np.ndarray, where: np.ndarray, rounds: int = 10) -> np.ndarray:
        """Smooth a motion field where ``where`` (V,) is 1."""
        step = sparse.diags(0.5 * np.clip(where, 0, 1)) @ self._graph
        for _ in range(rounds):
            field = field - step @ field
        return field

    def turn_jaw(self, degrees: float, forward: float = 0.0, sideways: float = 0.0) -> np.ndarray:
        """Motion of what hangs on the jaw: turned about the hinge, which slides ``forward`` and ``sideways`` mm."""
        angle = np.radians(degrees) * self.jaw
        y, z = (self.p - TMJ)[:, 1], (self.p - TMJ)[:, 2]
        c, s = np.cos(angle), np.sin(angle)
        field = np.stack([0 * y, c * y - s * z - y, s * y + c * z - z], axis=1)
        field += self.jaw[:, None] * np.array([sideways, 0, forward])
        return field * self.skin[:, None]

    def _normals(self) -> np.ndarray:
        t = self.face.triangles
        flat = np.cross(self.p[t[:, 1]] - self.p[t[:, 0]], self.p[t[:, 2]] - self.p[t[:, 0]])
        out = np.zeros_like(self.p)
        for k in range(3):
            np.add.at(out, t[:, k], flat)
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)

    def _lips(self) -> tuple[np.ndarray, np.ndarray]:
        """Vertices of the upper and of the lower lip, their corners and the rims inside the mouth with them."""
        p = self.p
        corner = abs(self.at(61)[0])
        slit = np.abs(p[:, 1] - head.slit_height(p, p[:, 0]))
        height_above = np.interp(np.abs(p[:, 0]), [0, 8, 15, corner], [8.5, 9, 7, 2.0])
        depth_below = np.interp(np.abs(p[:, 0]), [0, 8, 15, corner], [9.5, 9, 7, 2.5])
        front = (
            (p[:, 2] > self.at(61)[2] - 4) & self.skin & (np.abs(p[:, 0]) < corner) & (self.face.parts != head.MOUTH)
        )
        upper = front & (self.face.level > 0.05) & (slit < height_above)
        lower = front & (self.face.level < -0.05) & (slit < depth_below)
        return np.nonzero(upper)[0], np.nonzero(lower)[0]

    def _part(self, low: float, high: float, corner: float, still: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """(V,) smooth weights: ``low`` on the upper lip and ``high`` on the lower one, both running into ``corner`` at
        the mouth's corners as an opening mouth's outline does; 0 on ``still`` and 1 on ``moved`` vertices."""
        upper, lower = self._lips()
        value = np.full(len(self.p), np.nan)
        value[still], value[moved] = 0.0, 1.0
        arch = np.sqrt(np.clip(1 - (self.p[:, 0] / abs(self.at(78)[0])) ** 2, 0, 1))
        value[upper] = (corner + (low - corner) * arch)[upper]
        value[lower] = (corner + (high - corner) * arch)[lower]
        fixed = np.nonzero(~np.isnan(value))[0]
        return np.clip(self.harmonic(fixed, value[fixed]), 0, 1)

    def _jaw_weight(self) -> np.ndarray:
        """(V,) share of the jaw's motion."""
        p = self.p
        x = np.abs(p[:, 0])
        chin = self.skin & (p[:, 1] < -82) & (p[:, 1] > -112) & (p[:, 2] > -8) & (x < 26)
        still = self.skin & ((p[:, 1] > -40) | (p[:, 2] < -76) | (p[:, 1] < -145))
        still |= self.skin & (x < 20) & (p[:, 1] > -56) & (p[:, 2] > 0)
        return self._part(0.0, 1.0, 0.4, still & ~self.inside, chin & ~self.inside)

    def _lip_weight(self) -> np.ndarray:
        """(V,) 1 below the mouth's slit, 0 above it, a smooth passage beside the corners."""
        p = self.p
        outside = self.skin & ~self.inside
        return self._part(0.0, 1.0, 0.5, outside & (p[:, 1] > -45), outside & (p[:, 1] < -90))

    def finish(self, field: np.ndarray) -> np.ndarray:
        """Even the motion out where the surface is too folded to carry one of its own: nostrils, corners of eyes and
        mouth; and let the mouth's bag hang from the lips."""
        field = self.relax(field, self._folded, 60)
        out = field.copy()
        right = -self._graph[self._hanging][:, self._edge] @ field[self._edge]
        out[self._hanging] = self._bag.solve(right)
        return out


class Lids:
    """The lids of the left eye: how far each vertex belongs to the upper or lower one, how wide the eye is open."""

    def __init__(self, skin: Skin) -> None:
        self.skin = skin
        self.centre = skin.face.eyes[1]
        flip = skin.face.mirror
        loop = flip[np.array(topology.RIGHT_EYE)]
        self.lower = skin.p[loop[:9]]
        self.upper = skin.p[np.r_[loop[0], loop[:7:-1]]]
        p = skin.p
        self.low_y, self.high_y = self._height(self.lower, p[:, 0]), self._height(self.upper, p[:, 0])
        middle = (self.low_y + self.high_y) / 2
        near = (np.linalg.norm(p - self.centre, axis=1) < 34) & skin.skin & (p[:, 2] > self.centre[2] - 8)
        lid = skin.face.parts == head.LID
        above = near & ((p[:, 1] >= middle) | (lid & (p[:, 1] >= middle)))
        self.is_upper = above.astype(float)
        self.is_lower = (near & ~above).astype(float)
        self.up_fall = 1 - smooth(p[:, 1] - self.high_y, 0.5, 11.0)
        self.low_fall = 1 - smooth(self.low_y - p[:, 1], 0.5, 10.0)

    @staticmethod
    def _height(line: np.ndarray, x: np.ndarray) -> np.ndarray:
        order = np.argsort(line[:, 0])
        return np.interp(x, line[order, 0], line[order, 1])

    def hold(self, field: np.ndarray, keep: float = 0.0) -> np.ndarray:
        """Fade a motion of the skin around the left eye out towards the lids' margins, which the eyeball holds; the
        share ``keep`` of it stays."""
        p = self.skin.p
        held = self.is_upper * (1 - smooth(p[:, 1] - self.high_y, 1.0, 13.0))
        held += self.is_lower * (1 - smooth(self.low_y - p[:, 1], 1.0, 9.0))
        return field * (1 - (1 - keep) * np.clip(held, 0, 1))[:, None]

    def close(self, upper: float, lower: float) -> np.ndarray:
        """Turn the lids about the eyeball: the share of the opening by which the upper comes down and the lower up."""
        p = self.skin.p
        gap = self.high_y - self.low_y
        # away from the margin the skin moves as one sheet: a parabola instead of the opening's own outline
        middle, half = self.lower[:, 0].mean(), np.ptp(self.lower[:, 0]) / 2 + 3
        sheet = gap.max() * np.clip(1 - ((p[:, 0] - middle) / half) ** 2, 0, 1)
        off = np.where(self.is_upper > 0, p[:, 1] - self.high_y, self.low_y - p[:, 1])
        gap = gap + smooth(off, 0.8, 6.0) * (sheet - gap)
        field = self._turn(-upper * gap, self.is_upper * self.up_fall)
        field += self._turn(lower * gap, self.is_lower * self.low_fall)
        corners = np.minimum(*(np.linalg.norm(p - self.lower[k], axis=1) for k in (0, -1)))
        where = np.maximum(smooth(off, 1.0, 3.0), 1 - smooth(corners, 2.0, 4.5))
        return self.skin.relax(field, where * (self.skin.face.parts == head.SKIN), 8)

    def _turn(self, rise: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Rotate about the eyeball's horizontal axis so that the lid's margin rises by ``rise`` mm."""
        away = self.skin.p - self.centre
        margin_y = np.where(self.is_upper > 0, self.high_y, self.low_y) - self.centre[1]
        radius = cage.EYE_RADIUS + cage.LID_MM
        chord = np.sqrt(np.clip(radius**2 - (away[:, 0]) ** 2, 25, None))
        now = np.arcsin(np.clip(margin_y / chord, -0.95, 0.95))
        then = np.arcsin(np.clip((margin_y + rise) / chord, -0.95, 0.95))
        angle = (then - now) * weight
        c, s = np.cos(angle), np.sin(angle)
        y, z = away[:, 1], away[:, 2]
        return np.stack([0 * y, c * y + s * z - y, -s * y + c * z - z], axis=1) * (weight > 0)[:, None]

    def look(self, degrees_up: float, degrees_out: float) -> np.ndarray:
        """Turn the left eyeball; positive is up and away from the nose."""
        p = self.skin.p
        mine = self.skin.ball & (p[:, 0] > 0)
        away = p - self.centre
        a, b = np.radians(degrees_up), np.radians(degrees_out)
        pitch = np.array([[1, 0, 0], [0, np.cos(a), np.sin(a)], [0, -np.sin(a), np.cos(a)]])
        yaw = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
        return (away @ (yaw @ pitch).T - away) * mine[:, None]
