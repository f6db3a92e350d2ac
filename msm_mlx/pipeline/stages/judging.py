"""A second model's verdicts on what the variants have written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.evaluation.agreement import judge_version
from msm_mlx.files import read_jsonl, sha256_json, write_json, write_jsonl
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.evaluation import count_replies
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.schema import EvaluationSettings, JudgeSettings
from msm_mlx.runs.answers import Answer, read_answers
from msm_mlx.runs.layout import AGREEMENT, VERDICTS, answers_file
from msm_mlx.runs.results import JudgeReport
from msm_mlx.settings_file.base import key_of
from msm_mlx.suites.items import Suite

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context


@dataclass(frozen=True, kw_only=True)
class Judging(Stage):
    """Calibrates the judge, and has it judge the written replies. A judge of no use is asked for no verdicts."""

    version: ClassVar[int] = 2
    unit: ClassVar[str] = "verdicts"

    answered: Mapping[Variant, tuple[str, ...]]
    """The names of the suites that each variant has answered."""
    suites: tuple[Suite, ...]
    """Those of them that a judge can do something about."""
    settings: JudgeSettings
    evaluation: EvaluationSettings
    model_name: str
    judge: str
    """The fingerprint of the judge."""

    @property
    def kind(self) -> Kind:
        return "judge"

    @property
    def id(self) -> str:
        return "judge"

    @property
    def total(self) -> int:
        return sum(
            count_replies([suite for suite in self.suites if suite.name in names], variant, self.evaluation.draws)
            for variant, names in self.answered.items()
        )

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(map(answers_file, self.answered))

    @property
    def writes(self) -> tuple[str, ...]:
        return (VERDICTS, AGREEMENT)

    @cached_property
    def key(self) -> dict[str, Any]:
        return {
            "judge": self.judge,
            "prompts": judge_version(),
            "name": self.model_name,
            "suites": {suite.name: sha256_json(repr(suite)) for suite in self.suites},
            "variants": sorted(variant.id for variant in self.answered),
            **key_of(self.settings, "judge"),
        }

    def run(self, context: Context) -> None:
        from msm_mlx.engine.chat_model import ObservedModel
        from msm_mlx.evaluation.agreement import calibrate
        from msm_mlx.evaluation.judging import Judge, judge_answers, tasks_of

        meter = context.meter()
        model = ObservedModel(context.other("judge", meter.step), meter.reply)
        judge = Judge(model, self.settings.max_tokens, self.settings.batch_size)
        agreements = {task.name: calibrate(judge, task) for task in tasks_of(self.suites)}
        sentences = [agreement.sentence(self.settings.model) for agreement in agreements.values()]
        for sentence in sentences:
            context.report.say(sentence)
        items = {
            item.id: (task, item)
            for suite in self.suites
            for task in tasks_of([suite])
            if agreements[task.name].usable
            for item in suite.items
        }
        names = [suite.name for suite in self.suites]
        answers = read_answers(context.run.path, dict.fromkeys(self.answered, names))
        cases = [(v, answer) for v, by_item in answers.items() for answer in by_item.values() if answer.item in items]
        verdicts = judge_answers(judge, [(*items[answer.item], answer) for _, answer in cases], self.model_name)
        rows = [
            {"variant": variant.id, "item": answer.item, "verdicts": verdict}
            for (variant, answer), verdict in zip(cases, verdicts, strict=True)
        ]
        write_jsonl(context.run.path / VERDICTS, rows)
        measured = [agreement.row() for agreement in agreements.values()]
        write_json(
            context.run.path / AGREEMENT, {"judge": self.settings.model, "agreement": measured, "says": sentences}
        )


def take_verdicts(run: Path, suites: Sequence[Suite], answers: dict[Variant, dict[str, Answer]]) -> JudgeReport:
    """Put the stored verdicts among the metrics of `answers`, and return what is known of the judge."""
    from msm_mlx.evaluation.judging import with_verdicts

    items = {item.id: item for suite in suites for item in suite.items}
    variants = {variant.id: by_item for variant, by_item in answers.items()}
    for row in read_jsonl(run / VERDICTS):
        by_item = variants.get(row["variant"], {})
        if row["item"] in by_item:
            by_item[row["item"]] = with_verdicts(items[row["item"]], by_item[row["item"]], row["verdicts"])
    return JudgeReport.model_validate_json((run / AGREEMENT).read_bytes())
