"""What a finished run has stored: its answers and results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.compare.tables import variant_label
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


def side_by_side(
    runs: Sequence[StoredRun], *, suite: str | None = None, domain: str | None = None, limit: int
) -> dict[str, dict[str, str]]:
    """Written answers of each arm's first seed by prompt, one prompt a domain before the second of any."""
    answers: dict[str, dict[str, dict[str, str]]] = {}  # by domain, prompt and label
    several_specs = len({row["spec"] for run in runs for row in run.answers if row["spec"]}) > 1
    for run in runs:
        first = min((row["seed"] for row in run.answers if row["seed"] is not None), default=None)
        for row in run.answers:
            if row["seed"] not in (None, first):
                continue
            if suite not in (None, row["suite"]) or domain not in (None, row["domain"]):
                continue
            by_prompt = answers.setdefault(row["domain"], {}).setdefault(row["prompt"], {})
            by_prompt.setdefault(variant_label(row, several_specs), row["written"][0])
    rounds = max((len(by_prompt) for by_prompt in answers.values()), default=0)
    ordered = [
        (prompt, by_label)
        for turn in range(rounds)
        for by_prompt in answers.values()
        for prompt, by_label in list(by_prompt.items())[turn : turn + 1]
    ]
    return dict(ordered[:limit])
