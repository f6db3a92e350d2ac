"""One stage of training as a message: what the parent hands to the process that trains. Imports no mlx."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from msm_mlx.recipe import MidtrainSettings, SftSettings, TrainSettings

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
