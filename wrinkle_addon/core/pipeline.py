# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way: photos in, a reconstruction out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from . import progress as progress_of
from .compose import combine
from .errors import WrinkleError
from .fit import fit_faces
from .images import read_photo
from .landmarks import find_landmarks
from .layers import Layered, expression_weights, group_photos, layered, wrinkled
from .light import estimate_light
from .lines import Lines, find_lines
from .memory import Keyed, StageMemory, digest
from .models import load_model
from .motion import motion_maps
from .progress import Progress, silent
from .quality import photo_warnings
from .regions import fold_mask, left_share, region_mask, skin_mask
from .settings import DIS2NORMAL_COFF, Settings
from .shares import photo_shares, support
from .strain import Strains, strain_maps
from .surface import surface_of
from .texture import extract_texture, merge_textures
from .types import (
    Byte,
    FaceModel,
    Fit,
    Float,
    Landmarks,
    Layer,
    Light,
    MotionMaps,
    Photo,
    Reconstruction,
    Surface,
    Texture,
    WrinkleMaps,
)
from .wrinkles import Relief, believed, find_relief, glimpse, load_regressor, normal_map

PhotoSource = Path | Photo


@dataclass(frozen=True)
class Laid:
    """What the first half of the way yields: photos, landmarks, model, and the model laid on each photo."""

    photos: list[Keyed[Photo]]
    marks: list[Keyed[Landmarks]]
    model: Keyed[FaceModel]
    fits: Keyed[tuple[Fit, ...]]


class Runner:
    """Chains the stages and remembers each one's last result; one runner serves one face."""

    def __init__(self, memory: StageMemory | None = None, seen: Seen | None = None) -> None:
        self._memory = memory or StageMemory()
        self._seen = seen

    def copy(self) -> Runner:
        """Another runner that remembers the same and then goes its own way: each thread works with one of its own."""
        return Runner(self._memory.copy(), self._seen)

    def glimpse(self, settings: Settings, size: int) -> Layer | None:
        """The wrinkles of the last :meth:`reconstruct` for another `dog_thres`, small and quick, while a slider moves.

        size: edge of the maps, at most that of the last run. None when photos have to be combined anew.
        """
        if self._seen is None:
            return None
        height = glimpse(self._seen.relief, settings.wrinkles, size).displacement
        return Layer(height, normal_map(height, self._seen.surface, settings.dis2normal_coff), self._seen.expressions)

    def lay(
        self,
        photos: Sequence[PhotoSource],
        settings: Settings | None = None,
        *,
        landmarks: Mapping[int, Landmarks] | None = None,
        progress: Progress = silent,
    ) -> Laid:
        """Lay the face model on the photos; the first half of :meth:`reconstruct`, with the same parameters."""
        if not photos:
            raise WrinkleError("There is no photo to work on.", "Give at least one.")
        settings = settings or Settings()
        progress_of.report(progress, 0.0, "Reading photos")
        read = [self._photo(index, source) for index, source in enumerate(photos)]
        progress_of.report(progress, 0.15, "Loading the face model")
        model = self._model(settings, progress_of.part(progress, 0.15, 0.6))
        marks = [
            self._landmarks(index, photo, (landmarks or {}).get(index), progress_of.part(progress, 0.6, 0.7))
            for index, photo in enumerate(read)
        ]
        progress_of.report(progress, 0.7, "Fitting the face")
        return Laid(read, marks, model, self._fits(model, read, marks, settings, progress_of.part(progress, 0.7, 1.0)))

    def reconstruct(
        self,
        photos: Sequence[PhotoSource],
        settings: Settings | None = None,
        *,
        landmarks: Mapping[int, Landmarks] | None = None,
        masks: Mapping[int, Byte] | None = None,
        regions: Mapping[int, Sequence[str]] | None = None,
        shows: Mapping[int, Sequence[str]] | None = None,
        progress: Progress = silent,
    ) -> Reconstruction:
        """Reconstruct the wrinkles of one person from one or more photos.

        Parameters
        ----------
        photos
            Photos of the same person, as paths or already read.
        landmarks
            Landmarks to use instead of found ones, by the photo's place in ``photos``.
        masks
            (H, W) uint8 in the model's UV, by the photo's place; wrinkles are taken from the photo where it is bright.
        regions
            Regions of the face that a photo gives, by its place: it gives only these, and they come from it alone.
        shows
            Expressions whose wrinkles a photo shows, or "neutral", by the photo's place; found by the fit where absent.

        Raises
        ------
        WrinkleError
            A photo, model or landmark file cannot be used.
        Cancelled
            ``progress`` asked to stop.
        """
        settings = settings or Settings()
        self._memory.seconds = {}
        laid = self.lay(photos, settings, landmarks=landmarks, progress=progress_of.part(progress, 0.0, 0.35))
        read, marks, model, fits = laid.photos, laid.marks, laid.model, laid.fits
        textures = self._textures(model, read, fits, settings, progress_of.part(progress, 0.35, 0.5))
        surface = self._surface("surface", model, fits, fits.value[0].neutral)
        shares = self._shares(model, len(read), settings, masks or {}, regions or {})
        found = self._wrinkles(model, textures, fits, settings, shares, progress_of.part(progress, 0.5, 0.85))
        maps, texture = self._combined(found, textures, shares)
        progress_of.report(progress, 0.85, "Making the normal map")
        normal = self._memory.run(
            "normal map",
            digest(maps.key, surface.key, settings.dis2normal_coff),
            lambda: normal_map(maps.value.displacement, surface.value, settings.dis2normal_coff),
        )
        skin = self._moving_skin(model, fits, settings, progress_of.part(progress, 0.9, 1.0))
        layers = self._layers(model, fits, surface, found, textures, skin, shares, shows or {}, settings)
        motion = self._motion(skin, surface, maps, normal.value, layers, settings)
        fitted = fits.value
        alone = len(found) == 1 and shares.value[0] is None
        relief = self._memory.last("relief 1") if alone else None
        self._seen = Seen(relief, surface.value, motion.value.names) if isinstance(relief, Relief) else None
        return Reconstruction(
            model=model.value,
            photos=tuple(photo.value for photo in read),
            landmarks=tuple(mark.value for mark in marks),
            fits=fitted,
            texture=texture.value,
            surface=surface.value,
            wrinkles=maps.value,
            normal=normal.value,
            motion=motion.value,
            layers=layers.value.layers,
            permanent=layers.value.permanent,
            seconds=dict(self._memory.seconds),
            warnings=_warnings([photo.value for photo in read], [mark.value for mark in marks], fitted),
        )

    def _photo(self, index: int, source: PhotoSource) -> Keyed[Photo]:
        if isinstance(source, Photo):
            return Keyed(source, source.content)
        stat = source.stat() if source.exists() else None
        stamp = digest(str(source), stat and (stat.st_size, stat.st_mtime_ns))
        photo = self._memory.run(f"photo {index + 1}", stamp, lambda: read_photo(source))
        return Keyed(photo.value, photo.value.content)

    def _model(self, settings: Settings, progress: Progress) -> Keyed[FaceModel]:
        source = Path(settings.model)
        stat = source.stat() if source.exists() else None
        key = digest(settings.model, settings.uv, settings.cache, stat and (stat.st_size, stat.st_mtime_ns))
        return self._memory.run(
            "model", key, lambda: load_model(settings.model, uv=settings.uv, cache=settings.cache, progress=progress)
        )

    def _landmarks(
        self, index: int, photo: Keyed[Photo], given: Landmarks | None, progress: Progress
    ) -> Keyed[Landmarks]:
        if given is not None:
            return Keyed(given, digest(given.points, given.confidence, given.dense))
        return self._memory.run(
            f"landmarks {index + 1}", photo.key, lambda: find_landmarks(photo.value, progress=progress)
        )

    def _fits(
        self,
        model: Keyed[FaceModel],
        photos: Sequence[Keyed[Photo]],
        marks: Sequence[Keyed[Landmarks]],
        settings: Settings,
        progress: Progress,
    ) -> Keyed[tuple[Fit, ...]]:
        key = digest(model.key, [photo.key for photo in photos], [mark.key for mark in marks], settings.fit)
        return self._memory.run(
            "fit",
            key,
            lambda: fit_faces(
                model.value,
                [photo.value for photo in photos],
                [mark.value for mark in marks],
                settings=settings.fit,
                progress=progress,
            ),
        )

    def _textures(
        self,
        model: Keyed[FaceModel],
        photos: Sequence[Keyed[Photo]],
        fits: Keyed[tuple[Fit, ...]],
        settings: Settings,
        progress: Progress,
    ) -> list[Keyed[Texture]]:
        steps = progress_of.steps(progress, len(photos), "Extracting texture")
        return [
            self._texture(index, model, photo, fits, settings, step)
            for index, (photo, step) in enumerate(zip(photos, steps, strict=True))
        ]

    def _texture(
        self,
        index: int,
        model: Keyed[FaceModel],
        photo: Keyed[Photo],
        fits: Keyed[tuple[Fit, ...]],
        settings: Settings,
        progress: Progress,
    ) -> Keyed[Texture]:
        return self._memory.run(
            f"texture {index + 1}",
            digest(photo.key, fits.key, settings.size),
            lambda: extract_texture(photo.value, fits.value[index], model.value, size=settings.size, progress=progress),
        )

    def _surface(
        self, stage: str, model: Keyed[FaceModel], fits: Keyed[tuple[Fit, ...]], vertices: Float
    ) -> Keyed[Surface]:
        key = digest(stage, fits.key)
        return self._memory.run(stage, key, lambda: surface_of(vertices, model.value.triangles, model.value.uv))

    def _wrinkles(
        self,
        model: Keyed[FaceModel],
        textures: Sequence[Keyed[Texture]],
        fits: Keyed[tuple[Fit, ...]],
        settings: Settings,
        shares: Keyed[list[Float | None]],
        progress: Progress,
    ) -> list[Keyed[WrinkleMaps]]:
        bare = self._memory.run("skin", digest(model.key, settings.size), lambda: skin_mask(model.value, settings.size))
        steps = progress_of.steps(progress, len(textures), "Finding wrinkles")
        return [
            self._photo_wrinkles(index, model, texture, fits, self._open(index, bare, shares), settings, step)
            for index, (texture, step) in enumerate(zip(textures, steps, strict=True))
        ]

    def _shares(
        self,
        model: Keyed[FaceModel],
        count: int,
        settings: Settings,
        masks: Mapping[int, Byte],
        regions: Mapping[int, Sequence[str]],
    ) -> Keyed[list[Float | None]]:
        painted = [(photo, digest(mask)) for photo, mask in sorted(masks.items())]
        key = digest(model.key, count, settings.size, painted, sorted(regions.items()))
        return self._memory.run("shares", key, lambda: photo_shares(model.value, count, settings.size, masks, regions))

    def _open(self, index: int, bare: Keyed[Float], shares: Keyed[list[Float | None]]) -> Keyed[Float]:
        """The skin on which a photo's wrinkles are looked for."""
        around = support(shares.value[index])
        return bare if around is None else Keyed(bare.value * around, digest(bare.key, around))

    def _combined(
        self,
        found: Sequence[Keyed[WrinkleMaps]],
        textures: Sequence[Keyed[Texture]],
        shares: Keyed[list[Float | None]],
    ) -> tuple[Keyed[WrinkleMaps], Keyed[Texture]]:
        if len(found) == 1 and shares.value[0] is None:
            return found[0], textures[0]
        values = [maps.value for maps in found]
        both = digest([maps.key for maps in found])
        merged = self._memory.run(
            "merged texture", both, lambda: merge_textures([texture.value for texture in textures])
        )
        combined = self._memory.run(
            "combined wrinkles",
            digest(both, shares.key),
            lambda: combined_maps(values, [texture.value for texture in textures], shares.value),
        )
        return combined, merged

    def _photo_wrinkles(
        self,
        index: int,
        model: Keyed[FaceModel],
        texture: Keyed[Texture],
        fits: Keyed[tuple[Fit, ...]],
        skin: Keyed[Float],
        settings: Settings,
        progress: Progress,
    ) -> Keyed[WrinkleMaps]:
        # The photo shows the face in its expression, and the normals that explain its shading are those.
        surface = self._surface(f"surface {index + 1}", model, fits, fits.value[index].vertices)
        light = self._memory.run(
            f"light {index + 1}",
            digest(texture.key, surface.key, skin.key),
            lambda: estimate_light(texture.value, surface.value, skin.value),
        )
        regressor = self._memory.run("regressor", "", load_regressor)
        wanted = settings.wrinkles
        relief = self._memory.run(
            f"relief {index + 1}",
            digest(texture.key, light.key, skin.key, wanted.mode, wanted.overlap, wanted.least),
            lambda: find_relief(
                texture.value,
                surface.value,
                skin.value,
                light.value,
                regressor.value,
                wanted,
                progress_of.part(progress, 0.0, 0.8),
            ),
        )
        return self._memory.run(
            f"wrinkles {index + 1}",
            digest(relief.key, wanted),
            lambda: believed(relief.value, wanted, progress_of.part(progress, 0.8, 1.0)),
        )

    def _moving_skin(
        self, model: Keyed[FaceModel], fits: Keyed[tuple[Fit, ...]], settings: Settings, progress: Progress
    ) -> Keyed[MovingSkin]:
        progress_of.report(progress, 0.0, "Making motion maps")
        face, size = model.value, settings.motion_size

        def measure() -> MovingSkin:
            strains = strain_maps(fits.value[0].neutral, face.arkit, face.triangles, face.uv, size, progress)
            bare = 1 - region_mask(face, "outside", size)
            return MovingSkin(strains, bare, left_share(face, size), fold_mask(face, size))

        return self._memory.run("strain", digest(model.key, fits.key, size), measure)

    def _layers(
        self,
        model: Keyed[FaceModel],
        fits: Keyed[tuple[Fit, ...]],
        surface: Keyed[Surface],
        found: Sequence[Keyed[WrinkleMaps]],
        textures: Sequence[Keyed[Texture]],
        skin: Keyed[MovingSkin],
        shares: Keyed[list[Float | None]],
        shows: Mapping[int, Sequence[str]],
        settings: Settings,
    ) -> Keyed[Layered]:
        if len(found) == 1:
            return Keyed(Layered(), found[0].key)
        coff = settings.dis2normal_coff
        key = digest(skin.key, surface.key, [maps.key for maps in found], shares.key, coff, sorted(shows.items()))

        def build() -> Layered:
            weights = np.stack([expression_weights(fit, model.value) for fit in fits.value])
            motion = motion_maps(skin.value.strains, skin.value.bare, skin.value.left)
            values = [maps.value for maps in found]
            relief = np.stack([wrinkled(maps, settings.motion_size) for maps in values])
            return layered(
                group_photos(weights, motion, shows, relief),
                motion,
                values,
                [texture.value for texture in textures],
                surface.value,
                coff,
                shares.value,
            )

        return self._memory.run("layers", key, build)

    def _motion(
        self,
        skin: Keyed[MovingSkin],
        surface: Keyed[Surface],
        maps: Keyed[WrinkleMaps],
        normal: npt.NDArray[np.uint16],
        layers: Keyed[Layered],
        settings: Settings,
    ) -> Keyed[MotionMaps]:
        texel_mm = surface.value.texel_mm(settings.size)
        steepness = settings.dis2normal_coff / DIS2NORMAL_COFF

        def motion() -> MotionMaps:
            strains, bare, left, folds = skin.value.strains, skin.value.bare, skin.value.left, skin.value.folds
            lines: dict[str, Lines] = {}
            for layer in layers.value.layers or (Layer(maps.value.displacement, normal, strains.names),):
                own = find_lines(layer.normal, texel_mm, settings.motion_size, steepness)
                lines |= dict.fromkeys(layer.expressions, replace(own, sure=own.sure * (1 - folds)))
            return motion_maps(strains, bare, left, lines)

        return self._memory.run("motion maps", digest(skin.key, maps.key, layers.key), motion)


@dataclass(frozen=True, eq=False)
class Seen:
    """What :meth:`Runner.glimpse` works from: the only photo's relief, the surface under it, what wakes it."""

    relief: Relief
    surface: Surface
    expressions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class MovingSkin:
    """How the blendshapes strain the skin. bare, left, folds: (M, M) shares of each texel, see motion_maps."""

    strains: Strains
    bare: Float
    left: Float
    folds: Float


def combined_maps(
    maps: Sequence[WrinkleMaps], textures: Sequence[Texture], shares: Sequence[Float | None] | None = None
) -> WrinkleMaps:
    """Several photos' wrinkle maps as one: each texel from the photos that show it best; shares: see combine."""
    confidences = [entry.confidence for entry in maps]
    displacement = combine([entry.displacement for entry in maps], textures, confidences, shares)
    confidence = np.max(np.stack(confidences), axis=0)
    light: Light = max((entry.light for entry in maps), key=lambda light: light.confidence)
    patches = np.concatenate([entry.patches for entry in maps])
    return WrinkleMaps(confidence, displacement, light, patches)


def reconstruct(
    photos: Sequence[PhotoSource], settings: Settings | None = None, progress: Progress = silent
) -> Reconstruction:
    """One run without memory; see :meth:`Runner.reconstruct`."""
    return Runner().reconstruct(photos, settings, progress=progress)


def _warnings(photos: Sequence[Photo], marks: Sequence[Landmarks], fits: Sequence[Fit]) -> tuple[str, ...]:
    found: list[str] = []
    for photo, mark, fit in zip(photos, marks, fits, strict=True):
        found += [*mark.warnings, *fit.warnings, *photo_warnings(photo, mark, fit.px_per_mm)]
    return tuple(found)
