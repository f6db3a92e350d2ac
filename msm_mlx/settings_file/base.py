"""The strict base of everything that people write down as settings, and the types of its values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
)
from pydantic.fields import FieldInfo

from msm_mlx.text.wording import describe


def existing_file(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str):
        raise ValueError(f"must be a file name, not {describe(value)}")
    folder: Path = (info.context or {}).get("folder", Path())
    try:
        path = (folder / value).resolve()
        if path.is_file():
            return path
        problem = "is a folder, not a file" if path.is_dir() else "no such file"
    except (OSError, ValueError, RuntimeError):  # names that no file system takes, symlinks in a circle
        problem = "no such file"
    raise ValueError(f"{problem}: {describe(value)} in {folder}")


def is_settings_file(path: Path) -> bool:
    """Whether a file is one of settings, by its name."""
    return path.suffix.lower() in (".yaml", ".yml")


Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(gt=0)]
PositiveNumber = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
File = Annotated[Path, BeforeValidator(existing_file)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # what every random generator that we use takes
# YAML has lists only; a frozen recipe holds tuples. Lax about that one thing, the entries stay strict.
NonEmpty = Field(strict=False, min_length=1)
AnyLength = Field(strict=False)


class Settings(BaseModel):
    """Strict and frozen: no unknown keys, no text where a number belongs, no infinities."""

    # most commands validate few of the models, and building all takes longer than reading a recipe
    model_config = ConfigDict(
        defer_build=True, extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class InKey:
    """Marks a setting, in `Annotated`, that decides the outcome of these stages only; with none, of no stage.

    Without a mark, a setting decides the outcome of every stage that its section is for.
    """

    def __init__(self, *stages: str) -> None:
        self.stages = stages


def key_of(settings: Settings, stage: str) -> dict[str, Any]:
    """The settings that decide the outcome of `stage`, as JSON: its part of the stage's key.

    Settings at their default are left out, so that a new setting changes no key until somebody uses it. Who changes a
    default therefore raises the version of the stages that it decides about.
    """
    plain = settings.model_dump(mode="json", exclude_defaults=True)
    key: dict[str, Any] = {}
    for name, field in type(settings).model_fields.items():
        if name not in plain or not _decides(field, stage):
            continue
        value, default = getattr(settings, name), field.get_default(call_default_factory=True)
        if not isinstance(value, Settings):
            key[name] = plain[name]
        elif not isinstance(default, Settings) or key_of(value, stage) != key_of(default, stage):
            key[name] = key_of(value, stage)
    return key


def _decides(field: FieldInfo, stage: str) -> bool:
    return all(stage in mark.stages for mark in field.metadata if isinstance(mark, InKey))
