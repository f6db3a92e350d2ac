"""Work as a message: what the parent hands to the process that trains. Imports no mlx."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from msm_mlx.models.hub import ModelRef
from msm_mlx.prompting.prompts import Message
from msm_mlx.recipe.schema import LoraSettings, MidtrainSettings, SftSettings, TrainSettings

SMALLEST_STEP = 256  # tokens


@dataclass(frozen=True)
class TrainingJob:
    """Everything that training an adapter needs, by name.

    `settings` are those of the stage, as JSON; `reasoned` says that the replies of demonstrations give their reasoning
    first.
    """

    kind: Literal["midtrain", "sft"]
    model: str
    base: str
    data: str
    settings: dict[str, Any]
    rank: int
    scale: float
    seed: int
    folder: str
    start: str | None
    reasoned: bool = False
    probe: bool = False  # only measure two updates over rows as long as they may be

    def to_line(self) -> str:
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> TrainingJob:
        return cls(**json.loads(line))

    def train_settings(self) -> TrainSettings:
        kind = MidtrainSettings if self.kind == "midtrain" else SftSettings
        return kind.model_validate_json(json.dumps(self.settings))

    @property
    def start_folder(self) -> Path | None:
        return Path(self.start) if self.start else None

    def smaller(self) -> TrainingJob:
        """The same training in less memory: blocks recomputed, and half the tokens at once."""
        tokens = max(int(self.settings["step_tokens"]) // 2, SMALLEST_STEP)
        return replace(self, settings=self.settings | {"gradient_checkpointing": True, "step_tokens": tokens})


@dataclass(frozen=True)
class WritingJob:
    """Chats to be replied to by all ranks of `mlx.launch`.

    `sampling` has the fields of `msm_mlx.engine.chat_model.SamplingParams`, `long_prompts` is the value of its
    `LongPrompt`; `role` is whose model replies, which every rank has in a folder of its own.
    """

    role: Literal["base", "writer"]
    model: str
    chats: list[list[Message]]
    seeds: list[int]
    sampling: dict[str, Any]
    long_prompts: str

    def to_line(self) -> str:
        return json.dumps(asdict(self)) + "\n"


def read_job(content: dict[str, Any]) -> TrainingJob | WritingJob:
    """The job that was made JSON."""
    return WritingJob(**content) if "chats" in content else TrainingJob(**content)


def training_job(
    base: ModelRef,
    kind: Literal["midtrain", "sft"],
    settings: TrainSettings,
    lora: LoraSettings,
    *,
    seed: int,
    data: Path = Path(),
    folder: Path = Path(),
    start: Path | None = None,
    reasoned: bool = False,
    probe: bool = False,
) -> TrainingJob:
    """One training over `base`, as a job."""
    return TrainingJob(
        kind=kind,
        model=str(base.folder),
        base=base.name if base.revision else str(base.folder),
        data=str(data),
        settings=settings.model_dump(mode="json"),
        rank=lora.rank,
        scale=lora.scale,
        seed=seed,
        folder=str(folder),
        start=str(start) if start else None,
        reasoned=reasoned,
        probe=probe,
    )
