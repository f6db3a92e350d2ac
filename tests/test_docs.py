"""The documentation names only packages, modules and definitions that exist, and all packages in their order."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from helpers.command_line import ROOT

PACKAGE = ROOT / "msm_mlx"
PAGES = sorted((ROOT / "docs").glob("*.md"))
CODE = re.compile(r"`([^`\n]+)`")
MODULE_OR_FOLDER = re.compile(r"[\w./]+(?:\.py|/)")
DEFINITION = re.compile(
    r"(?P<function>[a-z_]+)\(\)|(?P<class>(?:[A-Z][a-z]+){2,}|Item|Stage)|(?P<constant>[A-Z][A-Z_]{3,})"
)
OUTSIDE = {"msm_mlx/", "runs/", "drafts/", "train.py", "tests/test_docs.py"}  # not below either; made by commands


def code_in(page: str) -> list[str]:
    """Everything between backquotes, without code blocks."""
    return CODE.findall(re.sub(r"^( {4}.*|```.*?```)$", "", page, flags=re.MULTILINE | re.DOTALL))


@cache
def definitions() -> frozenset[str]:
    """All functions, classes and constants of the product."""
    names = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
    return frozenset(names)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_named_modules_and_folders_exist(page: Path) -> None:
    named = {code for code in code_in(page.read_text(encoding="utf-8")) if MODULE_OR_FOLDER.fullmatch(code)}
    missing = {path for path in named - OUTSIDE if not (PACKAGE / path).exists() and not (ROOT / path).exists()}
    assert missing == set()


def test_named_definitions_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    matches = [match for code in code_in(text) if (match := DEFINITION.fullmatch(code))]
    names = {match["function"] or match[0] for match in matches}
    assert names - definitions() == set()


def test_all_packages_are_described_in_their_order() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    described = [
        name.removesuffix("/").removesuffix(".py")
        for heading in re.findall(r"^### (.*)$", text, re.MULTILINE)
        for name in CODE.findall(heading)
    ]
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ][0]
    layers = [name for layer in contract["layers"] for name in re.split(r"\s*\|\s*", layer)]
    assert described == layers
