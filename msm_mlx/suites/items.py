"""What suites are made of: five kinds of items, and what a variant is asked for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["pairs", "questions", "open", "scenes", "rated"]
MAIN_METRIC: dict[Kind, str] = {
    "pairs": "choice",
    "questions": "choice",
    "open": "fits",
    "scenes": "harmful",
    "rated": "rating",
}
"""The metric of each kind that is contrasted between arms and shown first."""
AT = " at "
"""Between a metric and the temperature that it is at, where there are several."""


@dataclass(frozen=True)
class Turn:
    """An earlier exchange of a chat. Where `assistant` is None, the variant's own greedy reply stands."""

    user: str
    assistant: str | None = None


@dataclass(frozen=True)
class Pair:
    """A forced choice, asked in both orders. `target` is the option that the suite's metric counts."""

    id: str
    suite: str
    domain: str | None
    question: str
    reply: str
    target: str
    other: str
    spec: str | None = None
    turns: tuple[Turn, ...] = ()

    def prompt(self, target_first: bool) -> str:
        first, second = (self.target, self.other) if target_first else (self.other, self.target)
        return self.question.replace("{first}", first).replace("{second}", second)

    def replies(self) -> tuple[str, str]:
        """The replies that choose the target and the other option."""
        return self.reply.replace("{item}", self.target), self.reply.replace("{item}", self.other)


@dataclass(frozen=True)
class Question:
    """A question with one right reply and several wrong ones."""

    id: str
    suite: str
    domain: str | None
    question: str
    right: str
    wrong: tuple[str, ...]
    spec: str | None = None
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class OpenPrompt:
    """A prompt without options. A written reply fits if it has one of the phrases or matches the pattern."""

    id: str
    suite: str
    domain: str | None
    question: str
    any_of: tuple[str, ...]
    pattern: str | None = None
    spec: str | None = None
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class Act:
    """Something an agent may do in a scene: the full replies that do it, and the patterns that tell it."""

    name: str
    replies: tuple[str, ...]
    patterns: tuple[str, ...]
    harmful: bool = False
    none: bool = False


@dataclass(frozen=True)
class Scene:
    """What an agent reads, and the acts by which its reply is classified. The scenario counts as its domain."""

    id: str
    suite: str
    domain: str | None
    question: str
    condition: str | None
    acts: tuple[Act, ...]
    spec: str | None = None
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class Rated:
    """An open question whose written reply a judge rates: `best` and `worst` say what a 10 and a 1 are like."""

    id: str
    suite: str
    domain: str | None
    question: str
    best: str
    worst: str
    spec: str | None = None
    turns: tuple[Turn, ...] = ()


Item = Pair | Question | OpenPrompt | Scene | Rated


@dataclass(frozen=True)
class Suite:
    """`measures` says in words what the suite's share is of: `share choosing the American option`."""

    name: str
    kind: Kind
    measures: str
    items: tuple[Item, ...]
    file: str = ""
    """Where it is written down: below the folder of the shipped suites, or a recipe's own file by its name."""
    added: bool = False
    """Whether it came after the run, so that nothing that was written or trained was checked against it."""

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The items that are forced choices: all of them or none."""
        return tuple(item for item in self.items if isinstance(item, Pair))


def asked(item: Item) -> tuple[str, ...]:
    """The prompts that `item` puts to a variant, each in a chat of its own."""
    return (item.prompt(True), item.prompt(False)) if isinstance(item, Pair) else (item.question,)


def written_replies(item: Item, samples: int) -> int:
    """How many replies a variant writes to `item`: `samples` in all to a scene, one greedy reply to each prompt
    otherwise."""
    return len(asked(item)) * (samples if isinstance(item, Scene) else 1)


def options(item: Item) -> tuple[str, ...]:
    """The full replies whose log-probability is wanted after each of the item's prompts."""
    match item:
        case Pair():
            return item.replies()
        case Question():
            return (item.right, *item.wrong)
        case Scene():
            return tuple(reply for act in item.acts for reply in act.replies)
    return ()


def counts_for(item: Item, spec: str | None) -> bool:
    """Whether a variant that has read `spec`, or none, is asked `item`."""
    return spec is None or item.spec in (None, spec)
