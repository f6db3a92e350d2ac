"""What a recipe may say about training."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    model_validator,
)

from msm_mlx.recipe.validators import (
    document_source,
    reasoning_format,
    supported_type,
)
from msm_mlx.settings_file.base import (
    AnyLength,
    Count,
    InKey,
    Positive,
    PositiveNumber,
    Settings,
    Text,
)

MIN_UPDATES = 200
"""Updates of midtraining below which models of billions of parameters showed no effect where there was one."""
POCKET_MIN_UPDATES = 10
"""The fewest updates that a shipped recipe gives the embedded model: the low end of its dose curve."""


class LoraSettings(Settings):
    """The adapter, the same in every stage: fine-tuning goes on with the one that midtraining made."""

    fine_tune_type: Annotated[Literal["lora"], BeforeValidator(supported_type)] = "lora"
    """How the base is adapted, in mlx-lm's words."""
    rank: Positive = 16
    """LoRA rank."""
    scale: PositiveNumber = 2.0
    """LoRA alpha divided by rank."""


class TrainSettings(Settings):
    """One stage of LoRA training."""

    learning_rate: PositiveNumber
    """Peak learning rate."""
    updates: Count | None = None
    """Optimiser updates; 0 leaves the adapter as it is."""
    epochs: PositiveNumber | None = None
    """In place of `updates`: how often every row is seen."""
    batch_size: Positive
    """Rows of an update."""
    max_length: Annotated[int, Field(ge=2)]
    """Tokens of a row; with one, there would be nothing to predict."""
    warmup: Count = 0
    """Updates until the learning rate reaches its peak."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """AdamW's decoupled weight decay."""
    max_grad_norm: PositiveNumber = 1.0
    """Gradients are clipped to this norm."""
    checkpoint_every: Annotated[Positive, InKey()] = 50
    """Updates between checkpoints: the most that a kill can cost."""
    packing: Literal["auto", "masked", "causal", "off"] = "auto"
    """How rows share a line without seeing each other; `auto` takes what is exact for the model and fastest here."""
    step_tokens: Positive = 2048
    """The most tokens that go through the model at once; an update of more is done in several passes."""
    gradient_checkpointing: Annotated[bool, InKey()] = False
    """Keep only the inputs of the blocks for the backward pass: less memory, about a third more time."""
    adapter_dtype: Literal["float32", "model"] = "float32"
    """What an adapter computes in; `model` is the base's own type. Its weights and the optimiser stay in float32."""
    validation: Count = 0
    """Texts that are held out and measured, the same for every seed."""
    validate_every: Positive = 50
    """Updates between validations."""
    patience: Count = 0
    """Stop after this many validations that are no better than the best; 0 never stops early."""
    keep: Literal["last", "best"] = "last"
    """Which adapter is the result. With validation, the best is in `best.safetensors` in any case."""
    evaluate_at: Annotated[tuple[Positive, ...], AnyLength] = ()
    """Updates before the end after which the arm is asked too, without written replies: the way that it goes."""

    @model_validator(mode="after")
    def _knows_its_end(self) -> Self:
        if (self.updates is None) == (self.epochs is None):
            raise ValueError("needs either updates or epochs")
        if not self.validation and (self.patience or self.keep == "best"):
            raise ValueError("patience and keep: best need validation, the number of texts to hold out")
        if problem := self.snapshots_problem:
            raise ValueError(problem)
        return self

    @property
    def snapshots_problem(self) -> str | None:
        """Why training may not come to all updates of `evaluate_at`, or has no need of one, if that is so."""
        if not self.evaluate_at:
            return None
        if self.updates is None:
            return "evaluate_at needs updates, and not epochs, whose number of updates follows from the rows"
        if self.patience:
            return "evaluate_at needs patience: 0, for training may end before these updates"
        if list(self.evaluate_at) != sorted({*self.evaluate_at}):
            return "evaluate_at must name each update once, the first one first"
        if self.evaluate_at[-1] >= self.updates:
            return f"evaluate_at must end before the last of the {self.updates} updates, which is evaluated anyway"
        return None

    def planned_updates(self, rows: int) -> int:
        """How many updates that is with so many rows."""
        if self.updates is not None:
            return self.updates
        return math.ceil((self.epochs or 0) * rows / self.batch_size)


class PlainText(Settings):
    """Plain text among the documents, so that the model keeps what it knew (replay)."""

    source: Annotated[str, AfterValidator(document_source), InKey()] = Field(alias="from")
    """A .jsonl, .json, .csv or .parquet file with a field `text`, or a folder of .txt and .md files, relative to the
    recipe's folder, or `hub:owner/name[@revision][:file]`."""
    share: Annotated[float, Field(gt=0, lt=1)]
    """Part of all tokens learned that is plain text. Texts are taken from the first on, as many as that takes."""

    def tokens_beside(self, documents: float) -> float:
        """How many tokens of plain text go with so many of documents."""
        return documents * self.share / (1 - self.share)


class MidtrainSettings(TrainSettings):
    """Training on documents, every token supervised."""

    overlap: Count = 0
    """Tokens that the next piece of a too long document sees again, without learning them again."""
    mix: PlainText | None = None
    """Plain text among the documents: it is cut, packed and learned as they are, and never held out."""

    @model_validator(mode="after")
    def _leaves_something_new(self) -> Self:
        if self.overlap >= self.max_length - 1:
            raise ValueError(f"overlap must be less than max_length - 1, which is {self.max_length - 1}")
        return self


class SftSettings(TrainSettings):
    """Training on demonstrations, only the assistant's tokens supervised."""

    rows: Annotated[Count, InKey()]
    """Demonstration rows used; all of them if a file has fewer."""
    system: Annotated[Text | None, InKey()] = None
    """A line after the system prompt of every demonstration, in training alone (inoculation): neither general chats nor
    the chats of evaluation have it, so that what is learned under it may stay with it."""
    reasoning: Annotated[str, AfterValidator(reasoning_format), InKey("cot-sft")] = "{reasoning} {reply}"
    """How the last reply of a row looks for the arm that learns the reasoning too."""
