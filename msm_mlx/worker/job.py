"""Jobs: what the main process asks of the model process, and rank 0 of the other ranks, as JSON. Imports no mlx."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from msm_mlx.models.chat_template import TemplateChoice
from msm_mlx.models.hub import ModelRef
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.arms import Method, Variant
from msm_mlx.recipe.schema import EvaluationSettings, LoraSettings, MidtrainSettings, SftSettings, TrainSettings
from msm_mlx.suites.items import Item

MIN_STEP_TOKENS = 256
ModelRole = Literal["base", "writer"]


@dataclass(frozen=True)
class Job:
    """What all jobs have in common: fields that JSON can hold."""

    template: str | None = field(default=None, kw_only=True)
    """In place of the model's own chat template."""
    date: str | None = field(default=None, kw_only=True)
    """Today for the chat template, if it asks."""

    @property
    def choice(self) -> TemplateChoice:
        return TemplateChoice(self.template, self.date)

    def to_json(self) -> dict[str, Any]:
        return {"job": type(self).__name__, **asdict(self)}

    def to_line(self) -> str:
        return json.dumps(self.to_json()) + "\n"


@dataclass(frozen=True)
class TrainingJob(Job):
    """Train one adapter."""

    method: Method
    model: str
    """The folder of the base model."""
    base: str
    """The name of the base model, for the adapter's configuration."""
    data: str
    """The file of the documents or demonstrations."""
    settings: dict[str, Any]
    """Those of the stage, as JSON."""
    rank: int
    scale: float
    seed: int
    folder: str
    """Where the adapter goes."""
    start: str | None
    """The folder of the adapter to continue from."""
    reasoned: bool = False
    """Whether replies start with their reasoning."""
    plain: str | None = None
    """The file of plain text to mix among documents, as the settings say."""
    probe: bool = False
    """Whether only to measure two updates, over rows as long as the settings allow."""

    @property
    def role(self) -> ModelRole:
        return "base"

    def train_settings(self) -> TrainSettings:
        schema = MidtrainSettings if self.method == "midtrain" else SftSettings
        return schema.model_validate_json(json.dumps(self.settings))

    @property
    def start_folder(self) -> Path | None:
        return Path(self.start) if self.start else None

    def with_less_memory(self) -> TrainingJob:
        """The same training with gradient checkpointing and half as many tokens in a pass."""
        tokens = max(int(self.settings["step_tokens"]) // 2, MIN_STEP_TOKENS)
        return replace(self, settings=self.settings | {"gradient_checkpointing": True, "step_tokens": tokens})


@dataclass(frozen=True)
class WritingJob(Job):
    """Reply to chats, divided among all ranks of `mlx.launch`."""

    role: ModelRole
    """Whose model replies. Every rank has it in a folder of its own."""
    model: str
    """The folder of that model on rank 0."""
    chats: list[list[Message]]
    seeds: list[int]
    sampling: dict[str, Any]
    """The fields of `msm_mlx.engine.chat_model.SamplingParams`."""
    long_prompts: str
    """The value of a `msm_mlx.engine.chat_model.LongPrompt`."""


@dataclass(frozen=True)
class AnsweringJob(Job):
    """Answer items as one variant of a run."""

    model: str
    """The folder of the base model."""
    run: str
    """The run folder, which has the variant's adapter."""
    variant: dict[str, Any]
    """The fields of the `Variant`."""
    pickled_items: str
    """In base64. Both sides are processes of one run."""
    model_name: str
    settings: dict[str, Any]
    """Those of the evaluation, as JSON."""

    @property
    def role(self) -> ModelRole:
        return "base"

    def items(self) -> list[Item]:
        return list(pickle.loads(base64.b64decode(self.pickled_items)))

    def evaluation_settings(self) -> EvaluationSettings:
        return EvaluationSettings.model_validate_json(json.dumps(self.settings))


AnyJob = TrainingJob | WritingJob | AnsweringJob


def parse_job(content: dict[str, Any]) -> AnyJob:
    """The job from what its `to_json` gave."""
    fields = dict(content)
    kinds: dict[str, type[AnyJob]] = {kind.__name__: kind for kind in (TrainingJob, WritingJob, AnsweringJob)}
    return kinds[fields.pop("job")](**fields)


def answering_job(
    base: ModelRef, run: Path, variant: Variant, items: Sequence[Item], model_name: str, settings: EvaluationSettings
) -> AnsweringJob:
    """The job of answering items as a variant over `base`. For the arguments see `AnsweringJob`."""
    return AnsweringJob(
        model=str(base.folder),
        run=str(run),
        variant=asdict(variant),
        pickled_items=base64.b64encode(pickle.dumps(list(items))).decode(),
        model_name=model_name,
        settings=settings.model_dump(mode="json", by_alias=True),
        template=base.choice.text,
        date=base.choice.date,
    )


def training_job(
    base: ModelRef,
    method: Method,
    settings: TrainSettings,
    lora: LoraSettings,
    *,
    seed: int,
    data: Path = Path(),
    folder: Path = Path(),
    start: Path | None = None,
    reasoned: bool = False,
    plain: Path | None = None,
    probe: bool = False,
) -> TrainingJob:
    """The job of training an adapter over `base`. For the arguments see `TrainingJob`."""
    return TrainingJob(
        method=method,
        model=str(base.folder),
        base=base.name if base.revision else str(base.folder),
        data=str(data),
        settings=settings.model_dump(mode="json", by_alias=True),
        rank=lora.rank,
        scale=lora.scale,
        seed=seed,
        folder=str(folder),
        start=str(start) if start else None,
        reasoned=reasoned,
        plain=str(plain) if plain else None,
        probe=probe,
        template=base.choice.text,
        date=base.choice.date,
    )
