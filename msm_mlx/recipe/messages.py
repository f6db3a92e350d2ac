"""A recipe against its schema, and what a person is told where it does not fit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from msm_mlx.recipe.schema import Profile, ProfileName, RecipeFile
from msm_mlx.settings_file.problems import explain
from msm_mlx.settings_file.tree import Loc, Tree
from msm_mlx.text.wording import closest, did_you_mean, shown


def validate(tree: Tree, folder: Path, suites: Iterable[str] | None) -> RecipeFile | None:
    """The recipe in `tree`; or None, with every problem that the schema or the disk has noted in the tree."""
    _report_repeats(tree)
    try:
        return RecipeFile.model_validate(
            tree.value, context={"folder": folder, "suites": suites, "stages": _declared(tree)}
        )
    except ValidationError as error:
        errors = error.errors(include_url=False)
        unknown, meant = _report_unknown_keys(tree, errors)
        for details in errors:
            loc = details["loc"]
            explained = details["type"] == "missing" and loc in meant
            if not explained and not any(loc[:depth] in unknown for depth in range(len(loc) + 1)):
                _report(tree, details)
        return None


def _declared(tree: Tree) -> list[str]:
    """The names of the recipe's own training stages, which its arms may have."""
    stages = tree.value.get("stages") if isinstance(tree.value, dict) else None
    return list(map(str, stages)) if isinstance(stages, dict) else []


def _report_repeats(tree: Tree) -> None:
    """Beside the schema, because pydantic would look for repeats only in lists that are otherwise right."""
    for name in ("spec", "suites", "arms", "seeds"):
        entries = tree.value.get(name) if isinstance(tree.value, dict) else None
        seen = set()
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if not isinstance(entry, str | int) or isinstance(entry, bool):
                continue
            # Variants are named after the stem of their spec, records after that of their suite.
            is_path = name == "spec" or (name == "suites" and str(entry).endswith((".yaml", ".yml")))
            word = Path(str(entry)).stem if is_path else entry
            if word in seen:
                tree.report((name, index), f"{shown(word)} is there twice")
            seen.add(word)


def _report_unknown_keys(tree: Tree, errors: list[ErrorDetails]) -> tuple[set[Loc], set[Loc]]:
    """Report them. Returns where they are, and the keys that they were probably meant to be.

    A misspelt `rank` is also a missing `rank`; that is one mistake, not two.
    """
    unknown: set[Loc] = set()
    meant: set[Loc] = set()
    for details in errors:
        bad_name = details["loc"][-1] == "[key]"
        if bad_name or details["type"] == "extra_forbidden":
            loc = details["loc"][:-1] if bad_name else details["loc"]
            choices = _keys_at(loc, overridden=bool(tree.place(loc, key=True).option))
            tree.report(loc, f"unknown key{did_you_mean(loc[-1], choices)}", key=True)
            unknown.add(loc)
            meant.add((*loc[:-1], closest(loc[-1], choices) or loc[-1]))
    return unknown, meant


def _report(tree: Tree, details: ErrorDetails) -> None:
    loc, kind, value = details["loc"], details["type"], details["input"]
    if kind == "missing":
        tree.report(loc, "is missing")
    elif kind == "too_short" and value:
        pass  # pydantic counts the good entries only; the bad ones are reported
    else:
        tree.report(loc, explain(kind, details.get("ctx", {}), value, details["msg"]))


def _keys_at(loc: Loc, *, overridden: bool) -> Iterable[str]:
    """The keys that could stand where `loc` does. --set also takes the sections of the chosen profile."""
    match loc:
        case ("profiles", _):
            return get_args(ProfileName)
        case ("profiles", _, _):
            return Profile.model_fields
        case ("profiles", _, *within, _):
            return _keys_within(Profile, within)
    return [*RecipeFile.model_fields, *(Profile.model_fields if overridden else ())]


def _keys_within(section: Any, parts: Iterable[object]) -> list[str]:
    """The keys of the settings that these parts lead to, as a recipe writes them."""
    for part in parts:
        annotation = section.model_fields[part].annotation
        section = next((kind for kind in (annotation, *get_args(annotation)) if hasattr(kind, "model_fields")), Profile)
    return [field.alias or name for name, field in section.model_fields.items()]
