"""What a finished run has stored: its answers and results."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.runs.layout import ANSWERS, RECORD, RESULTS
from msm_mlx.suites.kinds import KINDS

AGAIN = "delete the file and run `msm-mlx evaluate` again"


@dataclass(frozen=True)
class StoredRun:
    """A run folder with a finished evaluation."""

    folder: Path
    answers: list[dict[str, Any]]
    results: dict[str, Any]


class _Answer(BaseModel):
    """What the tables read of an answer; there is more in it."""

    model_config = ConfigDict(strict=True)
    suite: str
    kind: str
    arm: str
    spec: str | None = None
    seed: int | None = None
    metrics: dict[str, float | None]


class _Contrast(BaseModel):
    """What the tables read of a contrast."""

    model_config = ConfigDict(strict=True)
    suite: str
    a: str
    b: str
    difference: float
    ci_low: float
    ci_high: float


class _Measured(BaseModel):
    """What a suite measures."""

    model_config = ConfigDict(strict=True)
    name: str
    measures: str


class _Results(BaseModel):
    contrasts: list[_Contrast]
    suites: list[_Measured] = []


_ANSWERS = TypeAdapter(list[_Answer])


def open_run(folder: Path) -> StoredRun:
    """The answers and results in `folder`.

    Raises:
        RecipeError: if it is no run folder, its evaluation is not finished, or what it has stored is damaged.
    """
    if not (folder / RECORD).is_file():
        raise RecipeError(f"{folder}: not a run folder; make one with `msm-mlx run RECIPE`")
    if not (folder / RESULTS).is_file() or not (folder / ANSWERS).is_file():
        raise RecipeError(f"{folder}: has no finished evaluation; run the recipe's command again to go on")
    try:
        results = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
        _Results.model_validate(results)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{folder / RESULTS}: damaged: {_reason(error)}; {AGAIN}") from error
    answers = read_jsonl(folder / ANSWERS)
    try:
        _check_answers(_ANSWERS.validate_python(answers))
    except ValueError as error:
        raise RecipeError(f"{folder / ANSWERS}: damaged: {_reason(error)}; {AGAIN}") from error
    return StoredRun(folder, answers, results)


def _check_answers(answers: list[_Answer]) -> None:
    """Raises ValueError if a main metric is missing, or one seed of an arm has answered more than another."""
    counts: dict[tuple[str, str | None, str], Counter[int | None]] = defaultdict(Counter)
    for line, answer in enumerate(answers, start=1):
        if answer.kind not in KINDS:
            raise ValueError(f"line {line} is of the unknown kind {answer.kind!r}")
        metric = KINDS[answer.kind].main_metric
        if answer.metrics.get(metric) is None and not KINDS[answer.kind].scored_by_judge:
            raise ValueError(f"line {line} has no {metric}")
        counts[answer.arm, answer.spec, answer.suite][answer.seed] += 1
    for (arm, _, suite), seeds in counts.items():
        if len(set(seeds.values())) > 1:
            raise ValueError(f"{arm} has not answered all of {suite} with every seed")


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)
