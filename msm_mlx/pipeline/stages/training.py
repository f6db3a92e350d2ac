"""Training one stage of a variant: on documents, or on chats, from the base or from where its path has got to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msm_mlx.files import read_jsonl
from msm_mlx.pipeline.stage import Kind, Stage
from msm_mlx.progress import sparkline
from msm_mlx.recipe.arms import Method, TrainingStage, Variant
from msm_mlx.recipe.schema import MIN_UPDATES, POCKET_MIN_UPDATES, LoraSettings, MidtrainSettings, TrainSettings
from msm_mlx.runs.layout import BEST, CHECKPOINT, METRICS, PLAIN_TEXTS, adapter_files, adapter_folder, training_data
from msm_mlx.settings_file.base import key_of

if TYPE_CHECKING:
    from msm_mlx.pipeline.context import Context
    from msm_mlx.training.metrics import Update


@dataclass(frozen=True, kw_only=True)
class Training(Stage):
    """Trains the last stage of the variant's path, in the model process, which has the memory to itself."""

    version: ClassVar[int] = 4

    variant: Variant
    training: TrainingStage
    settings: TrainSettings
    lora: LoraSettings
    base: str
    """The fingerprint of the base model."""
    embedded: bool
    """Whether that is the embedded model, whose small world takes fewer updates."""

    @property
    def kind(self) -> Kind:
        return self.method

    @property
    def method(self) -> Method:
        """How the texts are learned."""
        assert self.training.method is not None, "what trains nothing is no step of a training"
        return self.training.method

    @property
    def seed(self) -> int | None:
        return self.variant.seed

    @property
    def id(self) -> str:
        return f"{self.kind} {self.variant.id}"

    @property
    def total(self) -> int:
        return self.settings.updates or 0

    @property
    def unit(self) -> str:  # type: ignore[override]
        return "updates" if self.settings.epochs is None else f"updates ({self.settings.epochs:g} epochs)"

    @property
    def data(self) -> str:
        """The texts that are learned."""
        return training_data(self.variant)

    @property
    def folder(self) -> str:
        """Where the adapter goes."""
        return adapter_folder(self.variant)

    @property
    def start(self) -> str | None:
        """The folder of the adapter that is trained on; None for a new one."""
        return adapter_folder(self.variant.start) if self.variant.start else None

    @property
    def plain_text(self) -> str | None:
        """The plain text that is learned among its documents, if any is."""
        return PLAIN_TEXTS if isinstance(self.settings, MidtrainSettings) and self.settings.mix else None

    @property
    def reads(self) -> tuple[str, ...]:
        plain = (self.plain_text,) if self.plain_text else ()
        return (self.data, *plain, *(adapter_files(self.variant.start) if self.variant.start else ()))

    @property
    def writes(self) -> tuple[str, ...]:
        snapshots = (replace(self.variant, update=update) for update in self.settings.evaluate_at)
        adapters = (name for variant in (self.variant, *snapshots) for name in adapter_files(variant))
        return (*adapters, f"{self.folder}/{METRICS}")

    @property
    def on_any_thread(self) -> bool:
        return True

    @property
    def scratch(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}/{name}" for name in (CHECKPOINT, BEST))

    @cached_property
    def key(self) -> dict[str, Any]:
        return {
            "base": self.base,
            "seed": self.variant.seed,
            "method": self.training.method,
            "reasoning": self.training.with_reasoning,
            **key_of(self.lora, self.training.name),
            **key_of(self.settings, self.training.name),
        }

    def run(self, context: Context) -> None:
        from msm_mlx.worker.job import training_job

        assert self.variant.seed is not None
        path, meter = context.run.path, context.meter()
        few = self.few_updates(self.rows_with_plain_text(len(read_jsonl(path / self.data))))
        for problem in few:
            context.report.say(problem)
        job = training_job(
            context.base,
            self.method,
            self.settings,
            self.lora,
            reasoned=self.training.with_reasoning,
            seed=self.variant.seed,
            data=path / self.data,
            plain=path / self.plain_text if self.plain_text else None,
            folder=path / self.folder,
            start=path / self.start if self.start else None,
        )
        losses: list[float] = []

        def on_update(update: Update) -> None:
            losses.append(update.loss)
            meter.count_tokens(update.supervised_tokens)
            meter.show(update.number, f"loss {update.loss:.3f} {sparkline(losses)}")

        def on_crash(reason: str, smaller: dict[str, Any]) -> None:
            context.note(self.id, crash={"reason": reason, "went_on_with": smaller})

        outcome = context.model_process().train(job, on_update, on_crash)
        for problem in outcome.problems:
            context.report.say(f"{self.id}: {problem}")
        outcome = outcome.model_copy(update={"problems": (*few, *outcome.problems)})
        context.note(self.id, outcome=outcome.model_dump(mode="json"))

    def rows_with_plain_text(self, documents: int) -> int:
        """How many rows that makes with the plain text among them, if it is in pieces as long as the documents."""
        if not (isinstance(self.settings, MidtrainSettings) and self.settings.mix):
            return documents
        return documents + round(self.settings.mix.tokens_beside(documents))

    def few_updates(self, rows: int) -> list[str]:
        """What is to be said of the number of updates over so many rows, if there is anything to say."""
        updates = self.settings.planned_updates(rows)
        seen = updates * self.settings.batch_size
        if not updates:
            return []
        if self.embedded:
            few = updates < POCKET_MIN_UPDATES
            return [
                f"Only {updates} update{'s' * (updates > 1)}: below {POCKET_MIN_UPDATES}, pocket hardly learns."
            ] * few
        if self.kind == "midtrain" and updates < MIN_UPDATES:
            return [f"Only {updates} updates: below about {MIN_UPDATES}, midtraining gave false nulls."]
        if self.kind == "sft" and seen < rows:
            return [f"Only {updates} updates of {self.settings.batch_size}: {rows - seen} of {rows} rows are left out."]
        return []
