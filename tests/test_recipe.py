# SPDX-License-Identifier: GPL-3.0-or-later
"""What an exported face computes elsewhere, against core: the reader in plain NumPy and every engine's shader.

The shaders run headless. GLSL runs as it is; the others are made of the same statements, and what GLSL calls otherwise
gets its name by defines.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import struct
import subprocess
import sys
import types
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from test_blender_shading import EXPRESSIONS, REST, SIZE, STRENGTH, layered, weight_vectors

from wrinkle_addon.core import recipe as recipes
from wrinkle_addon.core.activation import Response, composed_normals, layer_activation
from wrinkle_addon.core.atlas import pack_tiles, places
from wrinkle_addon.core.files import read_png, write_exr, write_json, write_png
from wrinkle_addon.core.recipe import shader
from wrinkle_addon.core.types import MotionMaps, Reconstruction

CURVE = Response(strength=1.5, onset=0.2, power=2.0)
"""What the first expression answers with."""
REGION = Response(strength=1.25, onset=0.1, power=1.5)


MASK = np.tile(np.linspace(0, 1, SIZE), (SIZE, 1))
"""Hides the wrinkles on one side."""


@dataclass(frozen=True)
class Exported:
    """A recipe whose files lie in a folder, and what it was made of."""

    folder: Path
    recipe: recipes.Recipe
    result: Reconstruction

    def normals(self, weights: dict[str, float]) -> np.ndarray:
        """(S, S, 3): what core composes."""
        answered = {**weights, EXPRESSIONS[0]: float(CURVE(weights[EXPRESSIONS[0]]))}
        awake = []
        for number, layer in enumerate(self.result.layers):
            own = [self.result.motion.names.index(name) for name in layer.expressions]
            motion = MotionMaps(layer.expressions, self.result.motion.maps[own])
            direct = weights.get("photo", 0.0) if number == 0 else 0.0
            region = REGION if self.recipe.response else Response()
            awake.append(layer_activation(motion, answered, SIZE, direct=direct, rest=REST, region=region))
        normals = composed_normals(self.result.layers, awake, self.result.permanent, STRENGTH)
        if self.recipe.mask is None:
            return normals
        slope = normals[..., :2] / normals[..., 2:] * MASK[..., None]
        masked = np.dstack([slope, np.ones((SIZE, SIZE))])
        return masked / np.linalg.norm(masked, axis=2, keepdims=True)


@pytest.fixture(params=["regions, OpenGL", "DirectX"])
def exported(request: pytest.FixtureRequest, tmp_path: Path) -> Exported:
    """Two layers, permanent lines, a response of one expression, and in one case a response of the regions."""
    directx, result = request.param == "DirectX", layered()
    pixels, tiles = pack_tiles(result.motion)
    write_png(tmp_path / "motion.png", pixels)
    write_png(tmp_path / "mask.png", np.rint(MASK * 255).astype(np.uint8))
    names = []
    for suffix, layer in (("", result.layers[0]), ("_2", result.layers[1]), ("_permanent", result.permanent)):
        maps = recipes.Maps(f"normal{suffix}.png", f"displacement{suffix}.exr")
        normal = layer.normal.copy()
        if directx:
            normal[..., 1] = 65535 - normal[..., 1]
        write_png(tmp_path / maps.normal, normal)
        write_exr(tmp_path / maps.displacement, layer.displacement)
        names.append(maps)
    owner = {name: number for number, layer in enumerate(result.layers) for name in layer.expressions}
    expressions = {
        name: recipes.Expression(owner[name], place["channel"], tuple(place["scale"]), tuple(place["offset"]))
        for name, place in places(tiles).items()
    }
    expressions[EXPRESSIONS[0]] = replace(expressions[EXPRESSIONS[0]], response=CURVE)
    response = None if directx else recipes.ResponseMap("response.png")
    if response is not None:
        channels = REGION.strength / response.strength, REGION.onset, REGION.power / response.power
        write_png(tmp_path / "response.png", np.tile(np.rint(np.array(channels) * 65535).astype(np.uint16), (8, 8, 1)))
    made = recipes.Recipe(
        name="Ann",
        motion="motion.png",
        layers=tuple(names[:2]),
        expressions=expressions,
        permanent_lines=names[2],
        whole={"photo": Response()},
        response=response,
        mask="mask.png" if directx else None,
        strength=STRENGTH,
        permanent=REST,
        directx=directx,
    )
    write_json(tmp_path / "wrinkle.json", made.as_json())
    for engine in recipes.ENGINES:
        for name, text in recipes.engine_files(made, engine).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        stored = {path.name: path.read_bytes() for path in tmp_path.glob("*.png")}
        for name, data in recipes.engine_images(made, engine, stored).items():
            (tmp_path / name).write_bytes(data)
    return Exported(tmp_path, made, result)


def posed() -> list[dict[str, float]]:
    return [{**weights, "photo": 0.3 if number % 2 else 0.0} for number, weights in enumerate(weight_vectors())]


def reader(folder: Path) -> ModuleType:
    """The exported reader as a module."""
    spec = importlib.util.spec_from_file_location("exported_wrinkle", folder / "wrinkle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reader_in_plain_numpy_recomputes_the_normals(exported: Exported) -> None:
    face = reader(exported.folder).Face(exported.folder)
    worst = max(np.abs(face.normals(weights) - exported.normals(weights)).max() for weights in posed())
    assert worst < 1 / 255
    assert np.ptp(face.normals(posed()[0])) > 0.3


def test_the_reader_needs_numpy_and_nothing_else(exported: Exported, tmp_path: Path) -> None:
    script = f"""if True:
        import runpy, sys
        sys.argv = ["wrinkle.py", "browInnerUp=1"]
        runpy.run_path({str(exported.folder / "wrinkle.py")!r}, run_name="__main__")
        foreign = {{"cv2", "bpy", "wrinkle_native", "wrinkle_addon", "PIL"}} & set(sys.modules)
        assert not foreign, foreign
    """
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)
    assert np.load(exported.folder / "wrinkle_normals.npy").shape == (SIZE, SIZE, 3)


def test_the_reader_reads_every_png_filter(tmp_path: Path, exported: Exported) -> None:
    """Another program may have written the maps anew."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    rows = pixels.reshape(5, -1).astype(int)
    above = np.vstack([np.zeros_like(rows[:1]), rows[:-1]])
    left, corner = (np.hstack([np.zeros((5, 3), int), lines[:, :-3]]) for lines in (rows, above))
    guess = left + above - corner
    away = np.abs(guess - np.stack([left, above, corner]))
    paeth = np.choose(away.argmin(axis=0), [left, above, corner])
    predicted = [np.zeros_like(rows), left, above, (left + above) // 2, paeth]
    lines = [bytes([kind, *((rows[kind] - predicted[kind][kind]) % 256)]) for kind in range(5)]
    header = struct.pack(">IIBBBBB", 7, 5, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b"")]
    data = b"".join(struct.pack(">I", len(part)) + kind + part + bytes(4) for kind, part in chunks)
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    read = reader(exported.folder).read_png(tmp_path / "x.png")
    assert np.array_equal(np.rint(read * 255), pixels)


def test_a_description_of_another_version_is_refused(exported: Exported) -> None:
    description = json.loads((exported.folder / "wrinkle.json").read_text("utf-8"))
    write_json(exported.folder / "wrinkle.json", description | {"version": 1})
    with pytest.raises(ValueError, match="version 2"):
        reader(exported.folder).Face(exported.folder)


HLSL = """#version 330 core
#define float2 vec2
#define float3 vec3
#define float4 vec4
#define UnityTexture2D sampler2D
#define WRINKLE_SAMPLE(map, uv) texture(map, uv)
#define Texture2DSample(map, state, uv) texture(map, uv)
"""
OUTPUTS = """
in vec2 wrinkle_uv;
layout(location = 0) out vec4 normal_colour;
layout(location = 1) out vec4 height_metres;
"""


def reference(exported: Exported) -> str:
    return (exported.folder / "wrinkle.frag").read_text("utf-8")


def godot(exported: Exported) -> str:
    """The shader with Godot's hints taken off."""
    text = (exported.folder / "wrinkle.gdshader").read_text("utf-8")
    text = re.sub(r"^(shader_type|group_uniforms).*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^(uniform \w+ \w+) : [^=;]*(.*)$", r"\1 \2", text, flags=re.MULTILINE)
    built_in = "vec2 UV; float ROUGHNESS; vec3 NORMAL_MAP;"
    main = (
        "void main() { UV = wrinkle_uv; fragment(); normal_colour = vec4(NORMAL_MAP, 1.0); height_metres = vec4(0.0); }"
    )
    return f"#version 330 core\n{OUTPUTS}{built_in}\n{text}\n{main}"


def unity(exported: Exported) -> str:
    text = (exported.folder / "Wrinkle.hlsl").read_text("utf-8")
    text = text.replace("float4 _WrinkleWeights", "uniform float4 _WrinkleWeights")
    maps = list(shader.textures(exported.recipe))
    uniforms = "".join(f"uniform sampler2D {name};\n" for name in maps) + "uniform float strength, permanent;\n"
    call = f"Wrinkle_float(wrinkle_uv, {', '.join(maps)}, strength, permanent, tangent, height);"
    main = f"void main() {{ float3 tangent; float height; {call} {WRITE} }}"
    return f"{HLSL}{OUTPUTS}{uniforms}{text}\n{main}"


def unreal(exported: Exported) -> str:
    """The code of the Custom node as the function that Unreal makes of it."""
    code = recorded(exported).code
    maps = list(shader.textures(exported.recipe))
    weights = [shader.variable(name) for name in exported.recipe.weights]
    uniforms = "".join(f"uniform sampler2D {name};\n" for name in maps)
    uniforms += "".join(f"uniform float {name};\n" for name in ["strength", "permanent", *weights])
    main = f"void main() {{ float height; float3 tangent = node(wrinkle_uv, height); {WRITE} }}"
    return f"{HLSL}{OUTPUTS}{uniforms}float3 node(float2 uv, out float Height) {{\n{code}\n}}\n{main}"


WRITE = "normal_colour = vec4(tangent * 0.5 + 0.5, 1.0); height_metres = vec4(height);"
CASES: dict[str, tuple[Callable[[Exported], str], shader.Dialect]] = {
    "GLSL": (reference, recipes.GLSL),
    "Godot": (godot, recipes.GODOT),
    "Unity": (unity, recipes.UNITY),
    "Unreal": (unreal, recipes.UNREAL),
}


@pytest.mark.parametrize("engine", CASES)
def test_the_shader_of_each_engine_yields_the_normals(exported: Exported, engine: str) -> None:
    source, dialect = CASES[engine]
    canvas = Canvas(exported, source(exported), dialect)
    if engine == "Godot":
        bound = dict(
            re.findall(r'path="([^"]+)" id="(\w+_map\w*)"', (exported.folder / "wrinkle_skin.tres").read_text())
        )
        canvas.bind({name: file for file, name in bound.items()})
    else:
        canvas.bind(shader.textures(exported.recipe, dialect.heights))
    for weights in posed():
        normals, heights = canvas.draw(weights)
        assert np.abs(normals - exported.normals(weights)).max() < 1 / 255
        if dialect.heights:
            expected = height_of(exported, weights) * dialect.metre
            assert np.abs(heights - expected).max() < np.abs(expected).max() / 255


def height_of(exported: Exported, weights: dict[str, float]) -> np.ndarray:
    """(S, S) metres, by the exported reader's activations."""
    face, result = reader(exported.folder).Face(exported.folder), exported.result
    awake = sum(face.activation(weights, n) * layer.displacement for n, layer in enumerate(result.layers))
    depth = 0.001 * STRENGTH * (1 if exported.recipe.mask is None else MASK)
    return depth * (awake + result.permanent.displacement)


class Canvas:
    """A shader on a sheet whose pixels are texels."""

    def __init__(self, exported: Exported, source: str, dialect: shader.Dialect) -> None:
        moderngl = pytest.importorskip("moderngl")
        try:
            self.context = moderngl.create_standalone_context(**({"backend": "egl"} if sys.platform == "linux" else {}))
        except Exception as error:  # no driver, whatever moderngl makes of that
            pytest.skip(f"no OpenGL without a window here: {error}")
        self.dialect, self.exported = dialect, exported
        vertex = (
            "#version 330 core\nout vec2 wrinkle_uv; void main() { vec2 at = vec2(gl_VertexID & 1, gl_VertexID >> 1); "
        )
        vertex += f"wrinkle_uv = {'vec2(at.x, 1.0 - at.y)' if dialect.v_down else 'at'}; "
        vertex += "gl_Position = vec4(at * 2.0 - 1.0, 0.0, 1.0); }"
        self.program = self.context.program(vertex_shader=vertex, fragment_shader=source)
        self.array = self.context.vertex_array(self.program, [])
        self.targets = [self.context.texture((SIZE, SIZE), 4, dtype="f4") for _ in range(2)]
        self.frame = self.context.framebuffer(self.targets)

    def bind(self, maps: dict[str, str]) -> None:
        for unit, (name, file) in enumerate(maps.items()):
            self._bind(unit, name, self.exported.folder / file)

    def _bind(self, unit: int, name: str, path: Path) -> None:
        pixels = read_png(path)
        if pixels.dtype != np.float32:
            pixels = pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
        stored = np.ascontiguousarray(pixels if self.dialect.v_down else pixels[::-1])
        shape = stored.shape[1::-1], 1 if stored.ndim == 2 else stored.shape[2]
        texture = self.context.texture(*shape, stored.tobytes(), dtype="f4")
        texture.repeat_x = texture.repeat_y = False
        texture.use(unit)
        self.program[name].value = unit

    def draw(self, weights: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """Normals (S, S, 3), green up, and heights (S, S); row 0 on top."""
        recipe = self.exported.recipe
        if "_WrinkleWeights" in self.program:
            flat = [weights.get(name, 0.0) for name in recipe.weights] + [0.0] * (-len(recipe.weights) % 4)
            self.program["_WrinkleWeights"].value = [tuple(flat[n : n + 4]) for n in range(0, len(flat), 4)]
        else:
            for name in recipe.weights:
                self.program[shader.variable(name)].value = weights.get(name, 0.0)
        self.program["strength"].value, self.program["permanent"].value = recipe.strength, recipe.permanent
        self.frame.use()
        self.array.render(5, vertices=4)  # GL_TRIANGLE_STRIP
        colour, height = (np.frombuffer(t.read(), np.float32).reshape(SIZE, SIZE, 4)[::-1] for t in self.targets)
        normals = colour[..., :3] * 2 - 1
        return normals * (1, -1 if self.dialect.green_down else 1, 1), height[..., 0]


class Recorder(types.SimpleNamespace):
    """Stands in for a node, an asset or a struct of Unreal: remembers its properties."""

    def set_editor_property(self, name: str, value: Any) -> None:
        setattr(self, name, value)


def recorded(exported: Exported) -> Recorder:
    """Run the editor script against a stand-in for Unreal; returns the Custom node with its links."""
    nodes: list[Recorder] = []

    def node(_: Any, kind: str, x: int, y: int) -> Recorder:
        nodes.append(Recorder(kind=kind, links={}))
        return nodes[-1]

    def link(source: Recorder, output: str, target: Recorder, pin: str) -> bool:
        target.links[pin] = (source, output)
        return True

    class Names:
        def __getattr__(self, name: str) -> str:
            return name

    edit = types.SimpleNamespace(
        create_material_expression_in_function=node,
        create_material_expression=node,
        connect_material_expressions=link,
        connect_material_property=lambda *_: True,
        update_material_function=lambda _: None,
        recompile_material=lambda _: None,
    )
    tools = types.SimpleNamespace(
        import_asset_tasks=lambda tasks: [(task, Path(task.filename).read_bytes()) for task in tasks],
        create_asset=lambda name, *_: Recorder(name=name),
    )

    class Unreal(ModuleType):
        MaterialEditingLibrary = edit
        AssetToolsHelpers = types.SimpleNamespace(get_asset_tools=lambda: tools)
        EditorAssetLibrary = types.SimpleNamespace(does_asset_exist=lambda _: False, save_loaded_asset=lambda _: True)
        CustomInput = CustomOutput = AssetImportTask = Recorder
        load_asset = staticmethod(lambda path: Recorder(path=path))

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            plain = not name[0].isupper() or name.startswith("MaterialExpression") or name == "Material"
            return name if plain else Names() if not name.endswith("New") else lambda: name

    sys.modules["unreal"] = Unreal("unreal")
    try:
        script = exported.folder / "wrinkle_unreal.py"
        exec(compile(script.read_text("utf-8"), str(script), "exec"), {"__file__": str(script)})
    finally:
        del sys.modules["unreal"]
    return next(found for found in nodes if found.kind == "MaterialExpressionCustom")


def test_the_editor_script_for_unreal_links_every_map_and_weight(exported: Exported) -> None:
    custom = recorded(exported)
    pins = [entry.input_name for entry in custom.inputs]
    assert set(pins) == set(custom.links)
    assert set(shader.textures(exported.recipe)) < set(pins)
    driven = {custom.links[shader.variable(name)][0].parameter_name for name in exported.recipe.weights}
    assert driven == set(exported.recipe.weights)


def test_shader_compilers_take_the_hlsl(exported: Exported, tmp_path: Path) -> None:
    """Where glslangValidator is installed, which also reads HLSL."""
    compiler = shutil.which("glslangValidator")
    if compiler is None:
        pytest.skip("glslangValidator is not installed")
    stub = "#define TEXTURE2D(n) Texture2D n\nstruct UnityTexture2D { Texture2D tex; SamplerState samplerstate; };\n"
    stub += "#define SAMPLE_TEXTURE2D(map, state, uv) map.Sample(state, uv)\n"
    maps = list(shader.textures(exported.recipe))
    declared = "".join(f"Texture2D {n}_t; SamplerState {n}_s;\n" for n in maps)
    built = "".join(f"UnityTexture2D {n}; {n}.tex = {n}_t; {n}.samplerstate = {n}_s;\n" for n in maps)
    main = f"float4 main(float2 uv : TEXCOORD0) : SV_Target {{ {built} float3 t; float h; "
    main += f"Wrinkle_float(uv, {', '.join(maps)}, 1.0, 0.2, t, h); return float4(t, h); }}"
    text = stub + (exported.folder / "Wrinkle.hlsl").read_text("utf-8") + declared + main
    weights = [shader.variable(name) for name in exported.recipe.weights]
    inputs = "".join(f", Texture2D {n}, SamplerState {n}Sampler" for n in maps)
    inputs += "".join(f", float {n}" for n in ["strength", "permanent", *weights])
    node = "#define Texture2DSample(map, state, uv) map.Sample(state, uv)\n" + declared
    node += f"float3 node(float2 uv{inputs}, out float Height) {{\n{recorded(exported).code}\n}}\n"
    given = "".join(f", {n}_t, {n}_s" for n in maps) + ", 0.5" * (2 + len(weights))
    node += f"float4 main(float2 uv : TEXCOORD0) : SV_Target {{ float h; return float4(node(uv{given}, h), h); }}"
    for name, source in (("unity", text), ("unreal", node)):
        path = tmp_path / f"{name}.frag"
        path.write_text(source, encoding="utf-8")
        command = [compiler, "-D", "-V", "-e", "main", "-S", "frag", str(path), "-o", str(tmp_path / "x.spv")]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_names_become_variables_that_shaders_accept() -> None:
    assert shader.variable("browInnerUp") == "browInnerUp"
    assert shader.variable("brow up.001") == "brow_up_001"
    assert shader.variable("1st") == "_1st"
    assert shader.variable("height") == "height_weight"
    assert shader.number(2) == "2.0"
    assert float(shader.number(1e-8)) == 1e-8
