"""Forced choices between two named things, asked in both orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from msm_mlx.settings_file.base import AnyLength, NonEmpty, Settings
from msm_mlx.settings_file.tree import Loc
from msm_mlx.suites.items import Item, OptionScore, Suite, Turn, share
from msm_mlx.suites.kinds.kind import SuiteKind
from msm_mlx.suites.schema import (
    NotBlank,
    Phrase,
    Problems,
    SuiteFile,
    folded,
    unknown_placeholders,
    wrong_placeholders,
)
from msm_mlx.text.wording import describe

PairChoice = Literal["target", "other", "unclear"]
_POINTS: dict[str, float] = {"target": 1.0, "other": 0.0, "unclear": 0.5}


@dataclass(frozen=True)
class Pair(Item):
    """A forced choice. `target` is the option that the suite's metric counts.

    The choices of both orders count half each, so that who goes by the place of an option scores a half; so does an
    even choice, and an unclear written one.
    """

    reply: str
    target: str
    other: str

    domain_is_topic = True

    def prompt(self, target_first: bool) -> str:
        """The question, with the target named first or second."""
        first, second = (self.target, self.other) if target_first else (self.other, self.target)
        return self.question.replace("{first}", first).replace("{second}", second)

    def prompts(self) -> tuple[str, ...]:
        return self.prompt(True), self.prompt(False)

    def turns_before(self, prompt: int) -> tuple[Turn, ...]:
        """The earlier exchanges, which name the options in the order of the prompt."""
        first, second = (self.target, self.other) if prompt == 0 else (self.other, self.target)
        return tuple(
            replace(turn, user=turn.user.replace("{first}", first).replace("{second}", second)) for turn in self.turns
        )

    def fill(self, text: str) -> str:
        """`text` with the two options for `{target}` and `{other}`."""
        return text.replace("{target}", self.target).replace("{other}", self.other)

    def options(self) -> tuple[str, str]:
        """The replies that choose the target and the other thing."""
        return self.reply.replace("{item}", self.target), self.reply.replace("{item}", self.other)

    def things(self) -> tuple[str, ...]:
        return () if self.is_format_control else (self.target, self.other)

    def row(self) -> dict[str, Any]:
        return {"target": self.target, "other": self.other}

    def score_options(self, logprobs: Sequence[Sequence[float]]) -> OptionScore:
        """Margins of the target over the other thing, with the target named first and second."""
        margins = tuple(target - other for target, other in logprobs)
        points = [0.5 if margin == 0 else float(margin > 0) for margin in margins]
        metric = "format_control" if self.is_format_control else "choice"
        return OptionScore(margins, {metric: sum(points) / len(points)})

    def read(self, text: str) -> PairChoice:
        return parse_choice(text, self)

    def score_choices(self, choices: Sequence[str]) -> dict[str, float]:
        points = [_POINTS[choice] for choice in choices]
        return {"written_choice": sum(points) / len(points), "unclear": share(choices, {"unclear"})}


def parse_choice(text: str, pair: Pair) -> PairChoice:
    """The option that a written reply names; "unclear" if it names none or both.

    Where one option is a part of the other, as "the print" of "the print shop", the longer one is looked for first.
    """
    rest = text.lower()
    options: list[tuple[str, PairChoice]] = [(pair.target.lower(), "target"), (pair.other.lower(), "other")]
    named: list[PairChoice] = []
    for option, choice in sorted(options, key=lambda option: -len(option[0])):
        if option in rest:
            named.append(choice)
        rest = rest.replace(option, " ")
    return named[0] if len(named) == 1 else "unclear"


def pairs_of(suite: Suite) -> tuple[Pair, ...]:
    """The forced choices between things of interest: all items but the format control, or none."""
    return tuple(item for item in suite.items if isinstance(item, Pair) and not item.is_format_control)


class DomainEntry(Settings):
    """The pairs of one domain, target first; what else it says takes the place of what the suite says."""

    noun: Phrase
    pairs: Annotated[tuple[Annotated[tuple[Phrase, Phrase], AnyLength], ...], NonEmpty]
    question: Phrase | None = None
    reply: Phrase | None = None
    system: Phrase | None = None
    prefill: Phrase | None = None


class PairsFile(SuiteFile):
    """Forced choices, by domain."""

    question: Phrase
    reply: Phrase
    domains: Annotated[dict[NotBlank, DomainEntry], Field(min_length=1)]
    format_control: DomainEntry | None = None
    """Pairs in the same form of which the first is obviously right. They are scored, and not asked in writing."""

    def make_items(self, suite: str) -> Iterator[Item]:
        for name, entry in self.domains.items():
            yield from self._pairs(suite, name, entry, name)
        if self.format_control:
            for item in self._pairs(suite, "format_control", self.format_control, None):
                yield replace(item, is_format_control=True, is_written=False)

    def _pairs(self, suite: str, name: str, entry: DomainEntry, domain: str | None) -> Iterator[Pair]:
        question, reply, system, prefill = (
            text.replace("{noun}", entry.noun)
            for text in (
                entry.question or self.question,
                entry.reply or self.reply,
                entry.system or self.system or "",
                entry.prefill or self.prefill or "",
            )
        )
        for number, (target, other) in enumerate(entry.pairs, start=1):
            pair = Pair(f"{suite}/{name}-{number}", suite, domain, question, reply, target, other)
            yield pair.pressed(system, prefill)

    def problems(self) -> Problems:
        yield from wrong_placeholders(("question",), self.question, ("first", "second"))
        yield from wrong_placeholders(("reply",), self.reply, ("item",))
        yield from self._problems_of(self, ())
        entries: dict[Loc, DomainEntry] = {("domains", name): entry for name, entry in self.domains.items()}
        if self.format_control:
            entries["format_control",] = self.format_control
        for loc, entry in entries.items():
            if entry.question:
                yield from wrong_placeholders((*loc, "question"), entry.question, ("first", "second"))
            if entry.reply:
                yield from wrong_placeholders((*loc, "reply"), entry.reply, ("item",))
            yield from self._problems_of(entry, loc)
            for index, (target, other) in enumerate(entry.pairs):
                if folded(target) == folded(other):
                    yield (*loc, "pairs", index), f"both things are {describe(target)}"

    def _problems_of(self, entry: PairsFile | DomainEntry, loc: Loc) -> Problems:
        """What is wrong with the system line and the prefill."""
        for name in ("system", "prefill"):
            yield from unknown_placeholders((*loc, name), getattr(entry, name) or "", ("target", "other"))


PAIRS = SuiteKind(
    "pairs",
    PairsFile,
    ("choice", "written_choice", "unclear", "format_control"),
    unreadable="unclear",
    written=frozenset({"written_choice"}),
    format_control="format_control",
)
