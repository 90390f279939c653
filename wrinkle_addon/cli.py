# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line, in any Python and as ``blender --command wrinkle``."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .cli_batch import add_batch
from .core.errors import Cancelled, WrinkleError

if TYPE_CHECKING:
    from .core.progress import Progress
    from .core.types import Byte, Reconstruction
    from .core.wrinkles import WrinkleSettings


TARGETS = ("gltf", "fbx", "usd", "unreal", "unity", "godot", "reference")
"""What a face can be exported for: mesh files, and programs that get shaders."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence instead of printing the usage."""

    def error(self, message: str) -> NoReturn:
        raise WrinkleError(f"{message[0].upper()}{message[1:]}.", f"See {self.prog} --help.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, or 2 after one sentence on standard error."""
    try:
        options = parser().parse_args(arguments)
        options.run(options)
    except WrinkleError as error:
        return _fail(str(error))
    except (Cancelled, KeyboardInterrupt):
        return _fail("Cancelled: nothing was written.")
    except MemoryError:
        return _fail("There is not enough memory for this size. Choose a smaller --size.")
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = _Parser(prog="python -m wrinkle_addon", description="From face photos to animatable wrinkle maps.")
    commands = top.add_subparsers(dest="command", required=True, parser_class=_Parser)
    _add_reconstruct(commands)
    add_batch(commands, _add_reconstruct_options)
    _add_texture(commands)
    _add_landmarks(commands)
    _add_model(commands)
    return top


def _add_reconstruct(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("reconstruct", help="photos to maps and a Blender file")
    command.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="photos of one person")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    _add_reconstruct_options(command)
    command.set_defaults(run=_reconstruct)


def _add_reconstruct_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", default="builtin", metavar="builtin|FILE|FOLDER", help="the face model")
    command.add_argument("--uv", type=Path, metavar="FILE", help=".mat, .npy or .obj with a UV for the model")
    command.add_argument(
        "--landmarks", type=Path, action="append", default=[], metavar="FILE.pts", help="one per photo, in order"
    )
    command.add_argument(
        "--mask",
        type=Path,
        action="append",
        default=[],
        metavar="PNG",
        help="take wrinkles where this UV mask is bright; one for all photos, or one per photo, in order",
    )
    command.add_argument(
        "--regions",
        type=_names,
        action="append",
        default=[],
        metavar="NAME,...",
        help="regions that a photo gives, and it alone, or all; one list per photo, in order",
    )
    command.add_argument(
        "--shows",
        type=_names,
        action="append",
        default=[],
        metavar="NAME,...",
        help="expressions whose wrinkles a photo shows, neutral, or auto; one list per photo, in order",
    )
    command.add_argument("--size", type=int, default=2048, help="edge of the maps in texels")
    command.add_argument(
        "--expression", action="append", default=[], metavar="NAME", help="an expression for the preview to show"
    )
    command.add_argument(
        "--displacement", action="store_true", help="wrinkles in face.blend move the surface instead of shading it"
    )
    command.add_argument("--no_blend", action="store_true", help="write no face.blend and preview.png")
    command.add_argument(
        "--export", type=_targets, metavar="NAME,...", help=f"also write DIR/export for some of {', '.join(TARGETS)}"
    )
    _add_wrinkle_options(command)


def _add_texture(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("texture", help="a face texture to confidence, displacement and normal map")
    command.add_argument("texture", nargs="?", type=Path, metavar="TEXTURE", help="an isomap texture")
    command.add_argument("--dir_tex", type=Path, metavar="FILE", help="another way to name TEXTURE")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    scale = command.add_mutually_exclusive_group()
    scale.add_argument("--mesh", type=Path, metavar="OBJ", help="the mesh that carries the texture")
    scale.add_argument("--texel_mm", type=_positive, metavar="X", help="edge of a texel in mm")
    command.add_argument("--mesh_mm", type=_positive, metavar="SCALE", help="mm per unit of the mesh")
    command.add_argument("--light", type=_direction, metavar="X,Y,Z", help="direction towards the light")
    command.add_argument("--mask", type=Path, metavar="PNG", help="keep wrinkles where this UV mask is bright")
    _add_wrinkle_options(command)
    command.set_defaults(run=_texture)


def _add_landmarks(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("landmarks", help="find the 68 iBUG landmarks of a photo")
    command.add_argument("photo", type=Path, metavar="PHOTO")
    command.add_argument("--out", type=Path, required=True, metavar="FILE.pts")
    command.set_defaults(run=_landmarks)


def _add_model(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("model", help="say what a face model is")
    command.add_argument("model", metavar="builtin|FILE|FOLDER")
    command.add_argument("--uv", type=Path, metavar="FILE", help=".mat, .npy or .obj with a UV for the model")
    command.set_defaults(run=_model)


def _add_wrinkle_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dis2normal_coff", type=_positive, default=150.0, help="150 is the exact slope")
    command.add_argument("--dog_thres", type=float, default=60.0, help="least confidence, 0 to 255")
    command.add_argument(
        "--detector", choices=("full", "dog"), default="full", help="dog: difference of Gaussians only"
    )


def _reconstruct(options: argparse.Namespace) -> None:
    progress = _Meter()
    result, paths = reconstruct(options, progress)
    progress.done()
    _say(result.warnings, paths)


def reconstruct(options: argparse.Namespace, progress: Progress) -> tuple[Reconstruction, list[Path]]:
    """Do what the command ``reconstruct`` was told; returns the result and the files written."""
    from .core.files import output_folder
    from .core.landmarks import read_pts
    from .core.output import write_reconstruction
    from .core.pipeline import Runner
    from .core.settings import Settings

    for name in ("landmarks", "mask", "regions", "shows"):
        if len(getattr(options, name)) > len(options.photos):
            raise WrinkleError(f"--{name} is given more often than photos.", "Give at most one per photo, in order.")
    with_blender = not options.no_blend and importlib.util.find_spec("bpy") is not None
    if options.export and not with_blender:
        raise WrinkleError("--export needs Blender.", "Install its bpy module, and leave --no_blend out.")
    if options.export:
        from .blender.mesh_files import check_available

        check_available([name.upper() for name in options.export])  # a mistake shows now, not after the work
    settings = Settings(
        model=options.model,
        uv=options.uv,
        size=options.size,
        dis2normal_coff=options.dis2normal_coff,
        wrinkles=_wrinkle_settings(options),
    )
    folder = output_folder(options.out)
    result = Runner().reconstruct(
        options.photos,
        settings,
        landmarks={index: read_pts(path) for index, path in enumerate(options.landmarks)},
        masks=_masks(options),
        regions={index: names for index, names in enumerate(options.regions) if names != ("all",)},
        shows={index: names for index, names in enumerate(options.shows) if names != ("auto",)},
        progress=progress,
    )
    paths = write_reconstruction(result, settings, folder)
    if with_blender:
        from .blender.headless import write_blend_and_preview

        paths += write_blend_and_preview(
            result,
            settings,
            folder,
            tuple(options.expression),
            progress,
            displaced=options.displacement,
            targets=options.export or (),
        )
    return result, paths


def _masks(options: argparse.Namespace) -> dict[int, Byte]:
    """The mask of each photo; a single one is for all."""
    from .core.images import read_mask

    masks = [read_mask(path) for path in options.mask]
    return dict(enumerate(masks * len(options.photos) if len(masks) == 1 else masks))


def _texture(options: argparse.Namespace) -> None:
    from .core.files import output_folder
    from .core.images import read_mask
    from .core.output import write_maps, write_report
    from .core.texture_mode import TextureJob, run_texture_job

    if (options.texture is None) == (options.dir_tex is None):
        raise WrinkleError("Name one texture.", "Give TEXTURE or --dir_tex=FILE.")
    job = TextureJob(
        texture=options.texture or options.dir_tex,
        mesh=options.mesh,
        mesh_mm=options.mesh_mm,
        texel_mm=options.texel_mm,
        light=options.light,
        mask=read_mask(options.mask) if options.mask else None,
        dis2normal_coff=options.dis2normal_coff,
        wrinkles=_wrinkle_settings(options),
    )
    folder = output_folder(options.out)
    progress = _Meter()
    maps, normal, report = run_texture_job(job, progress)
    paths = [*write_maps(maps, normal, folder), write_report(report, folder)]
    progress.done()
    _say(report["warnings"], paths)


def _landmarks(options: argparse.Namespace) -> None:
    from .core.files import output_folder
    from .core.images import read_photo
    from .core.landmarks import find_landmarks, write_pts

    marks = find_landmarks(read_photo(options.photo))
    output_folder(options.out.parent)
    write_pts(options.out, marks.points)
    _say(marks.warnings, [options.out])


def _model(options: argparse.Namespace) -> None:
    from .core.models import describe, load_model

    sys.stdout.write(json.dumps(describe(load_model(options.model, uv=options.uv)), indent=2) + "\n")


def _wrinkle_settings(options: argparse.Namespace) -> WrinkleSettings:
    from .core.wrinkles import WrinkleSettings

    if not 0 <= options.dog_thres <= 255:
        raise WrinkleError(f"--dog_thres {options.dog_thres:g} is outside 0 to 255.", "60 is a good start.")
    return WrinkleSettings(dog_thres=options.dog_thres, mode=options.detector)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _direction(text: str) -> tuple[float, float, float]:
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not three numbers X,Y,Z") from None
    length = (x * x + y * y + z * z) ** 0.5
    if not 0 < length < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a direction")
    return x / length, y / length, z / length


def _targets(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in TARGETS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(TARGETS)}")
    return names


class _Meter:
    """Progress on a terminal, in place; silent elsewhere."""

    def __call__(self, fraction: float, text: str) -> bool:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{fraction:4.0%} {text}")
            sys.stderr.flush()
        return True

    def done(self) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")


def _say(warnings: Sequence[str], paths: Sequence[Path]) -> None:
    for warning in warnings:
        sys.stderr.write(f"Note: {warning}\n")
    for path in paths:
        sys.stdout.write(f"{path}\n")


def _fail(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2
