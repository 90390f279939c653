# SPDX-License-Identifier: GPL-3.0-or-later
"""What is exported, and where to.

Annotations are evaluated here (no ``from __future__ import annotations``) because Blender reads them.
"""

import bpy
from bpy.props import EnumProperty, PointerProperty, StringProperty


class WRINKLE_PG_export(bpy.types.PropertyGroup):
    """Folder, formats and engines of the export."""

    folder: StringProperty(
        name="Folder",
        description="The folder for the files; // is the folder of the .blend file",
        default="//wrinkle_export",
        subtype="DIR_PATH",
    )
    formats: EnumProperty(
        name="Mesh",
        description="Files of the face itself, with its expressions as morph targets. Shift + click for several",
        items=[
            ("GLTF", "glTF", "Mesh, morph targets, base colour and normal map in one file, face.glb"),
            ("FBX", "FBX", "The same for Unreal, Unity, Maya and others, face.fbx"),
            ("USD", "USD", "The same for USD pipelines, face.usdz"),
        ],
        options={"ENUM_FLAG"},
        default={"GLTF"},
    )
    engines: EnumProperty(
        name="Shaders",
        description="Shaders that let the wrinkles follow the expressions there too. Shift + click for several",
        items=[
            ("UNREAL", "Unreal", "An editor script that builds the material"),
            ("UNITY", "Unity", "An include for Shader Graph (URP and HDRP) and a component that feeds the weights"),
            ("GODOT", "Godot", "A material with its shader and a script that feeds the weights"),
            ("REFERENCE", "Other", "A GLSL fragment shader and a reader in plain NumPy, for everything else"),
        ],
        options={"ENUM_FLAG"},
        default={"REFERENCE"},
    )
    convention: EnumProperty(
        name="Normals",
        description="Which way green points in the normal maps",
        items=[
            ("OPENGL", "OpenGL", "Green is up: Blender, Unity, Godot, Maya"),
            ("DIRECTX", "DirectX", "Green is down: Unreal, 3ds Max"),
        ],
    )


_register, _unregister = bpy.utils.register_classes_factory((WRINKLE_PG_export,))


def register() -> None:
    _register()
    bpy.types.Scene.wrinkle_export = PointerProperty(
        type=WRINKLE_PG_export, name="Wrinkle Export", description="What of faces is exported, and where to"
    )


def unregister() -> None:
    del bpy.types.Scene.wrinkle_export
    _unregister()
