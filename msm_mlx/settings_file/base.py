"""The strict base of everything that people write down as settings, and the types of its values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
)

from msm_mlx.text.wording import shown


def existing_file(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str):
        raise ValueError(f"must be a file name, not {shown(value)}")
    folder: Path = (info.context or {}).get("folder", Path())
    try:
        path = (folder / value).resolve()
        if path.is_file():
            return path
        problem = "is a folder, not a file" if path.is_dir() else "no such file"
    except (OSError, ValueError, RuntimeError):  # names that no file system takes, symlinks in a circle
        problem = "no such file"
    raise ValueError(f"{problem}: {shown(value)} in {folder}")


Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(gt=0)]
PositiveNumber = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
File = Annotated[Path, BeforeValidator(existing_file)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # what every random generator that we use takes
# YAML has lists only; a frozen recipe holds tuples. Lax about that one thing, the entries stay strict.
NonEmpty = Field(strict=False, min_length=1)
Tuple = Field(strict=False)


class Settings(BaseModel):
    """Strict and frozen: no unknown keys, no text where a number belongs, no infinities."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
