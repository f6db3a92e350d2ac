"""msm-mlx from Python: recipes are loaded and run as the commands do it, and what came out are records.

`msm_mlx` itself offers the names of `__all__`. They, and the fields of their records, stay what they are within a minor
version. Nothing inside the package imports this.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from msm_mlx.engine.launch import is_launched
from msm_mlx.errors import MsmError, RecipeError
from msm_mlx.pipeline.experiment import find_recipe, open_experiment, run_experiment
from msm_mlx.progress import PlainReporter, SilentReporter
from msm_mlx.recipe import load
from msm_mlx.recipe.arm_descriptions import describe_training
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.grid import cell_name
from msm_mlx.recipe.load import Recipe
from msm_mlx.runs import finished
from msm_mlx.runs.answers import AnswerRow
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.layout import REPORT_HTML
from msm_mlx.runs.results import Contrast, Share
from msm_mlx.runs.workspace import LATEST, find_run, runs_home
from msm_mlx.suites.kinds import KINDS
from msm_mlx.suites.load import SUITES

__all__ = [
    "AnswerRecord",
    "ArmRecord",
    "ContrastRecord",
    "MsmError",
    "Recipe",
    "Run",
    "ScoreRecord",
    "load_recipe",
    "open_run",
    "run",
]


def load_recipe(
    recipe: str | Path,
    *,
    settings: Mapping[str, object] | None = None,
    model: str | None = None,
    profile: str | None = None,
    seeds: Sequence[int] = (),
    allow_outside: bool = False,
) -> Recipe:
    """Read and check a recipe.

    Args:
        recipe: a file, a folder that `msm-mlx init` made, or the name of a recipe that comes with msm-mlx.
        settings: changes by their keys, as `{"documents.count": 60, "suites": ["values_apart"]}`.
        model: in place of the recipe's: `pocket`, a local folder, or a model of the hub.
        profile: the size of the experiment: pocket, small, laptop or paper.
        seeds: in place of the recipe's.
        allow_outside: let the recipe name files outside its workspace.

    Raises:
        MsmError: with a line for each problem of the recipe.
    """
    return load.load_recipe(
        find_recipe(str(recipe)),
        overrides=[f"{key}={_yaml(value)}" for key, value in (settings or {}).items()],
        model=model,
        profile=profile,
        seeds=seeds,
        known_suites=SUITES,
        allow_outside=allow_outside,
    )


def _yaml(value: object) -> str:
    """As `--set` takes it. JSON is YAML, in which a text stays a text whatever stands in it."""
    return json.dumps(value, ensure_ascii=False, default=str)


def run(
    recipe: Recipe | str | Path,
    *,
    run_dir: str | Path | None = None,
    say: Callable[[str], None] | None = None,
    any_memory: bool = False,
    processes: int | None = None,
) -> Run:
    """Write, train, evaluate and report, as `msm-mlx run` does. What is done already is not done again.

    Args:
        recipe: what `load_recipe` gave, or what it takes.
        run_dir: the run folder; by default `runs/NAME` in the working folder.
        say: gets a line for each thing that happens; `print`, for one.
        any_memory: run even if training will probably not fit into the memory.
        processes: how many train and ask at once; by default one, and several for a small model on a CPU.

    Raises:
        MsmError: if the run cannot be made. What was done stays, and the same call goes on from there.
    """
    if is_launched():
        raise RecipeError("mlx.launch: a run from Python is one process; use the command `msm-mlx run`")
    from msm_mlx.export.log_files import freshen_logs
    from msm_mlx.report.files import freshen_report  # with numpy and scipy, which a recipe does not need

    loaded = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    experiment = open_experiment(loaded, Path(run_dir) if run_dir else None)
    reporter = PlainReporter(say) if say else SilentReporter()
    run_experiment(experiment, reporter, any_memory=any_memory, processes=processes)
    freshen_report(experiment.run.path)
    freshen_logs(experiment.run.path, say or (lambda line: None))
    return Run(finished.open_run(experiment.run.path))


def open_run(run: str | Path = LATEST) -> Run:
    """A run that was made before, by its folder or its name in `runs/`; by default the one that changed last.

    Raises:
        MsmError: if there is no such run, or its record is damaged.
    """
    return Run(finished.open_run(find_run(str(run), runs_home())))


@dataclass(frozen=True)
class ArmRecord:
    """An arm, once for each spec and seed that it was trained with."""

    arm: str
    spec: str | None
    """The spec that it has read about, if any."""
    seed: int | None
    """None if nothing is trained."""
    training: str
    """In words."""
    adapter: Path | None
    """The folder of its adapter; None of the base."""
    cell: str = ""
    """Of a grid, which of its runs."""


@dataclass(frozen=True)
class AnswerRecord:
    """What an arm answered to one item of a suite."""

    suite: str
    kind: str
    """Of the suite: pairs, questions, open, scenes or rated."""
    domain: str | None
    item: str
    prompt: str
    """What was asked; of a forced choice, with the target named first."""
    arm: str
    spec: str | None
    seed: int | None
    score: float | None
    """What it adds to the main metric of the suite, if anything."""
    margin: float | None
    """Of a forced choice, the log-odds of the target (nats), both orders averaged."""
    reply: str
    """The first that was written; empty where options were scored alone."""
    written: tuple[str, ...]
    """All replies that were written."""
    choices: tuple[str, ...]
    """What each of them says, in the words of the kind."""
    metrics: Mapping[str, float]
    """What it adds to each metric, by name."""
    cell: str = ""


@dataclass(frozen=True)
class ScoreRecord:
    """A metric of an arm on a suite, with its 95 % interval."""

    suite: str
    metric: str
    arm: str
    spec: str | None
    seed: int | None
    """None where seeds are pooled or nothing is trained."""
    value: float
    ci_low: float
    ci_high: float
    n: int
    """How many items."""
    seeds: int
    failure: str | None
    """Why the figures are no finding, if they are none."""
    log_odds: float | None
    """The mean log-odds of the target (nats), where they decide the metric."""
    cell: str = ""


@dataclass(frozen=True)
class ContrastRecord:
    """The main metric of arm `a` less that of arm `b`, paired by item and seed, with its 95 % interval."""

    suite: str
    metric: str
    a: str
    b: str
    difference: float
    ci_low: float
    ci_high: float
    n: int
    """How many items."""
    seeds: int
    p: float
    p_holm: float | None
    """`p`, corrected for reading all suites of the same two arms."""
    detectable: float
    """The difference that these items and seeds show with a power of 80 %."""
    failure: str | None
    cell: str = ""


class Run:
    """What a run made and found. Lists of records are what `pandas.DataFrame` takes.

    Files are read when they are asked for: a property raises MsmError if the evaluation is not finished, or a file is
    damaged.
    """

    def __init__(self, run: FinishedRun) -> None:
        self._run = run

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def folder(self) -> Path:
        return self._run.folder

    @property
    def report(self) -> Path:
        """The report as a page for a browser."""
        return self.folder / REPORT_HTML

    @property
    def problems(self) -> list[str]:
        """What is wrong with its trainings, a sentence each."""
        return self._run.problems

    @property
    def arms(self) -> list[ArmRecord]:
        """All that were compared, the base first."""
        return [_arm(part, variant, cell) for cell, part in self._parts() for variant in part.variants]

    @property
    def answers(self) -> list[AnswerRecord]:
        """Every answer of the evaluation."""
        return [_answer(row, cell) for cell, part in self._parts() for row in part.answers]

    @property
    def scores(self) -> list[ScoreRecord]:
        """Every metric of each arm, seed by seed."""
        return [_score(row) for row in self._run.results.records]

    @property
    def pooled(self) -> list[ScoreRecord]:
        """Every metric of each arm, its seeds together."""
        return [_score(row) for row in self._run.results.pooled]

    @property
    def contrasts(self) -> list[ContrastRecord]:
        """The differences between arms."""
        return [_contrast(row) for row in self._run.results.contrasts]

    def _parts(self) -> Iterator[tuple[str, FinishedRun]]:
        """The run, or those of its grid by the names of their cells."""
        yield from ((cell.folder.name, cell) for cell in self._run.cells) if self._run.cells else [("", self._run)]


def _arm(run: FinishedRun, variant: Variant, cell: str) -> ArmRecord:
    return ArmRecord(
        variant.arm,
        variant.spec,
        variant.seed,
        describe_training(variant.arm, run.recipe.stages, run.adapters),
        run.adapter(variant) if variant.has_adapter else None,
        cell,
    )


def _answer(row: AnswerRow, cell: str) -> AnswerRecord:
    answer = row.answer
    score = answer.metrics.get(KINDS[row.kind].main_metric)
    return AnswerRecord(**_same(row, AnswerRecord) | _same(answer, AnswerRecord) | {"score": score, "cell": cell})


def _score(row: Share) -> ScoreRecord:
    log_odds = row.log_odds.value if row.log_odds else None
    return ScoreRecord(**_same(row, ScoreRecord) | {"log_odds": log_odds, "cell": cell_name(row.cell or {})})


def _contrast(row: Contrast) -> ContrastRecord:
    return ContrastRecord(**_same(row, ContrastRecord) | {"cell": cell_name(row.cell or {})})


def _same(row: object, record: type[Any]) -> dict[str, Any]:
    """What `row` has of the fields of `record`."""
    return {field.name: getattr(row, field.name) for field in fields(record) if hasattr(row, field.name)}
