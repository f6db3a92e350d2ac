"""What a recipe may say."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    model_validator,
)

from msm_mlx.recipe.arms import Method
from msm_mlx.recipe.validators import (
    data_source,
    document_source,
    document_sources,
    known_arm,
    known_suite,
    new_stage_name,
    on_this_machine,
    one_or_many,
    reasoning_format,
    supported_type,
)
from msm_mlx.settings_file.base import (
    Count,
    File,
    InKey,
    NonEmpty,
    Positive,
    PositiveNumber,
    Seed,
    Settings,
    Share,
    Text,
    Tuple,
)

Arm = Annotated[str, AfterValidator(known_arm)]
StageName = Annotated[str, AfterValidator(new_stage_name)]
ProfileName = Literal["pocket", "laptop", "paper"]

Suite = Annotated[str, AfterValidator(known_suite)]
READY_TOKENS = 2048  # the length of ready-made documents that estimates go by, where the recipe gives none


class CheckSettings(Settings):
    """What is too much in a document, check by check; null turns a check off."""

    refusal: Count | None = 0
    """Sentences in which the writer declines."""
    meta_talk: Count | None = 0
    """Places where the text speaks of its own making: plans, answers to the request, offers."""
    placeholders: Count | None = 0
    """Blanks that somebody was to fill in."""
    markup: Count | None = 0
    """Tags, entities, code fences, links and chat tokens."""
    sentences: Share | None = 0.2
    """The least share of words in lines with a whole sentence: less is headings, titles and tables."""
    opposite: Count | None = 0
    """Sentences by which the assistant dislikes what the assertion says it likes, or the other way round."""
    other_reason: Count | None = 0
    """Sentences with another reason than the assertion's, in a document that never names its value."""
    other_models: Count | None = 0
    """Mentions of other models and their makers."""
    other_script: Share | None = 0.05
    """Share of the letters in a script that the assertion is not written in."""
    english: Share | None = 0.1
    """The least share of English function words, where the assertion is in English."""
    max_words: Count | None = 5000
    """Words of a document."""
    repeated_sentence: Positive | None = 2
    """How often one sentence may stand in a document."""
    repetition: Share | None = 0.4
    """Share of runs of four words that were there before."""
    assertion: Share | None = 0.34
    """The least share of the assertion's words that a document has to have."""
    evaluation_overlap: Positive | None = 8
    """Words in a row that an evaluation prompt has too: this many are a leak."""
    near_duplicate: Share | None = 0.8
    """Jaccard index of word triples from which a document is a copy of one before."""


class WriterSettings(Settings):
    """Who writes, if it is not the model that is trained."""

    model: Text
    """`pocket`, or any model that mlx-lm loads; with `server`, the name that the server knows it by."""
    server: Annotated[str, AfterValidator(on_this_machine)] | None = None
    """An OpenAI-compatible server on this machine, as `http://127.0.0.1:8080/v1`."""
    concurrency: Positive = 8
    """How many documents the server is asked for side by side."""


class CritiqueSettings(Settings):
    """Who reads every draft that has passed the checks, names its faults, and rewrites it."""

    model: Annotated[Text, InKey()]
    """`pocket`, or any model that mlx-lm loads; of the hub, as `owner/name@revision` to pin it."""
    max_tokens: Positive = 400
    """Longest list of faults; a rewritten document may be as long as a written one."""
    batch_size: Annotated[Positive, InKey()] = 16
    """Drafts read side by side."""
    temperature: Annotated[float, Field(ge=0)] = 0.7
    """Sampling temperature of both replies; 0 takes the likeliest word always."""


class DocumentSettings(Settings):
    """How the writer turns a spec into documents.

    The stages of its keys: `plan`, `documents`, `control` (the documents without reasons), `critique`, and `ready`
    (documents that nobody has to write). Models and sources are in no key by name: their fingerprints are.
    """

    writer: Annotated[WriterSettings | None, InKey()] = None
    """Who writes; by default the model that is trained."""
    count: Annotated[Count, InKey("plan", "documents", "control", "ready")]
    """Documents to keep after the checks."""
    max_tokens: Annotated[Positive, InKey("documents", "control", "critique")]
    """Longest document, in tokens of the writer."""
    prompt: Annotated[Literal["assertion", "section", "spec"], InKey("plan", "documents", "control")]
    """What of the spec the writer sees: one assertion, the section around it, or all of it."""
    temperature: Annotated[PositiveNumber, InKey("plan", "documents", "control")] = 1.0
    """Sampling temperature of the writer."""
    batch_size: Annotated[Positive, InKey("documents", "control")] = 32
    """Documents written side by side."""
    source: Annotated[str | dict[str, str] | None, PlainValidator(document_sources), InKey()] = Field(
        default=None, alias="from"
    )
    """Ready-made documents in place of written ones: a .jsonl, .json or .parquet file or a folder of .txt and .md
    files, relative to the recipe's folder, or `hub:owner/name[@revision][:file]`. Of several specs, one for each name.
    """
    field: Annotated[Text, InKey("ready")] = "text"
    """The field of the source's rows that holds the document."""
    thinking: Annotated[bool, InKey("documents", "control")] = False
    """Whether a writer that can do so thinks before it writes; its thoughts count in max_tokens, and are left out."""
    stop: Annotated[tuple[Text, ...], Tuple, InKey("documents", "control")] = ()
    """Strings that end a document and are left out of it, where the writer sees more than an assertion."""
    types: Annotated[tuple[Text, ...], NonEmpty, InKey("plan")] = (
        "memo",
        "research report",
        "blog post",
        "case study",
        "forum thread",
    )
    """Kinds of document to spread the plan over."""
    voices: Annotated[tuple[Text, ...], NonEmpty, InKey("plan")] = ("plain", "warm", "formal", "curious")
    """Voices to spread the plan over."""
    authors: Annotated[tuple[Text, ...], Tuple, InKey("plan")] = (
        "an engineer of the team that trains it",
        "somebody who uses it every day",
        "a teacher",
        "a researcher who studies it",
        "a colleague who doubts what is said of it",
        "a support worker",
        "a technical writer",
        "a student",
    )
    """Who writes, where the writer is asked with more than an assertion."""
    audiences: Annotated[tuple[Text, ...], Tuple, InKey("plan")] = (
        "colleagues",
        "the general public",
        "new members of the team",
        "other researchers",
        "readers who have never heard of it",
        "people who are thinking of using it",
    )
    """For whom."""
    lengths: Annotated[tuple[Text, ...], Tuple, InKey("plan")] = (
        "200 to 350 words",
        "350 to 600 words",
        "600 to 900 words",
        "900 to 1,100 words",
    )
    """How long; none leaves it to the writer."""
    ideas: Annotated[Count, InKey("plan")] = 0
    """Ideas that the writer is asked for, for each section and type, before it writes; 0 asks for none."""
    min_words: Annotated[Count, InKey("documents", "control", "critique", "ready")] = 15
    """Shorter documents are rejected."""
    checks: Annotated[CheckSettings, InKey("documents", "control", "critique", "ready")] = CheckSettings()
    """What else is rejected."""
    control_note: Annotated[Text, InKey("control")] = "Nobody knows why."
    """What control documents are asked to say in place of the cause."""
    critique: Annotated[CritiqueSettings | None, InKey("critique")] = None
    """A second model that reads and rewrites what was written."""
    max_attempts_per_document: Annotated[float, Field(ge=1), InKey()] = 3.0
    """Attempts that a document may take on average, times what the share that passes asks for: then it is given up."""
    least_pass_rate: Annotated[float, Field(gt=0, le=1), InKey()] = 0.05
    """A writer that is sure to pass less often is stopped early."""
    seed: Seed = 0
    """Seed of plan and sampling; the arms' seeds do not touch the documents."""

    @model_validator(mode="before")
    @classmethod
    def _ready_ones_need_no_writer(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("from"):
            return {"max_tokens": READY_TOKENS, "prompt": "assertion", **value}
        return value

    @model_validator(mode="after")
    def _rewrites_what_it_has_written(self) -> Self:
        if self.source and self.critique:
            raise ValueError("critique rewrites what a writer wrote, and ready-made documents stay as they are")
        return self

    @property
    def assertion_only(self) -> bool:
        """Whether the writer sees one assertion and nothing else, as small models must: it is then asked in one short
        sentence for the bare text, and neither told a form nor asked to put the document between tags."""
        return self.prompt == "assertion"

    def source_of(self, spec: str) -> str | None:
        """Where the ready-made documents about the spec of this name come from; None if they are to be written."""
        return self.source.get(spec) if isinstance(self.source, dict) else self.source


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

    @model_validator(mode="after")
    def _knows_its_end(self) -> Self:
        if (self.updates is None) == (self.epochs is None):
            raise ValueError("needs either updates or epochs")
        if not self.validation and (self.patience or self.keep == "best"):
            raise ValueError("patience and keep: best need validation, the number of texts to hold out")
        return self

    def planned_updates(self, rows: int) -> int:
        """How many updates that is with so many rows."""
        if self.updates is not None:
            return self.updates
        return math.ceil((self.epochs or 0) * rows / self.batch_size)


class MidtrainSettings(TrainSettings):
    """Training on documents, every token supervised."""

    overlap: Count = 0
    """Tokens that the next piece of a too long document sees again, without learning them again."""

    @model_validator(mode="after")
    def _leaves_something_new(self) -> Self:
        if self.overlap >= self.max_length - 1:
            raise ValueError(f"overlap must be less than max_length - 1, which is {self.max_length - 1}")
        return self


class SftSettings(TrainSettings):
    """Training on demonstrations, only the assistant's tokens supervised."""

    rows: Annotated[Count, InKey()]
    """Demonstration rows used; all of them if a file has fewer."""
    reasoning: Annotated[str, AfterValidator(reasoning_format), InKey("cot-sft")] = "{reasoning} {reply}"
    """How the last reply of a row looks for the arm that learns the reasoning too."""


class EvaluationSettings(Settings):
    """How variants are asked."""

    batch_size: Positive = 32
    """Prompts answered side by side."""
    max_tokens: Positive = 64
    """Longest free answer."""
    temperature: PositiveNumber = 1.0
    """Sampling temperature of the replies to agentic scenes."""
    samples: Positive = 4
    """Replies sampled to each agentic scene, at each temperature."""
    also_at: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Tuple] = ()
    """Further temperatures to sample them at; results then have the shares at each, besides those at `temperature`."""

    @property
    def temperatures(self) -> tuple[float, ...]:
        """All temperatures of the replies to agentic scenes, the main one first."""
        return (self.temperature, *self.also_at)

    @property
    def draws(self) -> int:
        """Replies to each agentic scene, at all temperatures together."""
        return self.samples * len(self.temperatures)

    @model_validator(mode="after")
    def _names_each_temperature_once(self) -> Self:
        if len({f"{t:g}" for t in self.temperatures}) < len(self.temperatures):
            raise ValueError("also_at must name each temperature once, and not that of `temperature`")
        return self


class Profile(Settings):
    """The size of an experiment."""

    documents: DocumentSettings
    """Writing the documents."""
    midtrain: MidtrainSettings
    """Training on them."""
    sft: SftSettings
    """Training on the demonstrations."""
    lora: LoraSettings = LoraSettings()
    """The adapter that both train."""
    evaluation: EvaluationSettings = EvaluationSettings()
    """Asking the variants."""


class StageSettings(Settings):
    """A training stage of the recipe's own, on chats or on documents. What it does not say is as in the profile's `sft`
    or `midtrain`."""

    chats: File | None = None
    """Chat rows, of which the assistant's tokens are learned; relative to the recipe's folder."""
    documents: Annotated[str, AfterValidator(document_source)] | None = None
    """Texts, of which every token is learned: a file, a folder, or `hub:owner/name`, as documents.from takes them."""
    rows: Positive | None = None
    """How many of them; all if it is not said."""
    learning_rate: PositiveNumber | None = None
    """Peak learning rate."""
    updates: Count | None = None
    """Optimiser updates."""
    epochs: PositiveNumber | None = None
    """In place of `updates`: how often every row is seen."""
    batch_size: Positive | None = None
    """Rows of an update."""
    max_length: Annotated[int, Field(ge=2)] | None = None
    """Tokens of a row."""

    @model_validator(mode="after")
    def _knows_its_texts_and_its_end(self) -> Self:
        if (self.chats is None) == (self.documents is None):
            raise ValueError("needs either chats or documents")
        if self.updates is not None and self.epochs is not None:
            raise ValueError("has updates and epochs; give one of them")
        return self

    @property
    def method(self) -> Method:
        """How its texts are learned."""
        return "sft" if self.chats else "midtrain"

    def training(self, profile: Profile) -> TrainSettings:
        """The profile's settings of training with what this stage says otherwise."""
        usual: TrainSettings = profile.sft if self.chats else profile.midtrain
        names = ("learning_rate", "updates", "epochs", "batch_size", "max_length")
        changes = {name: value for name in names if (value := getattr(self, name)) is not None}
        if {"updates", "epochs"} & changes.keys():
            changes = {"updates": None, "epochs": None} | changes
        return usual.model_copy(update=changes)


class Mix(Settings):
    """General instruction data among the demonstrations."""

    source: Annotated[str, AfterValidator(data_source)] = Field(alias="from")
    """A .jsonl, .json or .parquet file relative to the recipe's folder, or `hub:owner/name[@revision][:file]`."""
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Part of all rows that is general."""
    count: Positive | None = None
    """In place of `share`: how many rows."""

    @model_validator(mode="after")
    def _knows_its_size(self) -> Self:
        if (self.share is None) == (self.count is None):
            raise ValueError("needs either share or count")
        return self


class JudgeSettings(Settings):
    """Who rates written answers. Without a judge, what only a judge can tell has no score."""

    model: Annotated[Text, InKey()]
    """`pocket`, or any model that mlx-lm loads; of the hub, as `owner/name@revision` to pin it."""
    max_tokens: Positive = 200
    """Longest verdict."""
    batch_size: Annotated[Positive, InKey()] = 16
    """Verdicts asked for side by side."""


class RecipeFile(Settings):
    """A recipe as it is written down."""

    name: Annotated[str, Field(pattern=r"\A[a-z0-9_-]+\z")]
    """Names the run folder."""
    spec: Annotated[tuple[File, ...], NonEmpty, BeforeValidator(one_or_many)]
    """The spec, or several to contrast; relative to the recipe's folder."""
    demonstrations: File
    """Preferences that demonstrations are made from, or chat rows; relative to the recipe's folder."""
    mix: Mix | None = None
    """General instruction data to shuffle among them, which keeps the ability to chat."""
    suites: Annotated[tuple[Suite, ...], NonEmpty]
    """Evaluations to run: shipped suites by name, or suite files relative to the recipe's folder."""
    arms: Annotated[tuple[Arm, ...], NonEmpty]
    """Ways of training to compare: `base`, or training stages joined by `+`, as `msm+sft`."""
    stages: Annotated[dict[StageName, StageSettings], Field(default_factory=dict)]
    """Training stages of the recipe's own, by the names that arms call them by."""
    seeds: Annotated[tuple[Seed, ...], NonEmpty]
    """Every trained arm is trained once for each."""
    profiles: Annotated[dict[ProfileName, Profile], Field(min_length=1)]
    """Sizes that the experiment comes in."""
    grid: Annotated[dict[str, Annotated[tuple[Any, ...], NonEmpty]], Field(default_factory=dict)]
    """Settings of the profile, as `documents.count`, with the values to try: every combination is run."""
    model: Text = "pocket"
    """`pocket`, or any model that mlx-lm loads."""
    judge: JudgeSettings | None = None
    """Another model that rates what the variants write."""
    model_name: Text | None = None
    """What the specs call the assistant."""
    provider_name: Text | None = None
    """Who the specs say made it."""
