"""Suites of evaluation items, as YAML files: those that are shipped, and those that a recipe brings along."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

from msm_mlx.models.folder import POCKET
from msm_mlx.settings_file.load import check_settings, load_tree
from msm_mlx.settings_file.tree import Tree
from msm_mlx.suites.duplicates import report_duplicates
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.kinds import KINDS
from msm_mlx.suites.pressed import PressedFile
from msm_mlx.suites.schema import SuiteFile
from msm_mlx.text.variables import fill_variables
from msm_mlx.text.wording import describe, did_you_mean

_FOLDER = Path(str(resources.files(__package__))) / "shipped"
POCKET_SUITES = tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))
"""The shipped suites in pocket's words."""
_REAL_FOLDER = _FOLDER / "real"
REAL_SUITES = tuple(sorted(path.stem for path in _REAL_FOLDER.glob("*.yaml")))
"""Those that have a version for real models, in words beyond pocket's."""
SUITES = tuple(sorted({*POCKET_SUITES, *REAL_SUITES}))
"""The names of the shipped suites."""
FORMAT_CONTROLS = "format_controls"
"""The folder, beside shipped suites without a format control of their own, with those of some, by the suites' names."""


@dataclass(frozen=True)
class Names:
    """What `{model_name}` and `{provider_name}` stand for in a suite."""

    model: str
    provider: str


def shipped_suite(name: str, profile: str = POCKET) -> Path:
    """The file of a shipped suite that fits the profile: at any but pocket's the one for real models, if it has one.

    What takes a judge has no other: pocket is asked it as it is.
    """
    real = name in REAL_SUITES and (profile != POCKET or name not in POCKET_SUITES)
    return (_REAL_FOLDER if real else _FOLDER) / f"{name}.yaml"


def load_suite(suite: str, names: Names | None = None, profile: str = POCKET) -> Suite:
    """The shipped suite of this name that fits the profile, or the one in the file at this path.

    Raises:
        RecipeError: with one line for every problem, each as `file:line:column key: what is wrong`.
    """
    return _shipped(shipped_suite(suite, profile), names) if suite in SUITES else _load(Path(suite), names, profile)


@cache
def _shipped(path: Path, names: Names | None) -> Suite:
    profile = POCKET if path.parent == _FOLDER else ""
    suite, control = _load(path, names, profile), path.parent / FORMAT_CONTROLS / path.name
    controls = _load(control, names, profile).items if control.is_file() else ()
    items = (*suite.items, *(_as_control(item, number) for number, item in enumerate(controls, start=1)))
    return replace(suite, items=items, file=path.relative_to(_FOLDER).as_posix())


def _as_control(item: Item, number: int) -> Item:
    id = f"{item.suite}/format_control-{number}"
    return replace(item, id=id, domain=None, is_written=False, is_format_control=True)


def _load(path: Path, names: Names | None, profile: str) -> Suite:
    tree = load_tree(path)
    if names is not None:
        tree.value = _filled(tree.value, names, plain=True)
    if "at_rest" in tree.value:
        return _load_pressed(path, tree, names, profile)
    content = _validate(tree)
    if content is None or tree.problems:
        raise tree.error(path)
    items = tuple(item.pressed(content.system, content.prefill) for item in content.make_items(path.stem))
    return Suite(path.stem, content.kind, content.measures, items, path.name)


def _load_pressed(path: Path, tree: Tree, names: Names | None, profile: str) -> Suite:
    content = check_settings(tree, PressedFile)
    if content is None or tree.problems:
        raise tree.error(path)
    name = content.at_rest
    is_shipped = name in SUITES
    file = shipped_suite(name, profile) if is_shipped else path.parent / name
    if not file.is_file():
        nearest = did_you_mean(name, SUITES)
        tree.report(("at_rest",), f"neither a suite nor a file is called {describe(name)}{nearest}")
    elif "at_rest" in load_tree(file).value:
        tree.report(("at_rest",), f"{describe(name)} is under pressure itself; name the suite that it presses")
    if tree.problems:
        raise tree.error(path)
    suite = load_suite(name if is_shipped else str(file), names, profile)
    for loc, message in content.problems(suite):
        tree.report(loc, message)
    if tree.problems:
        raise tree.error(path)
    return replace(content.press(suite, path.stem), file=path.name)


def _filled(value: object, names: Names, *, plain: bool) -> object:
    """`value` with the names in all its texts; in a regular expression they stand for themselves."""
    match value:
        case str():
            model, provider = (name if plain else re.escape(name) for name in (names.model, names.provider))
            return fill_variables(value, model, provider)
        case list():
            return [_filled(entry, names, plain=plain) for entry in value]
        case dict():
            return {
                key: _filled(entry, names, plain=key not in ("pattern", "patterns")) for key, entry in value.items()
            }
    return value


def _validate(tree: Tree) -> SuiteFile | None:
    """The content of the tree; or None, with every problem noted in the tree."""
    assert isinstance(tree.value, dict)
    report_duplicates(tree)
    name = tree.value.get("kind", SuiteFile.model_fields["kind"].default)
    if "kind" not in tree.value and "items" in tree.value and "domains" not in tree.value:
        others = ", ".join(kind for kind in KINDS if kind != name)
        tree.report(("kind",), f"is missing; a suite with items is of one of these kinds: {others}")
        return None
    if not isinstance(name, str) or name not in KINDS:
        tree.report(("kind",), f"must be one of {', '.join(KINDS)}, not {describe(name)}{did_you_mean(name, KINDS)}")
        return None
    content = check_settings(tree, KINDS[name].file)
    if content is None:
        return None
    for loc, message in content.problems():
        tree.report(loc, message)
    return content
