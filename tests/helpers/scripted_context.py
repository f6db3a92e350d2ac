"""A run whose models say what a script makes of each chat, and whose training is taken down and not done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.reporters import SayingReporter
from msm_mlx.engine.chat_model import ChatModel, ObservedModel, Reply
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.scripted_model import Script, ScriptedModel
from msm_mlx.models.hub import resolve_model
from msm_mlx.pipeline.context import Context
from msm_mlx.recipe.arms import Variant
from msm_mlx.recipe.load import Recipe, Role
from msm_mlx.runs.folder import RunFolder
from msm_mlx.training.metrics import Update
from msm_mlx.worker.job import TrainingJob


@dataclass
class Trainer:
    """In place of the model process: takes down the jobs, and does to each what the test wants."""

    jobs: list[TrainingJob] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    crash: tuple[str, dict[str, Any]] | None = None

    def train(
        self, job: TrainingJob, on_update: Callable[[Update], None], on_crash: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self.jobs.append(job)
        if self.crash:
            on_crash(*self.crash)
        for update in self.updates:
            on_update(update)


@dataclass
class ScriptedContext(Context):
    """Its writer, critic and judge are one scripted model; `loaded` answers for every variant."""

    model: ScriptedModel = field(default_factory=lambda: ScriptedModel(lambda chat, seed: ""))
    loaded: LoadedModel | None = None
    asked_variants: list[Variant] = field(default_factory=list)
    trainer: Trainer = field(default_factory=Trainer)

    def writer(self, on_reply: Callable[[Reply], None]) -> ChatModel:
        return ObservedModel(self.model, on_reply)

    def other(self, role: Role, on_reply: Callable[[Reply], None]) -> ChatModel:
        return ObservedModel(self.model, on_reply)

    def variant(self, variant: Variant) -> LoadedModel:
        assert self.loaded is not None
        self.asked_variants.append(variant)
        return self.loaded

    def model_process(self) -> Any:
        return self.trainer

    @property
    def lines(self) -> list[str]:
        """What the run has said."""
        assert isinstance(self.report, SayingReporter)
        return self.report.lines


def scripted_context(recipe: Recipe, run: Path, script: Script | None = None, **options: Any) -> ScriptedContext:
    """A context over the embedded model in the folder `run`; without a script the models have nothing to say."""
    if script:
        options["model"] = ScriptedModel(script)
    return ScriptedContext(recipe, resolve_model("pocket"), RunFolder(run), SayingReporter(), **options)
