"""What is wrong with a settings file, in words, from what pydantic says about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from msm_mlx.settings_file.tree import Loc, Tree
from msm_mlx.text.wording import did_you_mean, shown


def report_errors(tree: Tree, error: ValidationError, keys_at: Callable[[Loc], Iterable[str]]) -> None:
    """Note every error of a schema in the tree. `keys_at` gives the keys that could stand where an unknown one does."""
    for details in error.errors(include_url=False):
        loc, kind = details["loc"], details["type"]
        if kind == "extra_forbidden":
            tree.report(loc, f"unknown key{did_you_mean(loc[-1], keys_at(loc))}", key=True)
        elif kind == "missing":
            tree.report(loc, "is missing")
        else:
            tree.report(loc, explain(kind, details.get("ctx", {}), details["input"], details["msg"]))


_MUST_BE = {
    "int_type": "an integer",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "string_unicode": "valid text",
    "string_pattern_mismatch": "made of a-z, 0-9, _ and - only",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "greater_than": "greater than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt}",
    "literal_error": "{expected}",
}


def explain(kind: str, context: dict[str, Any], value: object, fallback: str) -> str:
    """What is wrong with `value`, in words, from what pydantic says about it."""
    if kind == "value_error":  # ours, already in words
        return str(context["error"])
    if kind in ("too_short", "string_too_short"):
        return "must not be empty"
    if kind == "too_long":
        return f"must have at most {context['max_length']} entries, not {context['actual_length'] or 'more'}"
    if kind not in _MUST_BE:
        return f"cannot be {shown(value)}: {fallback}"
    hint = ""
    if kind == "literal_error":
        hint = did_you_mean(value, context["expected"].replace(" or ", ", ").replace("'", "").split(", "))
    elif kind == "string_type" and isinstance(value, int | float):
        hint = " (put it in quotes)"
    return f"must be {_MUST_BE[kind].format(**context)}, not {shown(value)}{hint}"
