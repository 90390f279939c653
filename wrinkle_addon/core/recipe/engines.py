# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that each engine gets, filled in for one face from ``templates/``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np

from ..encode import encode_exr
from .description import Recipe
from .shader import GLSL, GODOT, UNITY, UNREAL, body, number, textures, variable

_TEMPLATES = Path(__file__).parent / "templates"
_SLOT = re.compile(r"@(\w+)@")
_SHARP = "filter_linear_mipmap_anisotropic"


def engine_files(recipe: Recipe, engine: str) -> dict[str, str]:
    """File names and their text for one of ENGINES."""
    return ENGINES[engine](recipe)


def engine_images(recipe: Recipe, engine: str, images: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files of maps that an engine needs in another form. images: the maps as PNG files by name.

    Godot reads PNG with 8 bit only, in which faint wrinkles become steps, so it gets the normal maps as EXR.
    """
    if engine != "GODOT":
        return {}
    return {_exr(file): _as_exr(images[file]) for name, file in textures(recipe, False).items() if _is_normal(name)}


def _is_normal(name: str) -> bool:
    return name.startswith("normal_map")


def _exr(file: str) -> str:
    return Path(file).with_suffix(".exr").name


def _as_exr(png: bytes) -> bytes:
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)[..., 2::-1]
    top = 65535 if pixels.dtype == np.uint16 else 255
    return encode_exr(np.asarray(pixels / np.float32(top), np.float16))


def _filled(template: str, values: Mapping[str, str]) -> str:
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    return _SLOT.sub(lambda slot: values[slot[1]], text)


def _reference(recipe: Recipe) -> dict[str, str]:
    maps = "\n".join(f"uniform sampler2D {name};  // {file}" for name, file in textures(recipe).items())
    weights = "\n".join(f"uniform float {variable(name)};" for name in recipe.weights)
    values = _common(recipe) | {"MAPS": maps, "WEIGHTS": weights, "BODY": body(recipe, GLSL)}
    return {"wrinkle.frag": _filled("wrinkle.frag", values), "wrinkle.py": _filled("wrinkle.py", {})}


def _godot(recipe: Recipe) -> dict[str, str]:
    files = textures(recipe, heights=False)
    maps = {name: _exr(file) if _is_normal(name) else file for name, file in files.items()}
    hints = {"motion_map": "filter_linear"}
    uniforms = [f"uniform sampler2D {n} : {hints.get(n, _SHARP)}, repeat_disable;" for n in maps]
    weights = [f"uniform float {variable(name)} : hint_range(0.0, 1.0) = 0.0;" for name in recipe.weights]
    shader = _common(recipe) | {
        "MAPS": "\n".join(uniforms),
        "WEIGHTS": "\n".join(weights),
        "BODY": body(recipe, GODOT, "\t"),
        "ALBEDO": "\tALBEDO = texture(albedo_map, uv).rgb;" if recipe.texture else "",
    }
    if recipe.texture:
        shader["MAPS"] = f"uniform sampler2D albedo_map : source_color, {_SHARP}, repeat_disable;\n" + shader["MAPS"]
        maps = {"albedo_map": recipe.texture} | maps
    resources = [f'[ext_resource type="Texture2D" path="{file}" id="{name}"]' for name, file in maps.items()]
    bound = [f'shader_parameter/{name} = ExtResource("{name}")' for name in maps]
    material = {"RESOURCES": "\n".join(resources), "BOUND": "\n".join(bound), "STEPS": str(len(maps) + 2)}
    written = {
        "wrinkle.gdshader": _filled("wrinkle.gdshader", shader),
        "wrinkle_skin.tres": _filled("wrinkle_skin.tres", material),
        "wrinkle.gd": _filled("wrinkle.gd", {}),
    }
    # Without these Godot would compress the data for the graphics card as soon as it is used in 3D.
    for name, file in maps.items():
        mips = {"MIPMAPS": "false" if name == "motion_map" else "true"}
        written[f"{file}.import"] = _filled("texture.import", mips)
    return written


def _unity(recipe: Recipe) -> dict[str, str]:
    parameters = "".join(f"UnityTexture2D {name}, " for name in textures(recipe))
    places = [f"_WrinkleWeights[{n // 4}].{'xyzw'[n % 4]}" for n in range(len(recipe.weights))]
    weights = [f"    float {variable(name)} = {place};" for name, place in zip(recipe.weights, places, strict=True)]
    values = _common(recipe) | {
        "COUNT": str(-(-len(recipe.weights) // 4)),
        "INPUTS": ", ".join(textures(recipe)),
        "PARAMETERS": parameters,
        "ARGUMENTS": "".join(f"{name}, " for name in textures(recipe)),
        "WEIGHTS": "\n".join(weights),
        "BODY": body(recipe, UNITY),
    }
    return {"Wrinkle.hlsl": _filled("Wrinkle.hlsl", values), "WrinkleFace.cs": _filled("WrinkleFace.cs", {})}


def _unreal(recipe: Recipe) -> dict[str, str]:
    values = _common(recipe) | {
        "TEXTURE": repr(recipe.texture),
        "ROUGHNESS": number(recipe.roughness),
        "MAPS": repr(textures(recipe)),
        "WEIGHTS": repr({variable(name): name for name in recipe.weights}),
        "BODY": body(recipe, UNREAL),
    }
    return {"wrinkle_unreal.py": _filled("wrinkle_unreal.py.in", values)}


def _common(recipe: Recipe) -> dict[str, str]:
    return {
        "NAME": re.sub(r"\W", "_", recipe.name, flags=re.ASCII),
        "STRENGTH": number(recipe.strength),
        "PERMANENT": number(recipe.permanent),
        "ROUGHNESS": number(recipe.roughness),
    }


ENGINES: dict[str, Callable[[Recipe], dict[str, str]]] = {
    "REFERENCE": _reference,
    "GODOT": _godot,
    "UNITY": _unity,
    "UNREAL": _unreal,
}
"""What makes the files of each engine. REFERENCE is GLSL and NumPy, for every other program."""
