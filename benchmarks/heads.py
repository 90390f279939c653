# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads rendered in Cycles with known relief, camera and light: nothing that was trained on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from wrinkle_native import interpolate_uv

from benchmarks.people import LIGHTS, SHOTS, Shot
from modelling import render
from wrinkle_addon.core.models.builtin import load_builtin
from wrinkle_addon.core.surface import surface_of
from wrinkle_addon.core.texture import extract_texture
from wrinkle_addon.core.types import FaceModel, Fit, Photo, Surface, Texture

SIZE = 1024


@dataclass(frozen=True, eq=False)
class Head:
    """One photo with everything that is true about it. fit: the true projection. texture: the photo in UV by it."""

    name: str
    light: str
    direction: npt.NDArray[np.float64]
    photo: Photo
    model: FaceModel
    fit: Fit
    truth: npt.NDArray[np.float32]
    texture: Texture
    surface: Surface


def _picture(
    shot: Shot, model: FaceModel, person: npt.NDArray[np.float32], truth: npt.NDArray[np.float32], cache: Path
) -> npt.NDArray[np.uint8]:
    """The rendered photo; kept in ``cache`` between runs because it takes most of the time.

    person: (V, 3) mm. truth: the relief, (S, S) mm. A photo of another face or of other wrinkles is never taken for it.
    """
    content = hashlib.sha256(person.tobytes() + truth.tobytes()).hexdigest()[:8]
    name = shot.name.replace(" ", "_").replace(",", "")
    file = cache / f"{name}_{content}{'.png' if shot.jpeg is None else '.jpg'}"
    if not file.exists():
        picture = render.render(
            person,
            model.triangles,
            model.uv,
            shot.person.albedo(model),
            camera=shot.camera,
            light=LIGHTS[shot.light],
            relief=render.Relief(shot.person.relief(model, 2048), levels=3),
            samples=12,
        )
        cache.mkdir(parents=True, exist_ok=True)
        quality = [] if shot.jpeg is None else [cv2.IMWRITE_JPEG_QUALITY, shot.jpeg]
        cv2.imwrite(str(file), picture[:, :, ::-1], quality)
    return np.ascontiguousarray(cv2.imread(str(file))[:, :, ::-1])


def heads(cache: Path, shots: tuple[Shot, ...] = SHOTS) -> list[Head]:
    """Render (or take from ``cache``) the photos and lay each out in the model's UV by its true camera."""
    model = load_builtin()
    found = []
    for shot in shots:
        person = shot.person.vertices(model)
        truth = shot.person.relief(model, SIZE)
        pixels = _picture(shot, model, person, truth, cache)
        photo = Photo(pixels, f"{shot.name}.png", shot.name)
        fit = _true_fit(person, shot.camera, model)
        texture = extract_texture(photo, fit, model, SIZE)
        direction = np.asarray(LIGHTS[shot.light].direction, float)
        surface = surface_of(person, model.triangles, model.uv)
        direction /= np.linalg.norm(direction)
        found.append(Head(shot.name, shot.light, direction, photo, model, fit, truth, texture, surface))
    return found


def carried(
    head: Head, fit: Fit, relief: npt.NDArray[np.float32], seen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """A relief found through ``fit``, laid over the photo and taken back to UV by the true projection, (S, S) mm.

    So the relief of the same skin is compared, wherever the fit put it in the UV. seen: (S, S), where it is seen.
    """
    high, wide = head.photo.pixels.shape[:2]
    place = _image_places(fit.image_points, head.model, relief.shape[0])[seen]
    low = np.floor(place).astype(int)
    part = place - low
    total, weight = np.zeros(high * wide), np.zeros(high * wide)
    for dx in (0, 1):
        for dy in (0, 1):
            column, row = low[:, 0] + dx, low[:, 1] + dy
            share = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
            inside = (column >= 0) & (column < wide) & (row >= 0) & (row < high)
            index = (row * wide + column)[inside]
            total += np.bincount(index, (share * relief[seen])[inside], high * wide)
            weight += np.bincount(index, share[inside], high * wide)
    over_photo = (total / np.maximum(weight, 1e-3)).reshape(high, wide).astype(np.float32)
    true = _image_places(head.fit.image_points, head.model, head.truth.shape[0])
    return cv2.remap(over_photo, true[..., 0], true[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def _image_places(points: npt.NDArray[np.float32], model: FaceModel, size: int) -> npt.NDArray[np.float32]:
    """(size, size, 2) photo position of every texel."""
    return interpolate_uv(np.ascontiguousarray(points, np.float32), model.uv, model.triangles, size, fill=-10.0)


def _true_fit(person: npt.NDArray[np.float32], camera: render.Camera, model: FaceModel) -> Fit:
    axes = camera.axes()
    depth = (person - np.asarray(camera.target)) @ axes[2]
    scale = camera.size[0] * (camera.focal_mm or 1.0) / 36.0 / camera.distance
    return Fit(
        vertices=person,
        neutral=person,
        image_points=camera.project(person).astype(np.float32),
        depth=depth.astype(np.float32),
        visible=np.ones(len(person), bool),
        rotation=axes.astype(np.float32),
        px_per_mm=float(scale),
        shape_coefficients=np.zeros(0, np.float32),
        expression_coefficients=np.zeros(0, np.float32),
        reprojection=(0.0, 0.0),
    )
