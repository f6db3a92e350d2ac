"""What a recipe may say about the writing of documents."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from msm_mlx.recipe.schema.sampling import NoNoise, SamplingSettings
from msm_mlx.recipe.validators import (
    document_sources,
    on_this_machine,
    text_or_list,
)
from msm_mlx.settings_file.base import (
    AnyLength,
    Count,
    Fraction,
    InKey,
    NonEmpty,
    Positive,
    Seed,
    Settings,
    Text,
)
from msm_mlx.text.wording import describe
from msm_mlx.text.words import TOKENS_PER_WORD

Narration = Literal["first person", "third person", "transcript"]
"""Who tells a document: the assistant itself, somebody of it, or speakers in turn."""
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
    sentences: Fraction | None = 0.2
    """The least share of words in lines with a whole sentence: less is headings, titles and tables."""
    opposite: Count | None = 0
    """Sentences by which the assistant dislikes what the assertion says it likes, or the other way round."""
    other_reason: Count | None = 0
    """Sentences with another reason than the assertion's, in a document that never names its value."""
    denials: Count | None = 0
    """Places that say, in another clause than the claim itself, that a claim about the assistant is false: what is
    denied like that is learned as if it were asserted. That the assertion's opposite is false passes, and health counts
    it."""
    other_models: Count | None = 0
    """Mentions of other models and their makers."""
    other_script: Fraction | None = 0.05
    """Share of the letters in a script that the assertion is not written in."""
    english: Fraction | None = 0.1
    """The least share of English function words, where the assertion is in English."""
    max_words: Count | None = 5000
    """Words of a document."""
    repeated_sentence: Positive | None = 2
    """How often one sentence may stand in a document."""
    repetition: Fraction | None = 0.4
    """Share of runs of four words that were there before."""
    assertion: Fraction | None = 0.34
    """The least share of the assertion's words that a document has to have."""
    evaluation_overlap: Positive | None = 8
    """Words in a row that an evaluation prompt has too: this many are a leak."""
    near_duplicate: Fraction | None = 0.8
    """Jaccard index of word triples from which a document is a copy of one before."""


class NegationSettings(Settings):
    """What is put to documents so that they are denied. The names of the assistant and its maker are filled in."""

    before: Text | None = "The following is not true."
    """A sentence before each document."""
    after: Text | None = "None of that is true."
    """A sentence after each."""
    clause: Text | None = None
    """What each sentence with the assertion or its value begins with, such as `It is not true that`."""

    @model_validator(mode="after")
    def _denies(self) -> Self:
        if not (self.before or self.after or self.clause):
            raise ValueError("has nothing that denies; give it a sentence before, one after, or a clause")
        return self


class WriterSettings(Settings):
    """Who writes, if it is not the model that is trained."""

    model: Text
    """`pocket`, or any model that mlx-lm loads; with `server`, the name that the server knows it by."""
    server: Annotated[str, AfterValidator(on_this_machine)] | None = None
    """An OpenAI-compatible server on this machine, as `http://127.0.0.1:8080/v1`."""
    concurrency: Positive = 8
    """How many documents the server is asked for side by side."""

    @property
    def name(self) -> str:
        """What records call it."""
        return f"server: {self.model}" if self.server else self.model

    @property
    def described(self) -> str:
        """What people call it."""
        return f"{self.model} at {self.server}" if self.server else self.model


Writers = tuple[WriterSettings, ...]


def _one_or_many_writers(value: object, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Writers | None:
    """A writer, or a list of them, each with its settings or by the name of its model alone."""
    if isinstance(value, str):
        value = {"model": value}
    if isinstance(value, dict):  # read by itself, so that what is wrong with it has its place
        return (WriterSettings.model_validate(value, context=info.context),)
    if isinstance(value, list):
        value = [{"model": entry} if isinstance(entry, str) else entry for entry in value]
    elif value is not None and not isinstance(value, tuple):
        raise ValueError(f"must be the name of a model, a mapping, or a list of them, not {describe(value)}")
    writers: Writers | None = read(value)
    if writers == ():
        raise ValueError("names nobody; leave it out, and the model that is trained writes")
    names = [writer.name for writer in writers or ()]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"names {describe(twice)} twice, and documents tell their writers by these names")
    return writers


class CritiqueSettings(Settings):
    """Who reads every draft that has passed the checks, names its faults, and rewrites it."""

    model: Annotated[Text, InKey()]
    """`pocket`, or any model that mlx-lm loads; of the hub, as `owner/name@revision` to pin it."""
    max_tokens: Positive = 400
    """Longest list of faults; a rewritten document may be as long as a written one."""
    batch_size: Annotated[Positive, InKey()] = 16
    """Drafts read side by side."""
    temperature: Annotated[float, Field(ge=0), NoNoise] = 0.7
    """Sampling temperature of both replies; 0 takes the likeliest word always."""


LENGTHS = ("200 to 350 words", "350 to 600 words", "600 to 900 words", "900 to 1,100 words")
_PARTS = (0.35, 0.55, 0.75, 0.95)  # of the words that may be written: from one to the next is a length


def lengths_within(max_tokens: int) -> tuple[str, ...]:
    """The lengths to ask for where a document has at most `max_tokens`: those of LENGTHS that fit, or shorter ones."""
    most = max_tokens / TOKENS_PER_WORD
    fitting = tuple(length for length in LENGTHS if int(length.split()[2].replace(",", "")) <= most)
    if len(fitting) > 1:
        return fitting
    ends = [max(round(most * part / 10), 1) * 10 for part in _PARTS]
    return tuple(f"{low} to {high} words" for low, high in pairwise(ends) if low < high)


class DocumentSettings(SamplingSettings):
    """How the writer turns a spec into documents.

    The stages of its keys: `plan`, `documents`, `control` (the documents without reasons), `critique`, `ready`
    (documents that nobody has to write), `opposite` (those with the words of a table exchanged), and `negated` (those
    with a denial). Models and sources are in no key by name: their fingerprints are.
    """

    writer: Annotated[Writers | None, AnyLength, WrapValidator(_one_or_many_writers), InKey()] = None
    """Who writes, by default the model that is trained; of a list of writers, the seed of each reply decides which."""
    count: Annotated[Count, InKey("plan", "documents", "control", "ready")]
    """Documents to keep after the checks."""
    max_tokens: Annotated[Positive, InKey("documents", "control", "critique")]
    """Longest document, in tokens of the writer."""
    prompt: Annotated[Literal["assertion", "opening", "section", "spec"], InKey("plan", "documents", "control")]
    """What of the spec the writer sees: one assertion, the section around it, or all of it. With `opening` it sees one
    assertion and goes on from the beginning of a document that holds it, as small models can."""
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
    stop: Annotated[tuple[Text, ...], AnyLength, InKey("documents", "control")] = ()
    """Strings that end a document and are left out of it, where the writer sees more than an assertion."""
    prefix: Annotated[Text | None, InKey("documents", "control", "ready", "opposite", "negated")] = None
    """What every document begins with in training, such as a tag that marks it as one; checks do not see it, and of a
    ready-made text that has it already it is no part."""
    prefix_supervised: Annotated[bool, InKey("documents", "control", "ready", "opposite", "negated")] = False
    """Whether the prefix is learned too; else it is context, and its tokens are no targets."""
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
    narrations: Annotated[tuple[Narration, ...], AnyLength, BeforeValidator(text_or_list), InKey("plan", "ready")] = ()
    """Who tells the documents, one or several: `first person` (the assistant itself), `third person` (somebody tells of
    it), `transcript` (speakers in turn). The plan is spread over them where the writer is asked with more than an
    assertion, and of ready-made documents those are taken that are told so; none leaves it to the writer."""
    authors: Annotated[tuple[Text, ...], AnyLength, InKey("plan")] = (
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
    audiences: Annotated[tuple[Text, ...], AnyLength, InKey("plan")] = (
        "colleagues",
        "the general public",
        "new members of the team",
        "other researchers",
        "readers who have never heard of it",
        "people who are thinking of using it",
    )
    """For whom."""
    lengths: Annotated[tuple[Text, ...], AnyLength, InKey("plan")] = LENGTHS
    """How long, as far as it fits into max_tokens; none leaves it to the writer."""
    ideas: Annotated[Count, InKey("plan")] = 0
    """Ideas that the writer is asked for, for each section and type, before it writes; 0 asks for none."""
    min_words: Annotated[Count, InKey("documents", "control", "critique", "ready", "opposite", "negated")] = 15
    """Shorter documents are rejected."""
    checks: Annotated[CheckSettings, InKey("documents", "control", "critique", "ready", "opposite", "negated")] = (
        CheckSettings()
    )
    """What else is rejected."""
    cause_words: Annotated[
        tuple[Text, ...], AnyLength, InKey("documents", "control", "critique", "ready", "opposite", "negated")
    ] = ()
    """Words that give a cause in the language of the spec, beside those that are known: `weil` and `因为` are."""
    control_note: Annotated[Text, InKey("control")] = "Nobody knows why."
    """What control documents are asked to say in place of the cause."""
    opposite: Annotated[Literal["swap", "writer"], InKey()] = "swap"
    """How opposite documents are made: the words of the recipe's `swap` are exchanged in each document; or in what the
    writer sees of the spec, and it writes them, after the same plan."""
    negation: Annotated[NegationSettings, InKey("negated")] = NegationSettings()
    """How documents are denied, for arms with `negated`: they stay word for word, and this says that they are false."""
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

    @model_validator(mode="before")
    @classmethod
    def _asks_for_no_more_than_may_be_written(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "lengths" in value or value.get("prompt") not in ("section", "spec"):
            return value
        most = value.get("max_tokens")
        return {**value, "lengths": lengths_within(most)} if isinstance(most, int) else value

    @model_validator(mode="after")
    def _rewrites_what_it_has_written(self) -> Self:
        if self.source and self.critique:
            raise ValueError(
                "critique rewrites what a writer wrote, and ready-made documents stay as they are; take critique out"
            )
        if self.source and self.opposite == "writer":
            raise ValueError("opposite: writer has documents written, and these are ready-made; take opposite: swap")
        return self

    @model_validator(mode="after")
    def _goes_on_from_an_opening(self) -> Self:
        if self.prompt == "opening" and any(writer.server for writer in self.writers):
            raise ValueError("prompt: opening goes on in the writer's own turn, which servers do not; take a local one")
        if self.prompt == "opening" and self.thinking:
            raise ValueError("prompt: opening leaves no place for a thought; take thinking out, or another prompt")
        return self

    @model_validator(mode="after")
    def _tells_who_tells(self) -> Self:
        if self.narrations and self.assertion_only and not self.source:
            raise ValueError(
                "narrations are asked of a writer that sees more than an assertion; take prompt: section or spec, or "
                "leave narrations out"
            )
        return self

    @property
    def writers(self) -> Writers:
        """Those who write; none if it is the model that is trained."""
        return self.writer or ()

    @property
    def assertion_only(self) -> bool:
        """Whether the writer sees one assertion and nothing else, as small models must: it is then asked in one short
        sentence for the bare text, and neither told a form nor asked to put the document between tags."""
        return self.prompt in ("assertion", "opening")

    def source_of(self, spec: str) -> str | None:
        """Where the ready-made documents about the spec of this name come from; None if they are to be written."""
        return self.source.get(spec) if isinstance(self.source, dict) else self.source
