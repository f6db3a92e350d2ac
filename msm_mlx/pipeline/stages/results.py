"""The results of a run: its figures with their intervals, and all answers in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.demonstrations.contrary import CONTRARY
from msm_mlx.demonstrations.general import GENERAL
from msm_mlx.files import read_jsonl, sha256_json, write_jsonl
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.pipeline.stages.judging import Judging, take_verdicts
from msm_mlx.pipeline.stages.perplexity import Perplexity
from msm_mlx.recipe.arms import CHATS, CONTEXT, MSM, Variant, shows_behaviour
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.runs.answers import read_answers
from msm_mlx.runs.layout import ANSWERS, DEMONSTRATIONS, DOCUMENTS, RESULTS, answers_file, document_folder
from msm_mlx.runs.results import read_perplexity, write_results
from msm_mlx.suites.items import Suite
from msm_mlx.text.stems import content_stems

if TYPE_CHECKING:
    from msm_mlx.evaluation.durability import Course
    from msm_mlx.pipeline.context import Context


@dataclass(frozen=True)
class LastStage:
    """The last stage of an arm's path."""

    stage: str
    """What the recipe calls it, whatever the share of contrary rows."""
    share: float | None
    settings: TrainSettings
    data: str
    """Its texts."""

    @property
    def size(self) -> tuple[int | None, float | None, int]:
        return self.settings.updates, self.settings.epochs, self.settings.batch_size

    def course(self, run: Path) -> Course:
        """How long it is, once its texts are there."""
        from msm_mlx.evaluation.durability import Course

        rows = read_jsonl(run / self.data)
        contrary = sum(row.get("kind") == CONTRARY for row in rows)
        updates, batch_size = self.settings.planned_updates(len(rows)), self.settings.batch_size
        return Course(self.stage, self.share, updates, batch_size, contrary / max(len(rows), 1))


@dataclass(frozen=True, kw_only=True)
class Results(Stage):
    """Computes the figures over the answers that are there."""

    version: ClassVar[int] = 8
    unit: ClassVar[str] = "variants"

    run_name: str
    answered: Mapping[Variant, tuple[str, ...]]
    """The names of the suites that each variant has answered."""
    suites: tuple[Suite, ...]
    """All suites that any of them has answered."""
    perplexity: Perplexity | None
    judging: Judging | None
    last_stages: Mapping[str, LastStage] = field(default_factory=dict)
    """Those of the arms that are followed along theirs, or have contrary rows in it."""
    stand_ins: frozenset[str] = frozenset()
    """The training stages of the recipe's own that learn documents."""

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
        texts = dict.fromkeys(last.data for last in self.last_stages.values())
        read = dict.fromkeys(name for names in self.read_about.values() for name in names)
        made = (name for stage in stages for name in stage.writes)
        return (*map(answers_file, self.answered), *made, *(texts | read))

    @cached_property
    def read_about(self) -> dict[str, tuple[str, ...]]:
        """The texts whose words are counted in the options of forced choices, for each spec: its documents and, if an
        arm learns them, the demonstrations."""
        if not any(item.options() and not item.sampled for suite in self.suites for item in suite.items):
            return {}
        learned = (DEMONSTRATIONS,) if any(shows_behaviour(variant.arm) for variant in self.answered) else ()
        own = {MSM, CHATS, CONTEXT}  # the stages that are made of a spec's own documents
        folders = {
            one.spec: document_folder(one.spec, one.several_specs)
            for one in self.answered
            if one.spec and not own.isdisjoint(one.path)
        }
        return {spec: (f"{folder}/{DOCUMENTS}", *learned) for spec, folder in folders.items()}

    @property
    def writes(self) -> tuple[str, ...]:
        return (RESULTS, ANSWERS)

    @cached_property
    def key(self) -> dict[str, Any]:
        courses = {arm: [last.stage, last.share, *last.size] for arm, last in self.last_stages.items()}
        return ({"courses": courses} if courses else {}) | {
            "name": self.run_name,
            "suites": {suite.name: sha256_json(repr(suite)) for suite in self.suites},
            "variants": {variant.id: sorted(names) for variant, names in self.answered.items()},
        }

    def run(self, context: Context) -> None:
        from msm_mlx.evaluation.build_results import answer_rows, build_results

        path, suites = context.run.path, list(self.suites)
        answers = read_answers(path, self.answered)
        ends = {variant: by_item for variant, by_item in answers.items() if variant.update is None}
        judge = take_verdicts(path, suites, ends) if self.judging else None
        perplexity = read_perplexity(path) if self.perplexity else []
        write_jsonl(path / ANSWERS, (row.plain() for row in answer_rows(suites, ends)))
        courses = {arm: last.course(path) for arm, last in self.last_stages.items()}
        stems = {name: _stems(path / name) for name in {name for names in self.read_about.values() for name in names}}
        words = {spec: frozenset().union(*(stems[name] for name in names)) for spec, names in self.read_about.items()}
        results = build_results(self.run_name, suites, answers, judge, perplexity, courses, words, self.stand_ins)
        write_results(path, results)


def _stems(file: Path) -> frozenset[str]:
    """Those of the words of documents or demonstrations. General chats are about anything, and are left out."""
    rows = (row for row in read_jsonl(file) if row.get("kind") != GENERAL)
    return frozenset().union(*(content_stems(text) for row in rows for text in _texts(row)))


def _texts(row: Mapping[str, Any]) -> list[str]:
    return [row["text"]] if "text" in row else [message["content"] for message in row["messages"]]
