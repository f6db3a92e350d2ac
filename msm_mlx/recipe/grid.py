"""A grid in a recipe: settings of the profile with the values to try."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError, create_model

from msm_mlx.recipe.schema import Profile
from msm_mlx.settings_file.base import Settings
from msm_mlx.settings_file.problems import explain
from msm_mlx.settings_file.tree import Tree
from msm_mlx.text.wording import did_you_mean, shown

GRID = "grid"
Value = bool | int | float | str


def grid_settings() -> dict[str, type[Settings]]:
    """The settings that a grid may vary, `section.name`, with the section that each is in."""
    sections: dict[str, Any] = {name: field.annotation for name, field in Profile.model_fields.items()}
    return {
        f"{name}.{setting}": section
        for name, section in sections.items()
        for setting, field in section.model_fields.items()
        if not field.alias  # where documents come from is no setting of one experiment
    }


def said_settings(settings: Mapping[str, Value]) -> list[str]:
    """The settings of a cell as `--set` takes them."""
    return [f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in settings.items()]


def cell_name(settings: Mapping[str, Value]) -> str:
    """What the folder of a cell is called."""
    return re.sub(r"[^\w.,=+-]", "_", ",".join(said_settings(settings)))


def check_grid(tree: Tree) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    """The grid of the recipe in `tree`; what is wrong with its settings and values is noted in the tree.

    That it is a mapping to lists is for the schema to say.
    """
    grid = tree.value.get(GRID) if isinstance(tree.value, dict) else None
    known = grid_settings()
    checked = []
    for key, values in grid.items() if isinstance(grid, dict) else ():
        if key not in known:
            tree.report((GRID, key), f"unknown setting{did_you_mean(key, known)}; name it as documents.count", key=True)
        elif isinstance(values, list):
            checked.append((key, _values(tree, key, values, known[key])))
    return tuple(checked)


def _values(tree: Tree, key: str, values: list[Any], section: type[Settings]) -> tuple[Value, ...]:
    name = key.partition(".")[2]
    field = section.model_fields[name]
    one = create_model("One", __base__=Settings, **{name: (field.annotation, field)})  # type: ignore[call-overload]
    found: list[Value] = []
    for index, value in enumerate(values):
        loc = (GRID, key, index)
        try:
            if not isinstance(value, Value):
                tree.report(loc, f"must be a number, text, true or false, not {shown(value)}")
                continue
            valid = getattr(one.model_validate({name: value}), name)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                tree.report(loc, explain(details["type"], details.get("ctx", {}), value, details["msg"]))
            continue
        if valid in found:
            tree.report(loc, f"{shown(value)} is there twice")
        found.append(valid)
    return tuple(found)
