"""What a finished run has stored: its answers and results."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.runs import RUN
from msm_mlx.stages import ANSWERS, RESULTS


@dataclass(frozen=True)
class StoredRun:
    """A run folder with a finished evaluation."""

    folder: Path
    answers: list[dict[str, Any]]
    results: dict[str, Any]


def open_run(folder: Path) -> StoredRun:
    """The answers and results in `folder`.

    Raises:
        RecipeError: if it is no run folder, or its evaluation is not finished.
    """
    if not (folder / RUN).is_file():
        raise RecipeError(f"{folder}: not a run folder; make one with `msm-mlx run RECIPE`")
    if not (folder / RESULTS).is_file() or not (folder / ANSWERS).is_file():
        raise RecipeError(f"{folder}: has no finished evaluation; run the recipe's command again to go on")
    try:
        results = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
    except ValueError as error:
        raise RecipeError(f"{folder / RESULTS}: damaged: {error}; run `msm-mlx evaluate` again") from error
    return StoredRun(folder, read_jsonl(folder / ANSWERS), results)
