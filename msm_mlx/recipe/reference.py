"""Every key of a recipe with its default and its meaning, as the schema has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from msm_mlx.recipe.schema import Profile, RecipeFile
from msm_mlx.settings_file.base import Settings


@dataclass(frozen=True)
class Setting:
    """`key` is as `--set` takes it, with NAME for a name that the recipe gives; the keys of a profile stand below its
    name in the recipe. `default` is YAML."""

    key: str
    default: str
    meaning: str
    choices: tuple[str, ...]


def list_settings() -> list[Setting]:
    """All of them, in the order of the schema."""
    return [*_within(RecipeFile, ""), *_within(Profile, "")]


def _within(settings: type[Settings], prefix: str) -> Iterator[Setting]:
    for name, field in settings.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        yield Setting(key, _default(field), " ".join((field.description or "").split()), _choices(field.annotation))
        if (inner := _settings_in(field.annotation)) and inner is not Profile:
            yield from _within(inner, f"{key}.NAME." if _is_by_name(field.annotation) else f"{key}.")


def _settings_in(annotation: Any) -> type[Settings] | None:
    """The settings that a value holds, if it is some itself or may be."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    return next(filter(None, map(_settings_in, get_args(annotation))), None)


def _is_by_name(annotation: Any) -> bool:
    """Whether the recipe names the entries of this value."""
    return get_origin(annotation) is dict


def _choices(annotation: Any) -> tuple[str, ...]:
    """The words that it takes, if it takes no others."""
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    return next(filter(None, map(_choices, get_args(annotation))), ())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(needed)"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, Settings):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
