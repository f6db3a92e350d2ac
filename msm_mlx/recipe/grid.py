"""A grid in a recipe: settings of the profile with the values to try."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError, create_model

from msm_mlx.recipe.overrides import Override
from msm_mlx.recipe.schema import Profile
from msm_mlx.settings_file.base import Settings
from msm_mlx.settings_file.problems import explain
from msm_mlx.settings_file.tree import Place, Problem, Tree
from msm_mlx.text.wording import describe, did_you_mean

GRID = "grid"
Value = bool | int | float | str
Grid = tuple[tuple[str, tuple[Value, ...]], ...]
"""Settings, as `section.name`, each with the values to try."""


def grid_settings() -> dict[str, type[Settings]]:
    """The settings that a grid may vary, `section.name`, with the section that each is in."""
    sections: dict[str, Any] = {name: field.annotation for name, field in Profile.model_fields.items()}
    return {
        f"{name}.{setting}": section
        for name, section in sections.items()
        for setting, field in section.model_fields.items()
        if not field.alias  # where documents come from is no setting of one experiment
    }


def as_overrides(settings: Mapping[str, Value]) -> list[str]:
    """The settings of a cell as `--set` takes them."""
    return [f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in settings.items()]


def cell_name(settings: Mapping[str, Value]) -> str:
    """What the folder of a cell is called."""
    return re.sub(r"[^\w.,=+-]", "_", ",".join(as_overrides(settings)))


def check_grid(tree: Tree) -> Grid:
    """The grid of the recipe in `tree`; what is wrong with its settings and values is noted in the tree.

    That it is a mapping to lists is for the schema to say.
    """
    grid = tree.value.get(GRID) if isinstance(tree.value, dict) else None
    settings = grid_settings()
    varied = []
    for key, values in grid.items() if isinstance(grid, dict) else ():
        if key not in settings:
            tree.report(
                (GRID, key), f"unknown setting{did_you_mean(key, settings)}; name it as documents.count", key=True
            )
        elif isinstance(values, list):
            varied.append((key, _check_values(tree, key, values, settings[key])))
    return tuple(varied)


def _check_values(tree: Tree, key: str, values: list[Any], section: type[Settings]) -> tuple[Value, ...]:
    name = key.partition(".")[2]
    field = section.model_fields[name]
    one = create_model("One", __base__=Settings, **{name: (field.annotation, field)})  # type: ignore[call-overload]
    valid: list[Value] = []
    for index, value in enumerate(values):
        loc = (GRID, key, index)
        if not isinstance(value, Value):
            tree.report(loc, f"must be a number, text, true or false, not {describe(value)}")
            continue
        try:
            setting = getattr(one.model_validate({name: value}), name)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                tree.report(loc, explain(details))
            continue
        if setting in valid:
            tree.report(loc, f"{describe(value)} is there twice; take one out")
        valid.append(setting)
    return tuple(valid)


def report_set_twice(tree: Tree, overrides: Sequence[Override], grid: Grid) -> None:
    """Note in the tree which overrides are of a setting that the grid varies."""
    for override in overrides:
        if (key := ".".join(map(str, override.key))) in dict(grid):
            problem = f"the grid sets {key}; use --set 'grid.{key}=[...]'"
            tree.problems.append(Problem(Place(option=override.option), (), problem))
