"""The names of a run folder stand in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import msm_mlx
from msm_mlx.engine import adapter_files
from msm_mlx.runs import layout

PACKAGE = Path(msm_mlx.__file__).parent
NAMES = {
    Path(name).name
    for value in (*vars(layout).values(), *vars(adapter_files).values())
    for name in (value if isinstance(value, tuple) else (value,))
    if isinstance(name, str) and Path(name).suffix in {".yaml", ".json", ".jsonl", ".safetensors", ".html", ".md"}
}
ELSEWHERE = MappingProxyType(
    {
        "runs/layout.py": "the place",
        "engine/adapter_files.py": "an adapter's files have mlx-lm's names, wherever they are",
        "recipe/scaffold.py": "`init` writes a recipe, and no run",
    }
)


def test_the_names_are_known() -> None:
    assert {"recipe.yaml", "run.json", "documents.jsonl", "adapters.safetensors", "results.json"} <= NAMES


def test_no_other_module_spells_them_out() -> None:
    spelt = {
        path.relative_to(PACKAGE).as_posix(): found
        for path in sorted(PACKAGE.rglob("*.py"))
        if (found := {text for text in literals(path) if text.rpartition("/")[2] in NAMES})
    }
    assert {path: found for path, found in spelt.items() if path not in ELSEWHERE} == {}
    assert set(spelt) == set(ELSEWHERE), "an exception is not needed any more"


def literals(path: Path) -> Iterator[str]:
    """The strings of a module that has some of the names, docstrings apart, with the parts of its f-strings."""
    source = path.read_text(encoding="utf-8")
    if not any(name in source for name in NAMES):
        return  # parsing takes long
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value
