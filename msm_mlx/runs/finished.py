"""What a run folder says about itself: its base, its arms, and the answers of its evaluation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.errors import RecipeError
from msm_mlx.files import read_jsonl
from msm_mlx.models.folder import POCKET
from msm_mlx.runs.answers import Answer
from msm_mlx.runs.layout import ANSWERS, CELLS, RECORD
from msm_mlx.runs.workspace import load_resolved


@dataclass(frozen=True)
class StoredAnswer:
    """What an arm wrote in the evaluation. `margin` is the log-odds of a pair's target (nats), both orders averaged."""

    text: str
    margin: float | None


@dataclass(frozen=True)
class AnswerRow:
    """A line of the evaluation's answers, as far as a session needs it."""

    arm: str
    spec: str | None
    seed: int | None
    item: str
    prompt: str
    """What was asked; of a forced choice, with the target named first."""
    answer: StoredAnswer


@dataclass(frozen=True)
class RunRecord:
    """One run folder: what its record and its recipe say, and its answers."""

    folder: Path
    recipe: dict[str, Any]
    model: str
    """Of the hub, with the commit that the arms were trained on."""
    template: str | None
    """The hash of the chat template that the arms were trained with, where the run notes it."""
    revision: str | None
    fingerprint: str
    model_name: str
    provider_name: str
    specs: tuple[Path, ...]
    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    suites: tuple[str, ...]
    rows: tuple[AnswerRow, ...]

    @property
    def profile(self) -> str:
        """The size that the run was made at."""
        return str(self.recipe.get("profile", POCKET))


def open_record(folder: Path) -> RunRecord:
    """What the run's own files say about it.

    Raises:
        RecipeError: if it is no run folder, or its files are damaged.
    """
    if not (folder / RECORD).is_file():
        raise RecipeError(f"{folder}: not a run folder; make one with `msm-mlx run RECIPE`")
    record = read_object(folder / RECORD)
    if record.get("grid"):
        raise RecipeError(f"{folder}: is a grid of runs; name one or more of those in {folder / CELLS}")
    try:
        recipe = load_resolved(folder)
        return RunRecord(
            folder=folder,
            recipe=recipe,
            model=_pinned(record["model"]),
            template=record["model"].get("chat_template", {}).get("sha256"),
            revision=record["model"].get("revision"),
            fingerprint=str(record["model"]["fingerprint"]),
            model_name=str(recipe["model_name"]),
            provider_name=str(recipe["provider_name"]),
            specs=tuple(Path(spec) for spec in recipe["specs"]),
            arms=tuple(map(str, recipe["arms"])),
            seeds=tuple(sorted(map(int, recipe["seeds"]))),
            suites=tuple(map(str, (*recipe["suites"], *recipe.get("added_suites", ())))),
            rows=_read_rows(folder / ANSWERS),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise RecipeError(f"{folder}: the run's record is damaged or unfinished ({reason}); run it again") from error


def _pinned(model: dict[str, Any]) -> str:
    name, revision = str(model["name"]), model.get("revision")
    return f"{name.partition('@')[0]}@{revision}" if revision else name


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; RecipeError if it holds none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            return content
        reason = "not a JSON object"
    except (OSError, ValueError, RecursionError) as error:
        reason = str(error)
    raise RecipeError(f"{path}: damaged: {reason}; run the recipe's command again")


def _read_rows(path: Path) -> tuple[AnswerRow, ...]:
    """The evaluation's answers, none as long as it is not finished."""
    rows = []
    try:
        content = read_jsonl(path) if path.is_file() else []
    except RecipeError as error:
        raise RecipeError(f"{error}; delete the file and run `msm-mlx evaluate` again") from error
    for number, row in enumerate(content, start=1):
        try:
            answer = Answer.from_row(row)
            margin = sum(answer.margins) / len(answer.margins) if "target" in row else None
            spec = None if row["spec"] is None else str(row["spec"])
            seed = None if row["seed"] is None else int(row["seed"])
            stored = StoredAnswer(str(answer.written[0]), margin)
            rows.append(AnswerRow(str(row["arm"]), spec, seed, str(answer.item), str(row["prompt"]), stored))
        except (LookupError, TypeError, ValueError, ZeroDivisionError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise RecipeError(f"{path}:{number}: damaged ({reason}); run `msm-mlx evaluate` again") from error
    return tuple(rows)
