"""The results of a run: its figures with their intervals, and all answers in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.files import sha256_json, write_jsonl
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.judging import Judging, take_verdicts
from msm_mlx.pipeline.stages.perplexity import Perplexity
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import read_answers
from msm_mlx.runs.layout import ANSWERS, RESULTS, answers_file
from msm_mlx.runs.results import read_perplexity, write_results
from msm_mlx.suites.items import Suite

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context


@dataclass(frozen=True, kw_only=True)
class Results(Stage):
    """Computes the figures over the answers that are there."""

    version: ClassVar[int] = 6
    unit: ClassVar[str] = "variants"

    run_name: str
    answered: Mapping[Variant, tuple[str, ...]]
    """The names of the suites that each variant has answered."""
    suites: tuple[Suite, ...]
    """All suites that any of them has answered."""
    perplexity: Perplexity | None
    judging: Judging | None

    @property
    def kind(self) -> Kind:
        return "results"

    @property
    def id(self) -> str:
        return "results"

    @property
    def total(self) -> int:
        return len(self.answered)

    @property
    def reads(self) -> tuple[str, ...]:
        stages = [stage for stage in (self.perplexity, self.judging) if stage]
        return (*map(answers_file, self.answered), *(name for stage in stages for name in stage.writes))

    @property
    def writes(self) -> tuple[str, ...]:
        return (RESULTS, ANSWERS)

    @cached_property
    def key(self) -> dict[str, Any]:
        return {
            "name": self.run_name,
            "suites": {suite.name: sha256_json(repr(suite)) for suite in self.suites},
            "variants": {variant.id: sorted(names) for variant, names in self.answered.items()},
        }

    def run(self, context: Context) -> None:
        from msm_mlx.evaluation.build_results import answer_rows, build_results

        path, suites = context.run.path, list(self.suites)
        answers = read_answers(path, {v: names for v, names in self.answered.items() if v.update is None})
        judge = take_verdicts(path, suites, answers) if self.judging else None
        perplexity = read_perplexity(path) if self.perplexity else []
        write_jsonl(path / ANSWERS, (row.plain() for row in answer_rows(suites, answers)))
        write_results(path, build_results(self.run_name, suites, answers, judge, perplexity))
