"""How the house is built, read from its syntax trees: what imports what, what is called what, and what tests what."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter

from helpers.command_line import ROOT

from msm_mlx.settings_file.load import load_values

PACKAGE, TESTS = ROOT / "msm_mlx", ROOT / "tests"
LONGEST = 500  # lines of a file
TYPE_NAME = re.compile(r"_?[A-Z]\w*[a-z]\w*")  # of a class or an alias; constants have no small letters


@cache
def modules() -> dict[str, ast.Module]:
    """The syntax trees of the product, by the path below the package."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in paths}


def imports(tree: ast.Module) -> Iterator[str]:
    """The modules of the product that are imported anywhere in `tree`, in functions too, without `msm_mlx.`.

    Of `from msm_mlx.a import b` both `a` and `a.b` are given: `b` can be a module.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("msm_mlx.") for name in names if name.startswith("msm_mlx."))


def first_cycle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_package_imports_itself_through_others() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for path, tree in modules().items():
        package = path.removesuffix(".py").partition("/")[0]
        graph[package] |= {name.partition(".")[0] for name in imports(tree)} - {package, "__version__"}

    assert first_cycle(graph) == []


def test_no_module_imports_itself_through_others() -> None:
    names = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in modules()}
    graph = {name: (names.keys() & set(imports(modules()[path]))) - {name} for name, path in names.items()}

    assert first_cycle(graph) == []


def type_names(tree: ast.Module) -> Iterator[str]:
    """The classes of a module and its aliases of types, without the underscore of private ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name.removeprefix("_")
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(name)]) if TYPE_NAME.fullmatch(name):
                yield name.removeprefix("_")


def test_no_two_types_have_one_name() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path, tree in modules().items():
        for name in type_names(tree):
            homes[name].append(path)

    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def test_every_module_has_its_tests() -> None:
    together = load_values(TESTS / "tested_together.yaml")
    elsewhere = {module for modules in together.values() for module in modules}
    own = {str(path.relative_to(TESTS)).replace("test_", "") for path in TESTS.rglob("test_*.py")}
    untested = {path for path in modules().keys() - own - elsewhere if not path.endswith("__init__.py")}

    assert untested == set(), "give it a test file, or say in tested_together.yaml where it is tested"
    assert [place for place in together if not (TESTS / place).exists()] == []


def patched_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The names that `monkeypatch.setattr`, `mock.patch` and `mock.patch.object` replace, each with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(attr="setattr" | "object"), [_, ast.Constant(str(name)), *_]):
                yield node.lineno, name
            case ast.Call(ast.Attribute(attr="setattr" | "patch"), [ast.Constant(str(path)), *_]):
                yield node.lineno, path.rpartition(".")[2]


def test_no_test_patches_what_is_private() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in sorted(TESTS.rglob("*.py"))}
    patched = [
        f"{path.relative_to(TESTS)}:{line}: {name}"
        for path, source in sources.items()
        if "setattr" in source or "mock.patch" in source
        for line, name in patched_names(ast.parse(source))
        if name.startswith("_")
    ]

    assert patched == [], "give it as a parameter, or watch what it does"


def test_no_file_is_too_long() -> None:
    lengths = {path: len((PACKAGE / path).read_text(encoding="utf-8").splitlines()) for path in modules()}

    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}
