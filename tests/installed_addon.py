# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the zip into a Blender with empty user folders and uses it; prints what it found as JSON on its last line.

Run by test_installed_zip.py in a Python of its own: `python -I -S installed_addon.py PACKAGES ZIP PHOTO|-`. PACKAGES
is a folder with bpy and what bpy needs and nothing else, so that OpenCV, eos, h5py and the native module can come out
of the zip only.
"""

import json
import sys
import time

packages, archive, photo = sys.argv[1:]
sys.path.insert(0, packages)

import bpy  # noqa: E402

MODULE = "bl_ext.user_default.wrinkle_addon"


def operators() -> list[str]:
    """Names of the add-on's operators that are registered now."""
    return sorted(name for name in dir(bpy.types) if name.startswith("WRINKLE_OT_"))


def use(path: str) -> dict[str, object]:
    """Adds the photo and presses the one button; what lies in the file afterwards."""
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wrinkle.add_photos(filepath=path)
    outcome = bpy.ops.wrinkle.reconstruct()
    faces = [obj for obj in bpy.data.objects if obj.type == "MESH" and obj.data.shape_keys]
    return {
        "outcome": sorted(outcome),
        "faces": len(faces),
        "shape_keys": len(faces[0].data.shape_keys.key_blocks) if faces else 0,
        "vertices": len(faces[0].data.vertices) if faces else 0,
        "images": sorted(image.name for image in bpy.data.images if image.packed_file),
        "drivers": sum(len(tree.animation_data.drivers) for tree in driven_trees()),
    }


def driven_trees() -> list[bpy.types.NodeTree]:
    """Node trees with drivers: groups, and those of materials."""
    trees = [*bpy.data.node_groups, *(material.node_tree for material in bpy.data.materials if material.node_tree)]
    return [tree for tree in trees if tree.animation_data]


bpy.ops.wm.read_factory_settings(use_empty=True)
report: dict[str, object] = {"blender": bpy.app.version_string, "before": operators()}
report["installed"] = sorted(
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
)
report["enabled"] = MODULE in bpy.context.preferences.addons
report["operators"] = operators()
report["origins"] = {}
for name in ("cv2", "eos", "h5py", "wrinkle_native", "numpy"):
    report["origins"][name] = __import__(name).__file__
started = time.perf_counter()
if photo != "-":
    report["use"] = use(photo)
report["seconds"] = time.perf_counter() - started
bpy.ops.preferences.addon_disable(module=MODULE)
report["after"] = operators()
bpy.ops.preferences.addon_enable(module=MODULE)
report["again"] = operators()
bpy.ops.extensions.package_uninstall(repo_index=1, pkg_id="wrinkle_addon")
report["left"] = MODULE in bpy.context.preferences.addons
sys.stdout.write(f"\n{json.dumps(report)}\n")
