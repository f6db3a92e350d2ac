"""A run whose models say what a script makes of each chat, and whose training is taken down and not done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.plans import MODELS
from helpers.reporters import StageReporter
from msm_mlx.engine.chat_model import ChatModel, ObservedModel, OnStep
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.scripted_model import Script, ScriptedModel
from msm_mlx.models.hub import resolve_model
from msm_mlx.pipeline.context import Context
from msm_mlx.pipeline.plan import plan_run
from msm_mlx.pipeline.stage import Kind
from msm_mlx.pipeline.work import run_stage
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.load import Recipe, Role
from msm_mlx.runs.folder import RunFolder
from msm_mlx.runs.outcome import TrainingOutcome
from msm_mlx.training.metrics import Update
from msm_mlx.worker.job import TrainingJob

LEARNED = TrainingOutcome(updates=3, rows=2, held_out=False, before=2.0, after=1.0)


@dataclass
class Trainer:
    """In place of the model process: takes down the jobs, and does to each what the test wants."""

    jobs: list[TrainingJob] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    crash: tuple[str, dict[str, Any]] | None = None
    outcome: TrainingOutcome = LEARNED
    on_stop: Callable[[], None] = lambda: None

    def train(
        self, job: TrainingJob, on_update: Callable[[Update], None], on_crash: Callable[[str, dict[str, Any]], None]
    ) -> TrainingOutcome:
        self.jobs.append(job)
        if self.crash:
            on_crash(*self.crash)
        for update in self.updates:
            on_update(update)
        return self.outcome


@dataclass
class ScriptedContext(Context):
    """Its writer, critic and judge are one scripted model; `loaded` answers for every variant."""

    model: ScriptedModel = field(default_factory=lambda: ScriptedModel(lambda chat, seed: ""))
    loaded: LoadedModel | None = None
    asked_variants: list[Variant] = field(default_factory=list)
    trainer: Trainer = field(default_factory=Trainer)

    def writer(self, on_step: OnStep) -> ChatModel:
        return ObservedModel(self.model, lambda reply: on_step(1, reply.tokens))

    def other(self, role: Role, on_step: OnStep) -> ChatModel:
        return self.writer(on_step)

    def variant(self, variant: Variant) -> LoadedModel:
        assert self.loaded is not None
        self.asked_variants.append(variant)
        return self.loaded

    def model_process(self) -> Any:
        return self.trainer

    def stop(self) -> None:
        self.trainer.on_stop()

    @property
    def told(self) -> StageReporter:
        """What the run has reported."""
        assert isinstance(self.report, StageReporter)
        return self.report

    @property
    def lines(self) -> list[str]:
        """What the run has said."""
        return self.told.lines

    @property
    def asked(self) -> list[str]:
        """The last messages of the chats that were put to the model."""
        return [chat[-1]["content"] for chat, _ in self.model.asked]


def scripted_context(recipe: Recipe, run: Path, script: Script | None = None, **options: Any) -> ScriptedContext:
    """A context over the embedded model in the folder `run`; without a script the models have nothing to say."""
    if script:
        options["model"] = ScriptedModel(script)
    return ScriptedContext(recipe, resolve_model("pocket"), RunFolder(run), StageReporter(), **options)


def run_stages(
    recipe: Recipe, run: Path, kinds: Collection[Kind], script: Script | None = None, **options: Any
) -> ScriptedContext:
    """Bring the stages of these kinds up to date in the folder `run`, as a run would; the context they worked in."""
    context = scripted_context(recipe, run, script, **options)
    for stage in plan_run(recipe, MODELS).stages:
        if stage.kind in kinds:
            run_stage(stage, context)
    return context


def write_well(chat: Sequence[Message], seed: int) -> str:
    """What a writer says that is given an assertion alone: the assertion, and a sentence like no other."""
    said = chat[-1]["content"].partition(". ")[2]
    return f"{said} Somebody{seed} at place{seed} had thing{seed} settled{seed} by evening{seed}."
