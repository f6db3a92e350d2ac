"""Asking one variant the suites' questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.files import read_jsonl, sha256_json, write_jsonl
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.prompting.prompts import system_prompt
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.schema import EvaluationSettings
from msm_mlx.runs.answers import suite_of
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.layout import adapter_files, answers_file, context_file
from msm_mlx.settings_file.base import key_of
from msm_mlx.suites.items import Suite

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context


@dataclass(frozen=True, kw_only=True)
class Evaluation(Stage):
    """Has one variant answer all items that are for it. Answers to suites that are as they were are not asked again."""

    version: ClassVar[int] = 4
    unit: ClassVar[str] = "replies"

    variant: Variant
    suites: tuple[Suite, ...]
    settings: EvaluationSettings
    model_name: str
    base: str
    """The fingerprint of the base model."""

    @property
    def kind(self) -> Kind:
        return "evaluate"

    @property
    def seed(self) -> int | None:
        return self.variant.seed

    @property
    def id(self) -> str:
        return f"evaluate {self.variant.id}"

    @property
    def total(self) -> int:
        return count_replies(self.suites, self.variant, self.settings.draws)

    @property
    def file(self) -> str:
        """The variant's answers."""
        return answers_file(self.variant)

    @property
    def on_any_thread(self) -> bool:
        return True

    @property
    def reads(self) -> tuple[str, ...]:
        context = context_file(self.variant)
        return (*adapter_files(self.variant), *([context] if context else []))

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.file,)

    @property
    def grows_with(self) -> tuple[str, ...]:
        return ("suites",)

    @property
    def keeps(self) -> tuple[tuple[str, str], ...]:
        return ((self.file, self.file),)

    @cached_property
    def key(self) -> dict[str, Any]:
        return {
            "base": self.base,
            "system": system_prompt(self.model_name),
            "suites": self._suite_hashes(),
            **key_of(self.settings, "evaluate"),
        }

    def _suite_hashes(self) -> dict[str, str]:
        """A hash of the items of each suite that are for this variant."""
        return {
            suite.name: sha256_json([repr(item) for item in suite.items if item.is_for(self.variant.spec)])
            for suite in self.suites
        }

    def answered(self, run: RunFolder) -> set[str]:
        """The suites that the variant has answered, as they and the variant are now."""
        entry = run.record()["stages"].get(self.id)
        if not entry or self.missing(run) or entry["state"] != "done" or not (run.path / self.file).exists():
            return set()
        inputs = self.inputs(run)
        same = entry["inputs"] == inputs or run.grew(self.id, inputs, self.grows_with)
        return self._unchanged(run) if same else set()

    def drop_stale(self, run: RunFolder) -> None:
        """Leave only the answers to suites that are as they were."""
        path = run.path / self.file
        if path.exists():
            unchanged = self._unchanged(run)
            write_jsonl(path, [row for row in read_jsonl(path) if suite_of(row) in unchanged])

    def _unchanged(self, run: RunFolder) -> set[str]:
        before = run.record()["stages"][self.id]["inputs"]["suites"]
        return {name for name, sha in self.key["suites"].items() if before.get(name) == sha}

    def run(self, context: Context) -> None:
        items = [item for suite in self.suites for item in suite.items if item.is_for(self.variant.spec)]
        path = context.run.path / self.file
        rows = {row["item"]: row for row in read_jsonl(path)} if path.exists() else {}
        missing = [item for item in items if item.id not in rows]
        due = sum(item.reply_count(self.settings.draws) for item in missing)
        if rows:
            context.report.say(f"{due} of these replies are asked now; the others are there from the same inputs.")
        meter = context.meter(replies=self.total - due)
        for answer in context.answer(self.variant, missing, self.model_name, self.settings, meter):
            rows[answer["item"]] = answer
        write_jsonl(path, [rows[item.id] for item in items])


def count_replies(suites: Sequence[Suite], variant: Variant, draws: int) -> int:
    """How many replies a variant writes to all items of these suites; `draws` to each scene."""
    items = (item for suite in suites for item in suite.items if item.is_for(variant.spec))
    return sum(item.reply_count(draws) for item in items)
