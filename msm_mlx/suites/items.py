"""What suites are made of: items, which know what a variant is asked and what its answers are worth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from msm_mlx.text.scripts import ends_unspaced


@dataclass(frozen=True)
class Turn:
    """An earlier exchange of a chat. Where `assistant` is None, the variant's own greedy reply stands."""

    user: str
    assistant: str | None = None


@dataclass(frozen=True)
class OptionScore:
    """What the log-probabilities of an item's options say: log-odds in nats, and what they add to each metric."""

    margins: tuple[float, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Item(ABC):
    """A sample of a suite. What is asked and how answers are scored differs by its kind, in `msm_mlx.suites.kinds`."""

    id: str
    suite: str
    domain: str | None
    question: str
    spec: str | None = field(default=None, kw_only=True)
    """The stem of the spec that it is about, if it is about one."""
    turns: tuple[Turn, ...] = field(default=(), kw_only=True)
    system: str = field(default="", kw_only=True)
    """What the system line says after the name of the assistant."""
    prefill: str = field(default="", kw_only=True)
    """The beginning of every reply, options included, with which a variant has to go on."""
    is_written: bool = field(default=True, kw_only=True)
    """Whether a variant is asked for written replies, and not for the scores of the options alone."""
    is_format_control: bool = field(default=False, kw_only=True)
    """Whether the right answer is obvious, so that it shows only whether a variant can answer in this form."""

    sampled: ClassVar[bool] = False
    """Whether several replies are sampled, at each temperature that is set, in place of one greedy reply."""
    domain_is_topic: ClassVar[bool] = False
    """Whether the domain names what the item is about, so that no spec may name it."""

    def prompts(self) -> tuple[str, ...]:
        """What a variant is asked, each in a chat of its own."""
        return (self.question,)

    def turns_before(self, prompt: int) -> tuple[Turn, ...]:
        """The earlier exchanges before one of the prompts, by its number from 0."""
        return self.turns

    def options(self) -> tuple[str, ...]:
        """The full replies whose log-probability is wanted after each prompt, without the `prefill`."""
        return ()

    @property
    def chance(self) -> float:
        """How often the right one of its options is chosen by chance."""
        return 0.5

    def begun(self, reply: str) -> str:
        """A reply with the `prefill` before it, and a space between them where words stand apart."""
        space = "" if ends_unspaced(self.prefill) else " "
        return f"{self.prefill}{space}{reply}" if self.prefill and reply else self.prefill or reply

    def fill(self, text: str) -> str:
        """`text` of a system line or a prefill, with what stands in it for parts of the item."""
        return text

    def pressed(self, system: str | None, prefill: str | None) -> Self:
        """The item with these, if they are given and it has none of its own."""
        system, prefill = (own or self.fill(new or "") for own, new in ((self.system, system), (self.prefill, prefill)))
        return replace(self, system=system, prefill=prefill)

    @property
    def opens_plainly(self) -> bool:
        """Whether a variant is asked it as anybody would ask, with nothing before the prompts or the replies."""
        return not (self.turns or self.system or self.prefill)

    def things(self) -> tuple[str, ...]:
        """The names of what there is to choose between, which no document may name."""
        return ()

    def row(self) -> dict[str, Any]:
        """What an answer's line in a file says of the item, beside what it says of items of every kind."""
        return {}

    def pressure(self) -> dict[str, str]:
        """What such a line says of what stands before the prompts and the replies, where something does."""
        return {name: text for name, text in (("system", self.system), ("prefill", self.prefill)) if text}

    def score_options(self, logprobs: Sequence[Sequence[float]]) -> OptionScore:
        """Score the log-probabilities of the options, in nats: (prompts, options)."""
        return OptionScore()

    @abstractmethod
    def read(self, text: str) -> str:
        """What a written reply, without its thoughts, chooses: a word of the item's kind."""

    def score_choices(self, choices: Sequence[str]) -> dict[str, float]:
        """What written replies that choose this add to each metric: one to each prompt, or any number of samples. It is
        the mean of what each adds."""
        return {}

    def judge_fields(self) -> dict[str, str]:
        """What the rubric of the kind's judge needs to know of the item."""
        return {}

    def score_verdicts(self, choices: Sequence[str], verdicts: Sequence[float | None]) -> dict[str, float]:
        """What a judge's verdicts on the written replies add to each metric. None is an unclear verdict."""
        return {}

    def reply_count(self, samples: int) -> int:
        """How many replies a variant writes, if `samples` are drawn where replies are sampled."""
        return len(self.prompts()) * (samples if self.sampled else 1) if self.is_written else 0

    def is_for(self, spec: str | None) -> bool:
        """Whether a variant that has read `spec`, or none, is asked this."""
        return spec is None or self.spec in (None, spec)


@dataclass(frozen=True)
class Suite:
    """`measures` says in words what the suite's share is of: `share choosing the American option`.

    `kind` is a name in `kinds.KINDS`.
    """

    name: str
    kind: str
    measures: str
    items: tuple[Item, ...]
    file: str = ""
    """Where it is written down: below the folder of the shipped suites, or a recipe's own file by its name."""
    added: bool = False
    """Whether it came after the run, so that nothing that was written or trained was checked against it."""
    at_rest: str = ""
    """The suite that asks the same without pressure, if this one asks under pressure."""
    pressure: str = ""
    """What speaks against what the items count, in words."""

    @property
    def is_scored(self) -> bool:
        """Whether log-probabilities of options answer all of it, so that nothing needs to be written."""
        return all(item.options() and not item.sampled for item in self.items)


def limit_items(suite: Suite, limit: int | None) -> Suite:
    """The suite with at most `limit` of its items, and its format control: one of each domain and spec in turn, in the
    order of the file."""
    limited = [item for item in suite.items if not item.is_format_control]
    if limit is None or len(limited) <= limit:
        return suite
    chosen = {limited[place].id for place in _in_turn(limited)[:limit]}
    return replace(suite, items=tuple(item for item in suite.items if item.is_format_control or item.id in chosen))


def limit_written(suite: Suite, limit: int | None) -> Suite:
    """The suite with written replies to at most `limit` of its items with options, chosen as `limit_items` does.

    Items of other kinds have nothing but written replies, or are about what is written, and keep them.
    """
    if limit is None:
        return suite
    scored = [
        place for place, item in enumerate(suite.items) if item.options() and not item.sampled and item.is_written
    ]
    chosen = {scored[place] for place in _in_turn([suite.items[place] for place in scored])[:limit]}
    unwritten = {*scored} - chosen
    items = (replace(item, is_written=False) if at in unwritten else item for at, item in enumerate(suite.items))
    return replace(suite, items=tuple(items))


def _in_turn(items: Sequence[Item]) -> list[int]:
    """The places of the items, one of each domain and spec in turn."""
    seen: Counter[tuple[str | None, str | None]] = Counter()
    rounds: list[tuple[int, int]] = []  # of each item: how many of its group stand before it, and its place
    for place, item in enumerate(items):
        group = (item.domain, item.spec)
        rounds.append((seen[group], place))
        seen[group] += 1
    return [place for _, place in sorted(rounds)]


def share(choices: Sequence[str], counted: frozenset[str] | set[str]) -> float:
    """The share of `choices` that are among the `counted` ones."""
    return sum(choice in counted for choice in choices) / len(choices)
