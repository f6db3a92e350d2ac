"""A recipe as it is written down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from msm_mlx.recipe.adapter_names import adapter_name
from msm_mlx.recipe.arms import Method, TrainingStage
from msm_mlx.recipe.schema.documents import DocumentSettings
from msm_mlx.recipe.schema.sampling import NoNoise, SamplingSettings
from msm_mlx.recipe.schema.training import LoraSettings, MidtrainSettings, SftSettings, TrainSettings
from msm_mlx.recipe.validators import (
    adapter_source,
    chat_file,
    data_source,
    document_source,
    known_arm,
    known_suite,
    new_stage_name,
    number_or_list,
    one_or_many,
    share_or_percentage,
    swap_table,
)
from msm_mlx.settings_file.base import (
    AnyLength,
    Count,
    File,
    Fraction,
    InKey,
    NonEmpty,
    Positive,
    PositiveNumber,
    Seed,
    Settings,
    Text,
)
from msm_mlx.suites.split import Split

ArmName = Annotated[str, AfterValidator(known_arm)]
BadRows = Annotated[float, BeforeValidator(share_or_percentage), Field(ge=0, le=1), InKey()]
BAD_ROWS = 0.01
StageName = Annotated[str, AfterValidator(new_stage_name)]
ProfileName = Literal["pocket", "small", "laptop", "paper"]
SuiteName = Annotated[str, AfterValidator(known_suite)]


class EvaluationSettings(SamplingSettings):
    """How variants are asked. Replies are sampled to agentic scenes only; all others are greedy."""

    split: Annotated[Split, InKey()] = "all"
    """Which items of each suite are asked: about a quarter, to choose settings by (`dev`), the others, to report
    (`test`), or all. A hash of an item's id decides, and a format control is asked in full."""
    limit: Annotated[Positive | None, InKey()] = None
    """Most items of each suite that are asked, taken in turn from its domains; a format control is asked in full. None
    asks all."""
    written: Annotated[Count | None, InKey()] = None
    """Most items of each suite that are asked for a written reply too, where options are scored; all are scored. None
    asks all."""
    batch_size: Positive = 32
    """Prompts answered side by side."""
    max_tokens: Positive = 64
    """Longest free answer."""
    context: Annotated[Positive, InKey("context")] = 4096
    """Most tokens of documents in the prompts of arms with `context`. As many documents stand there as fit into these
    and, with the longest item and its reply, into what the model reads."""
    samples: Positive = 4
    """Replies sampled to each agentic scene, at each temperature."""
    also_at: Annotated[tuple[Annotated[float, Field(ge=0), NoNoise], ...], AnyLength] = ()
    """Further temperatures to sample them at; results then have the shares at each, besides those at `temperature`."""

    @property
    def temperatures(self) -> tuple[float, ...]:
        """All temperatures of the replies to agentic scenes, the main one first."""
        return (self.temperature, *(also for also in self.also_at if f"{also:g}" != f"{self.temperature:g}"))

    @property
    def draws(self) -> int:
        """Replies to each agentic scene, at all temperatures together."""
        return self.samples * len(self.temperatures)

    @model_validator(mode="after")
    def _names_each_temperature_once(self) -> Self:
        given = [*self.also_at, *([self.temperature] if "temperature" in self.model_fields_set else [])]
        if len({f"{temperature:g}" for temperature in given}) < len(given):
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
    sampling: SamplingSettings = SamplingSettings()
    """How replies are sampled where their section does not say: documents, demonstrations, scenes, and the answers of
    `compare` and `chat`."""

    def training(self, stage: TrainingStage) -> TrainSettings:
        """How a training stage that is built in is trained. Chats that are made of documents are learned as much as the
        documents are: at the same rate, with as many updates of as many rows."""
        if stage.method == "midtrain":
            return self.midtrain
        if stage.about_spec:
            return self.sft.model_copy(
                update={name: getattr(self.midtrain, name) for name in TrainSettings.model_fields}
            )
        return self.sft


class StageSettings(Settings):
    """A training stage of the recipe's own, on chats or on documents. What it does not say is as in the profile's `sft`
    or `midtrain`."""

    chats: Annotated[File, AfterValidator(chat_file)] | None = None
    """A file of chats, of which the assistant's tokens are learned; relative to the recipe's folder."""
    documents: Annotated[str, AfterValidator(document_source)] | None = None
    """Texts, of which every token is learned: a file, a folder, or `hub:owner/name`, as documents.from takes them."""
    rows: Positive | None = None
    """How many of them; all if it is not said."""
    contrary: Annotated[tuple[Fraction, ...], NonEmpty, BeforeValidator(number_or_list)] | None = None
    """Share of the chats that is exchanged for chats which contradict the demonstrations. Several shares make a stage
    of each, `after-0.02` for `after`, and every arm with `after` comes once with each. A smaller share's contrary rows
    are among a larger one's."""
    contrary_from: File | None = None
    """Where these come from: chats, or preferences that they show. By default they show the preferences of the
    demonstrations with likes and dislikes exchanged."""
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
    evaluate_at: Annotated[tuple[Positive, ...], AnyLength] | None = None
    """Updates before the end after which every arm that ends with this stage is asked too, without written replies."""

    @model_validator(mode="after")
    def _knows_its_texts_and_its_end(self) -> Self:
        if self.chats is None and self.documents is None:
            raise ValueError("has nothing to learn; give it chats or documents")
        if self.chats is not None and self.documents is not None:
            raise ValueError("has chats and documents; give one of them, and the other to a stage of its own")
        if self.updates is not None and self.epochs is not None:
            raise ValueError("has updates and epochs; give one of them")
        return self

    @model_validator(mode="after")
    def _has_chats_to_exchange(self) -> Self:
        shares = self.contrary or ()
        if shares and self.chats is None:
            raise ValueError("contrary is a share of chats, and this stage learns documents; give it chats")
        if len(set(shares)) < len(shares):
            raise ValueError("contrary must name each share once")
        if self.contrary_from is not None and not shares:
            raise ValueError("contrary_from needs contrary, the share of the rows that are from there")
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
        changes["evaluate_at"] = self.evaluate_at or ()
        if self.evaluate_at or self.contrary:
            changes["patience"] = 0  # so that all shares have as many updates, and it comes to those on the way
        if {"updates", "epochs"} & changes.keys():
            changes = {"updates": None, "epochs": None} | changes
        return usual.model_copy(update=changes)


class AdapterArm(Settings):
    """An arm that nobody trains here: the base with an adapter that somebody has."""

    adapter: Annotated[str, AfterValidator(adapter_source)]
    """A folder in mlx-lm's layout or that of `peft`, relative to the recipe's; or `hub:owner/name[@revision]`, with
    `:folder` behind it where the adapter is not at the top of the repository."""
    name: StageName | None = None
    """What the arm is called; by default as the folder or the repository."""

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        new_stage_name(self.label)
        return self

    @property
    def label(self) -> str:
        """What the arm is called."""
        return self.name or adapter_name(self.adapter)


def _kind_of_arm(value: object) -> str:
    return "AdapterArm" if isinstance(value, dict | AdapterArm) else "ArmName"


ArmEntry = Annotated[
    Annotated[ArmName, Tag("ArmName")] | Annotated[AdapterArm, Tag("AdapterArm")], Discriminator(_kind_of_arm)
]


class Mix(Settings):
    """General instruction data among the demonstrations."""

    source: Annotated[str, AfterValidator(data_source)] = Field(alias="from")
    """A .jsonl, .json or .parquet file relative to the recipe's folder, or `hub:owner/name[@revision][:file]`."""
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Part of all rows that is general."""
    count: Positive | None = None
    """In place of `share`: how many rows."""
    bad_rows: BadRows | None = None
    """In place of the recipe's."""

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
    bad_rows: BadRows = BAD_ROWS
    """Share of the rows of a file of chats that may be left out because they cannot be used: they are counted, with
    reasons and lines. A file with more of them is refused. `0%` leaves out none."""
    suites: Annotated[tuple[SuiteName, ...], NonEmpty]
    """Evaluations to run: shipped suites by name, or suite files relative to the recipe's folder."""
    arms: Annotated[tuple[ArmEntry, ...], NonEmpty]
    """Ways of training to compare: `base`, or training stages joined by `+` in the order in which they train, as
    `msm+sft`. Stages are `msm`, `control`, `opposite`, `negated`, `chats` (the documents as replies in chats), `sft`,
    `cot-sft`, `it`, and those under `stages`. `context`, alone or at the end, trains nothing: documents stand in the
    prompt. An adapter that somebody has is an arm too, as `{adapter: FOLDER, name: NAME}` or
    `{adapter: hub:owner/name}`."""
    swap: Annotated[Path | dict[str, str] | None, BeforeValidator(swap_table)] = None
    """Words that are exchanged in the documents to turn them into their opposite, for arms with `opposite`: pairs as
    `likes: dislikes`, or a .yaml file of them. Either word becomes the other, as a whole word, the longest first, in
    the case that it has in the text; `{model_name}` and `{provider_name}` stand for the names."""
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
    chat_template: File | None = None
    """A Jinja template for chats, in place of the model's own; relative to the recipe's folder."""
    judge: JudgeSettings | None = None
    """Another model that rates what the variants write."""
    model_name: Text | None = None
    """What the specs call the assistant."""
    provider_name: Text | None = None
    """Who the specs say made it."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What the arms are called, in order."""
        return tuple(arm.label if isinstance(arm, AdapterArm) else arm for arm in self.arms)

    @property
    def adapters(self) -> dict[str, str]:
        """Where the adapters are that nobody trains here, by the names of their arms."""
        return {arm.label: arm.adapter for arm in self.arms if isinstance(arm, AdapterArm)}
