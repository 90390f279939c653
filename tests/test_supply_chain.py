# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shipped evaluates nothing, needs no network, and comes from pinned packages."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = sorted((ROOT / "wrinkle_addon").rglob("*.py"))
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "urllib", "http", "socket", "requests", "ftplib", "ctypes"}


def imported(tree: ast.AST) -> set[str]:
    """Top-level names of every module imported in ``tree``."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_evaluated_unpickled_or_fetched(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not imported(tree) & FORBIDDEN_MODULES
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not calls & FORBIDDEN_CALLS
    loads = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.load"]
    for call in loads:
        assert any(key.arg == "allow_pickle" and ast.unparse(key.value) == "False" for key in call.keywords)


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*-3.1?.txt")), ids=lambda path: path.name)
def test_every_package_is_pinned_by_hash(path: Path) -> None:
    text = path.read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "--"))]
    assert lines
    for line in lines:
        assert "==" in line, line
        assert "--hash=sha256:" in line, line


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs Linux's unshare")
def test_the_whole_path_runs_with_the_network_cut_off(tmp_path: Path) -> None:
    alone = ["unshare", "--map-root-user", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system does not let us make a network namespace")
    photo = ROOT / "wrinkle_addon/assets/demo_photo.jpg"
    run = [sys.executable, "-m", "wrinkle_addon", "reconstruct", str(photo), "--size", "256", "--no_blend"]
    done = subprocess.run(
        [*alone, *run, "--out", str(tmp_path / "out")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.json").exists()
