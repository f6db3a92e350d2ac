"""Demonstrations that the writer is to make from a spec: the file that says how.

spec: ../../specs/oversight.md
style: value        # or rule
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.schema import SamplingSettings
from msm_mlx.settings_file.base import File, InKey, Positive, Seed, is_settings_file
from msm_mlx.settings_file.load import load_settings, load_tree


class DemonstrationSettings(SamplingSettings):
    """How demonstrations are written."""

    spec: Annotated[File, InKey()]  # its text is in the key
    """The spec whose behaviour they show; relative to the folder of this file."""
    style: Annotated[Literal["value", "rule"], BeforeValidator(str)]
    """Whether the reasoning is that of somebody who holds the values, or of somebody who keeps the rules."""
    judged: bool = False
    """Whether the writer also judges every answer that passes the checks; an unclear verdict counts against it."""
    questions_per_situation: Positive = 6
    """Questions asked in each situation."""
    max_tokens: Positive = 900
    """Longest reply of the writer: reasoning and answer together."""
    batch_size: Positive = 16
    """Replies written side by side."""
    max_attempts_per_row: Annotated[float, Field(ge=1), InKey()] = 3.0
    """Give up once this many times the wanted rows have been answered."""
    seed: Seed = 0
    """Seed of the sampling; the arms' seeds do not touch the demonstrations."""


def has_demonstration_settings(path: Path) -> bool:
    """Whether a file of demonstrations says how they are to be written, and not what is preferred."""
    if not is_settings_file(path):
        return False
    try:
        return ("style",) in load_tree(path).keys
    except RecipeError:
        return False  # whoever reads the file says what is wrong with it


def load_demonstration_settings(path: Path) -> DemonstrationSettings:
    """Read the file.

    Raises:
        RecipeError: with one line for every problem, each as `file:line:column key: what is wrong`.
    """
    return load_settings(path, DemonstrationSettings)
