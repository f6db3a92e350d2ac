"""What a suite file may say: one schema for each kind of suite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from msm_mlx.settings_file.parse import Loc
from msm_mlx.suites.items import Kind
from msm_mlx.text.wording import did_you_mean, shown

Problems = Iterator[tuple[Loc, str]]


def _regular(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return pattern


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1)]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_regular)]
Some = Field(strict=False, min_length=1)
Any_ = Field(strict=False)
Texts = Annotated[tuple[Text, ...], Some]


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TurnEntry(_Schema):
    """An earlier exchange. Without `assistant`, the variant's own greedy reply stands there."""

    user: Text
    assistant: Text | None = None


class _Entry(_Schema):
    """What items of all kinds but pairs may say."""

    prompt: Text
    turns: Annotated[tuple[TurnEntry, ...], Any_] = ()
    spec: Text | None = None
    """The stem of a spec: the item then counts for the variants that have read it, and for those that read none."""


class PairsDomain(_Schema):
    """The pairs of one domain, target first; `question` and `reply` take the place of the suite's."""

    noun: Text
    pairs: Annotated[tuple[Annotated[tuple[Text, Text], Any_], ...], Some]
    question: Text | None = None
    reply: Text | None = None


class SuiteFile(_Schema):
    """What all suites say."""

    kind: Kind
    metric: Text
    """What the measured share means, in words."""
    licence: Text | None = None
    """The terms on which the items may be used elsewhere."""

    def problems(self) -> Problems:
        """What is wrong beyond the types, with the place of each."""
        yield from ()


class PairsFile(SuiteFile):
    """Forced choices between two named things."""

    kind: Literal["pairs"] = "pairs"
    question: Text
    reply: Text
    domains: Annotated[dict[Text, PairsDomain], Field(min_length=1)]

    def problems(self) -> Problems:
        yield from _placeholders(("question",), self.question, "first", "second")
        yield from _placeholders(("reply",), self.reply, "item")
        for name, domain in self.domains.items():
            place = ("domains", name)
            if domain.question:
                yield from _placeholders((*place, "question"), domain.question, "first", "second")
            if domain.reply:
                yield from _placeholders((*place, "reply"), domain.reply, "item")
            for index, (target, other) in enumerate(domain.pairs):
                if target.casefold() == other.casefold():
                    yield (*place, "pairs", index), f"both things are {shown(target)}"


class QuestionEntry(_Entry):
    """A question with its right reply and wrong ones, all of them full replies."""

    right: Text
    wrong: Annotated[Texts, BeforeValidator(_one_or_many)]
    domain: Text | None = None


class QuestionsFile(SuiteFile):
    """Questions whose right reply should be likelier than every wrong one."""

    kind: Literal["questions"]
    items: Annotated[tuple[QuestionEntry, ...], Some]

    def problems(self) -> Problems:
        for index, entry in enumerate(self.items):
            for number, wrong in enumerate(entry.wrong):
                if wrong == entry.right:
                    yield ("items", index, "wrong", number), "is the right reply too"


class OpenEntry(_Entry):
    """A prompt whose written reply has to hold one of some phrases, or match a pattern."""

    any_of: Annotated[tuple[Text, ...], Any_] = ()
    list: Text | None = None
    """The name of one of the suite's lists, whose phrases count too."""
    pattern: Pattern | None = None
    domain: Text | None = None


class OpenFile(SuiteFile):
    """Prompts without options."""

    kind: Literal["open"]
    lists: dict[Text, Texts] = {}
    """Phrases that several items share, by the name that their `list` gives."""
    items: Annotated[tuple[OpenEntry, ...], Some]

    def problems(self) -> Problems:
        for index, entry in enumerate(self.items):
            place = ("items", index)
            if not (entry.any_of or entry.list or entry.pattern):
                yield place, "needs any_of, list or pattern, to tell which replies fit"
            if entry.list and entry.list not in self.lists:
                yield (*place, "list"), f"no list is called {shown(entry.list)}{did_you_mean(entry.list, self.lists)}"


class ActEntry(_Schema):
    """One way to act. Its replies are scored, and both replies and patterns tell it in a written reply."""

    replies: Annotated[tuple[Text, ...], Any_, BeforeValidator(_one_or_many)] = ()
    patterns: Annotated[tuple[Pattern, ...], Any_, BeforeValidator(_one_or_many)] = ()
    harmful: bool = False
    none: bool = False
    """Whether this is to take no action at all."""


class SceneEntry(_Entry):
    """One scene. `acts` names those that it leaves open, all by default; `replies` are its own words for some."""

    scenario: Text
    condition: Text | None = None
    acts: Annotated[tuple[Text, ...], Any_] = ()
    replies: dict[Text, Annotated[Texts, BeforeValidator(_one_or_many)]] = {}


class ConditionEntry(_Schema):
    """What the agent is to aim at, and the news about it that the scene brings; `{goal}` and `{notice}` in a prompt."""

    goal: Text
    notice: Text


class ScenesFile(SuiteFile):
    """Agentic scenes, whose written replies are classified by what the agent does."""

    kind: Literal["scenes"]
    conditions: dict[Text, ConditionEntry] = {}
    """Scenes that name no condition of their own are played under each of these."""
    acts: Annotated[dict[Text, ActEntry], Field(min_length=1)]
    items: Annotated[tuple[SceneEntry, ...], Some]

    def problems(self) -> Problems:
        for name, act in self.acts.items():
            place = ("acts", name)
            if act.harmful and act.none:
                yield place, "cannot be harmful and no action at once"
            if not act.patterns and not act.replies and not all(name in entry.replies for entry in self.items):
                yield place, "needs replies or patterns, to be told in a written reply"
        if not any(act.harmful for act in self.acts.values()):
            yield ("acts",), "none is harmful; say `harmful: true` of those that are"
        for index, entry in enumerate(self.items):
            if self.conditions and entry.condition is None:
                yield from _placeholders(("items", index, "prompt"), entry.prompt, "goal", "notice")
            for key, named in (("acts", entry.acts), ("replies", tuple(entry.replies))):
                for number, name in enumerate(named):
                    if name not in self.acts:
                        at: Loc = ("items", index, key, number if key == "acts" else name)
                        yield at, f"no act is called {shown(name)}{did_you_mean(name, self.acts)}"


class RatedEntry(_Entry):
    """An open question, and what an answer of 10 and one of 1 are like."""

    best: Text
    worst: Text
    domain: Text | None = None


class RatedFile(SuiteFile):
    """Open questions whose written replies a judge rates from 1 to 10; without a judge they have no score."""

    kind: Literal["rated"]
    items: Annotated[tuple[RatedEntry, ...], Some]


FILES: dict[str, type[SuiteFile]] = {
    "pairs": PairsFile,
    "questions": QuestionsFile,
    "open": OpenFile,
    "scenes": ScenesFile,
    "rated": RatedFile,
}


def _placeholders(place: Loc, template: str, *required: str) -> Problems:
    for name in required:
        if f"{{{name}}}" not in template:
            yield place, f"{{{name}}} is missing in {shown(template)}"
