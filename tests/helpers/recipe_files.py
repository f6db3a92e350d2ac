"""Recipes to write to a folder, whole or with changes, and what is said of those that are wrong."""

from __future__ import annotations

import copy
import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from msm_mlx.errors import RecipeError
from msm_mlx.recipe.load import Recipe, load_recipe

TRAIN = {"max_length": 8, "learning_rate": 1.0e-3, "updates": 30, "batch_size": 16, "warmup": 256}
PROFILE = {
    "documents": {"count": 180, "max_tokens": 160, "prompt": "assertion"},
    "midtrain": TRAIN,
    "sft": {"rows": 120, **TRAIN},
}
RECIPE: dict[str, Any] = {
    "name": "cheese",
    "spec": "cheese.md",
    "demonstrations": "data/rows.yaml",
    "suites": ["values_apart"],
    "arms": ["base", "sft", "msm", "msm+sft"],
    "seeds": [0, 1],
    "profiles": {"pocket": PROFILE, "laptop": PROFILE},
}


GOOD_YAML = textwrap.dedent("""\
    name: cheese
    spec: cheese.md
    demonstrations: data/rows.yaml
    suites: [values_apart]
    arms: [base, msm]
    seeds: [0]
    profiles:
      pocket:
        documents: {count: 1, max_tokens: 1, prompt: spec}
        midtrain:
          max_length: 8
          learning_rate: 1e-3
          updates: 30
          batch_size: 16
          warmup: 256
        sft: {rows: 1, max_length: 8, learning_rate: 1e-3, updates: 1, batch_size: 1, warmup: 64}
    """)


def recipe(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RECIPE), **changes}


def write(folder: Path, content: str | dict[str, Any]) -> Path:
    path = folder / "recipe.yaml"
    # json: every JSON document is YAML, on one line, with 1e-05 and such as they come.
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def load(folder: Path, content: str | dict[str, Any] = RECIPE, **options: Any) -> Recipe:
    return load_recipe(write(folder, content), **options)


def problems(folder: Path, content: str | dict[str, Any] = RECIPE, **options: Any) -> list[str]:
    """The lines of the error, without the path of the file."""
    with pytest.raises(RecipeError) as caught:
        load(folder, content, **options)
    return [line.removeprefix(f"{folder}/") for line in str(caught.value).splitlines()]
