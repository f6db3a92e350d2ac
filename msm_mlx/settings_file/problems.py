"""What is wrong with settings, in words, from what pydantic says about them: the same words in every file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from msm_mlx.settings_file.tree import Loc, Tree
from msm_mlx.text.wording import closest, describe, did_you_mean


def report_errors(
    tree: Tree, errors: Sequence[ErrorDetails], schema: type[BaseModel], more_keys: Iterable[str] = ()
) -> None:
    """Note every error of `schema` in the tree. `more_keys` are those that a command line takes besides."""
    unknown, misspelt = _report_unknown_keys(tree, errors, schema, more_keys)
    for details in errors:
        loc, kind = _place(tree, details), details["type"]
        if any(loc[:depth] in unknown for depth in range(len(loc) + 1)) or (kind == "missing" and loc in misspelt):
            continue
        if kind == "too_short" and details["input"]:
            continue  # pydantic counts the good entries only; the bad ones have errors of their own
        if loc[-1:] == ("[key]",):
            tree.report(loc[:-1], explain(details), key=True)
        else:
            tree.report(loc, explain(details))


def _report_unknown_keys(
    tree: Tree, errors: Sequence[ErrorDetails], schema: type[BaseModel], more_keys: Iterable[str]
) -> tuple[set[Loc], set[Loc]]:
    """Report them. Returns where they are, and the keys that they were probably meant to be.

    A misspelt `rank` is also a missing `rank`; that is one mistake, not two.
    """
    unknown: set[Loc] = set()
    misspelt: set[Loc] = set()
    for details in errors:
        loc, typed = _place(tree, details), details["loc"]
        if loc[-1:] == ("[key]",) and details["type"] == "literal_error":
            loc, typed = loc[:-1], typed[:-1]
        elif details["type"] != "extra_forbidden":
            continue
        choices = _keys_at(schema, typed)
        if len(loc) == 1 and tree.place(loc, key=True).option:
            choices += more_keys
        tree.report(loc, f"unknown key{did_you_mean(loc[-1], choices)}", key=True)
        unknown.add(loc)
        misspelt.add((*loc[:-1], closest(loc[-1], choices) or loc[-1]))
    return unknown, misspelt


def _place(tree: Tree, details: ErrorDetails) -> Loc:
    """The place in the file: where a value may be of several types, pydantic names the one that was meant too."""
    parts: list[str | int] = []
    value, last = tree.value, len(details["loc"]) - 1
    for number, part in enumerate(details["loc"]):
        is_missing = number == last and details["type"] == "missing"
        if isinstance(part, int) or part == "[key]" or is_missing or (isinstance(value, dict) and part in value):
            parts.append(part)
            value = _inside(value, part)
    return tuple(parts)


def _inside(value: Any, part: str | int) -> Any:
    """What stands at a key or an index; None if nothing does."""
    if isinstance(value, dict):
        return value.get(part)
    return value[part] if isinstance(value, list) and isinstance(part, int) and part < len(value) else None


def _keys_at(schema: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that could stand where the last of `loc` does."""
    annotation: Any = schema
    for part in loc[:-1]:
        annotation = _type_within(annotation, part) or annotation  # of a union, pydantic names the branch too
    return _keys(annotation)


def _type_within(annotation: Any, part: str | int) -> Any:
    """The type of what stands at a key or index in values of this type; None if nothing does."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        return fields[part].annotation if part in fields else None
    if get_origin(annotation) is dict:
        return get_args(annotation)[1]
    if get_origin(annotation) is tuple and isinstance(part, int):
        return get_args(annotation)[0]
    return next(filter(None, (_type_within(inner, part) for inner in get_args(annotation))), None)


def _keys(annotation: Any) -> list[str]:
    """The keys of a value of this type, as far as the type names them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [field.alias or name for name, field in annotation.model_fields.items()]
    if get_origin(annotation) is dict:
        key = get_args(annotation)[0]
        return list(get_args(key)) if get_origin(key) is Literal else []
    return next(filter(None, map(_keys, get_args(annotation))), [])


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
    "less_than_equal": "at most {le:g}",
    "literal_error": "{expected}",
}


def explain(details: ErrorDetails) -> str:
    """What is wrong with a value, in words."""
    kind, context, value = details["type"], details.get("ctx", {}), details["input"]
    if kind == "value_error":  # ours, already in words
        return str(context["error"])
    if kind == "missing":
        return "is missing"
    if kind in ("too_short", "string_too_short"):
        return "must not be empty"
    if kind == "too_long":
        return f"must have at most {context['max_length']} entries, not {context['actual_length'] or 'more'}"
    if kind not in _MUST_BE:
        return f"cannot be {describe(value)}: {details['msg']}"
    hint = ""
    if kind == "literal_error":
        hint = did_you_mean(value, context["expected"].replace(" or ", ", ").replace("'", "").split(", "))
    elif kind == "string_type" and isinstance(value, int | float):
        hint = " (put it in quotes)"
    return f"must be {_MUST_BE[kind].format(**context)}, not {describe(value)}{hint}"
