# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders a face in a scene of its own: before and after, contact sheet, turntable, sweep of expressions, wipe."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ..core.errors import WrinkleError
from ..core.files import read_png, write_png
from ..core.pictures import contact_sheet, side_by_side, wipe, write_frames
from ..core.progress import Progress, report, silent
from ..core.types import Byte
from . import displacement, drivers, face, ids, material, mesh, studio

_SWING = 1.0
"""How far a turntable swings to each side, in radians: further round there is no face."""
SAMPLES = {"CYCLES": 8, "EEVEE": 16, "WORKBENCH": 1}


@dataclass(frozen=True)
class Shot:
    """One picture. weights: shape key values; wrinkles: whether the wrinkle map takes part.

    turn: how far the camera stands towards the side that the face looks best from, in radians.
    """

    title: str
    weights: Mapping[str, float]
    wrinkles: bool = True
    turn: float = studio.TURN


def before_after(weights: Mapping[str, float]) -> tuple[Shot, ...]:
    """The three pictures of the preview."""
    return (
        Shot("neutral", {}),
        Shot("expression without wrinkles", weights, wrinkles=False),
        Shot("expression with wrinkles", weights),
    )


@dataclass(frozen=True)
class Plan:
    """What to render. kind: BEFORE_AFTER, SHEET, TURNTABLE, SWEEP or WIPE. frames: length of a wipe in frames."""

    kind: str
    shots: tuple[Shot, ...]
    frames: int = 1

    @property
    def moving(self) -> bool:
        """Whether the result is a movie."""
        return self.kind in {"TURNTABLE", "SWEEP", "WIPE"}


def plan_of(kind: str, weights: Mapping[str, float], names: Sequence[str], frames: int) -> Plan:
    """The plan of a kind of preview.

    weights: the expression that is shown; names: the expressions of a contact sheet, where left and right share a row;
    frames: length of a movie.
    """
    if kind == "SHEET":
        rows = {title: dict.fromkeys(both, 1.0) for title, both in _paired(names).items()}
        pairs = [(Shot(title, shown, wrinkles=False), Shot(title, shown)) for title, shown in rows.items()]
        return Plan(kind, (Shot("neutral", {}), *(shot for pair in pairs for shot in pair)))
    if kind == "TURNTABLE":
        turns = studio.TURN + _SWING * np.sin(2 * np.pi * np.arange(frames) / frames)
        return Plan(kind, tuple(Shot("turntable", weights, turn=float(turn)) for turn in turns))
    if kind == "SWEEP":
        shares = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frames) / frames)
        return Plan(kind, tuple(Shot("sweep", {k: float(v * s) for k, v in weights.items()}) for s in shares))
    if kind == "WIPE":
        return Plan(kind, before_after(weights)[1:], frames)
    return Plan(kind, before_after(weights))


def render_preview(
    obj: bpy.types.Object,
    path: Path,
    shots: Sequence[Shot],
    *,
    engine: str = "CYCLES",
    size: int = 512,
    progress: Progress = silent,
) -> Path:
    """Render ``shots`` of ``obj`` side by side into one PNG of (size, size x shots) pixels.

    The user's scene, object, materials and selection are left as they are. Raises Cancelled between two shots.
    """
    write_png(path, side_by_side(render_shots(obj, shots, engine=engine, size=size, progress=progress)))
    return path


def render_plan(
    obj: bpy.types.Object, path: Path, plan: Plan, *, engine: str, size: int, progress: Progress = silent
) -> Path:
    """Render ``plan`` into ``path``: a PNG, or for moving plans an .mp4 or a folder of PNG files.

    Leaves the user's scene as it is; raises Cancelled between two shots.
    """
    pictures = render_shots(obj, plan.shots, engine=engine, size=size, progress=progress)
    if plan.kind == "WIPE":
        return write_frames(path, list(wipe(pictures[0], pictures[1], plan.frames)))
    if plan.moving:
        return write_frames(path, pictures)
    if plan.kind == "SHEET":
        rows = [[pictures[0], *pictures[k : k + 2]] for k in range(1, len(pictures), 2)]
        titles = [shot.title for shot in plan.shots[1::2]]
        write_png(path, contact_sheet(rows, titles, ("neutral", "without wrinkles", "with wrinkles")))
    else:
        write_png(path, side_by_side(pictures))
    return path


def render_shots(
    obj: bpy.types.Object, shots: Sequence[Shot], *, engine: str, size: int, progress: Progress = silent
) -> list[Byte]:
    """Render each shot as (size, size, 3) uint8; see :func:`render_preview`."""
    pictures = []
    with tempfile.TemporaryDirectory(prefix="wrinkle-") as folder, _stage(obj, engine, size) as (scene, double):
        points = mesh.face_points(double)
        for index, shot in enumerate(shots):
            report(progress, index / len(shots), f"Rendering picture {index + 1} of {len(shots)}")
            _pose(double, shot)
            studio.aim(scene.camera, points, face.side(obj) * shot.turn)
            still = Path(folder) / f"{index}.png"
            scene.render.filepath = str(still)
            bpy.ops.render.render(write_still=True, scene=scene.name)
            if not still.exists():
                raise WrinkleError(f"Blender could not render with {engine}.", "Choose another engine for the preview.")
            pictures.append(np.asarray(read_png(still)[..., :3], np.uint8))
    return pictures


def telling_weights(obj: bpy.types.Object, names: Sequence[str] = ()) -> dict[str, float]:
    """Shape key values for the preview: ``names`` at 1, else the expression that wakes most relief, on both sides.

    Raises WrinkleError for a name that the face does not have.
    """
    known = face.key_values(obj)
    for name in names:
        if name not in known:
            raise WrinkleError(f"The face has no expression {name!r}.", f"It has {', '.join(known)}.")
    if names:
        return dict.fromkeys(names, 1.0)
    best = str(obj.data.get(face.TELLING, "")) or next(iter(known), "")
    return {name: 1.0 for name in (best, mirrored(best)) if name in known}


def folding(obj: bpy.types.Object) -> list[str]:
    """The expressions that fold skin most in life, on both sides, as far as the face has them; else all it has."""
    known = list(face.key_values(obj))
    both = dict.fromkeys(side for name in face.FOLDING for side in (name, mirrored(name)))
    return [name for name in both if name in known] or known


def mirrored(name: str) -> str:
    """The same expression on the other side of the face; the name itself when it has no side."""
    for here, there in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(here):
            return name.removesuffix(here) + there
    return name


def _paired(names: Sequence[str]) -> dict[str, list[str]]:
    """The expressions by the title of their row: both sides of one expression go together, without the side's name."""
    rows: dict[str, list[str]] = {}
    for name in names:
        both = [side for side in names if side in (name, mirrored(name))]
        rows[name if len(both) == 1 else name.removesuffix("Left").removesuffix("Right")] = both
    return rows


@contextmanager
def _stage(obj: bpy.types.Object, engine: str, size: int) -> Iterator[tuple[bpy.types.Scene, bpy.types.Object]]:
    """A scene with a double of ``obj``, removed with everything in it afterwards."""
    scene = bpy.data.scenes.new("Wrinkle Preview")
    made: list[bpy.types.ID] = []
    try:
        double = _double(obj, scene, made)
        studio.add_camera(scene, mesh.face_points(double))
        studio.add_lights(scene, face.side(obj))
        studio.set_engine(scene, engine, SAMPLES[engine])
        if displacement.shown(double):
            displacement.allow(scene)
        render = scene.render
        render.resolution_x = render.resolution_y = size
        render.resolution_percentage = 100
        render.image_settings.file_format = "PNG"
        render.image_settings.color_mode = "RGB"
        render.use_compositing = render.use_sequencer = False
        scene.view_settings.view_transform = "Standard"
        yield scene, double
    finally:
        _strike(scene, made)


def _double(obj: bpy.types.Object, scene: bpy.types.Scene, made: list[bpy.types.ID]) -> bpy.types.Object:
    double = obj.copy()
    double.data = obj.data.copy()
    made += [double.data]
    double.animation_data_clear()
    double.parent = None
    double.matrix_world.identity()
    double.hide_render = False
    keys = double.data.shape_keys
    keys.animation_data_clear()
    double.data.materials.clear()
    for skin in obj.data.materials:
        copied = skin.copy()
        made.append(copied)
        drivers.retarget(copied.node_tree, obj.data.shape_keys, keys)
        double.data.materials.append(copied)
    scene.collection.objects.link(double)
    return double


def _pose(obj: bpy.types.Object, shot: Shot) -> None:
    for key in obj.data.shape_keys.key_blocks:
        key.mute = False
        key.value = shot.weights.get(key.name, 0.0)
    if not shot.wrinkles:
        _flatten(obj)
    else:
        _restore(obj)


def _flatten(obj: bpy.types.Object) -> None:
    for node in _group_nodes(obj):
        if "wrinkle_shown" not in node:
            node["wrinkle_shown"] = node.inputs[ids.STRENGTH].default_value
        node.inputs[ids.STRENGTH].default_value = 0.0


def _restore(obj: bpy.types.Object) -> None:
    for node in _group_nodes(obj):
        if "wrinkle_shown" in node:
            node.inputs[ids.STRENGTH].default_value = node["wrinkle_shown"]


def _group_nodes(obj: bpy.types.Object) -> list[bpy.types.ShaderNodeGroup]:
    nodes = (material.group_node(skin) for skin in obj.data.materials)
    return [node for node in nodes if node is not None]


def _strike(scene: bpy.types.Scene, made: Sequence[bpy.types.ID]) -> None:
    for entry in list(scene.collection.objects):
        data = entry.data
        bpy.data.objects.remove(entry)
        if data not in made:
            bpy.data.batch_remove([data])
    if scene.world is not None:
        bpy.data.worlds.remove(scene.world)
    for block in made:
        bpy.data.batch_remove([block])
    bpy.data.scenes.remove(scene)
