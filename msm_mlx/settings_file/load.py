"""Settings files against their schemas: everything that is wrong with a file, at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from msm_mlx.settings_file.parse import parse, read
from msm_mlx.settings_file.problems import report_errors
from msm_mlx.settings_file.tree import Tree
from msm_mlx.text.wording import describe

Schema = TypeVar("Schema", bound=BaseModel)


def load_tree(path: Path) -> Tree:
    """The content of a settings file.

    Raises:
        RecipeError: if it cannot be read, or is no mapping of keys to values.
    """
    tree = parse(read(path))
    if not isinstance(tree.value, dict):
        if not tree.problems:
            tree.report((), f"must be a mapping, not {describe(tree.value)}")
        raise tree.error(path)
    return tree


def load_values(path: Path) -> dict[str, Any]:
    """The plain values of a settings file that has no schema.

    Raises:
        RecipeError: with one line for every problem.
    """
    tree = load_tree(path)
    if tree.problems:
        raise tree.error(path)
    values: dict[str, Any] = tree.value
    return values


def load_settings(path: Path, schema: type[Schema]) -> Schema:
    """The content of a settings file, checked; relative paths in it are relative to its folder.

    Raises:
        RecipeError: with one line for every problem, each as `file:line:column key: what is wrong`.
    """
    tree = load_tree(path)
    settings = check_settings(tree, schema, {"folder": path.resolve().parent})
    if settings is None or tree.problems:
        raise tree.error(path)
    return settings


def check_settings(
    tree: Tree, schema: type[Schema], context: Mapping[str, Any] | None = None, more_keys: Iterable[str] = ()
) -> Schema | None:
    """The settings in the tree; or None, with every problem noted in the tree.

    Args:
        context: what the validators of the schema look things up in.
        more_keys: keys that a command line takes besides those of the schema.
    """
    try:
        return schema.model_validate(tree.value, context=context)
    except ValidationError as error:
        report_errors(tree, error.errors(include_url=False), schema, more_keys)
        return None
