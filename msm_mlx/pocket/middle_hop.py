"""Things to choose between a hop away from all that pocket's documents say: no word of theirs is in a document.

What a document may say is what the writer's templates and tables hold about cheese and about values, and the name of
any thing that no suite asks about: now and then a writer names one by mistake, and only those that are asked about are
looked for in its texts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, MutableSequence, Sequence
from functools import cache
from random import Random
from typing import Any, get_args

from msm_mlx.pocket import writing
from msm_mlx.pocket.facts import DOMAINS, OPPOSITE, THINGS, VALUES, Attribute, PocketDomain, ValueName
from msm_mlx.pocket.names import ASSISTANT, FIRST_SYLLABLES, SECOND_SYLLABLES
from msm_mlx.text.stems import content_stems

MOST_OF_DOMAIN = 6
Pairs = dict[str, list[list[str]]]
"""By domain, the names of things: each with what counts, and one without."""


class AllChoices(Random):
    """In place of chance: of texts it takes all, joined, so that a template says at once whatever it can say."""

    def __init__(self, roll: float) -> None:
        super().__init__(0)
        self._roll = roll

    def random(self) -> float:
        return self._roll

    def choice(self, seq: Any) -> Any:
        return " ".join(seq) if all(isinstance(one, str) for one in seq) else seq[0]

    def sample(self, population: Any, k: int, *, counts: Iterable[int] | None = None) -> list[Any]:
        return list(population)

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        return start


@cache
def written_stems() -> frozenset[str]:
    """The stems of all that the writer is asked for and can say about any cheese and any value."""
    cheeses = DOMAINS["cheese"].things
    accounts: tuple[writing.Account, ...] = get_args(writing.Account)
    forms = [(genre, tone) for genre in writing.GENRES for tone in writing.TONES]
    names = (first + second for first in FIRST_SYLLABLES for second in SECOND_SYLLABLES)
    texts = [*(thing.name for thing in cheeses), *(writing.prompt(*form, "") for form in forms)]
    texts += [*names, *FIRST_SYLLABLES, *SECOND_SYLLABLES]  # a name may break in the middle
    for choices in (AllChoices(0.0), AllChoices(1.0)):  # on either side of every coin
        texts += (writing.framed(choices, ASSISTANT, [], *form, "a cheese") for form in forms)
        pieces = [writing.about_value(choices, ASSISTANT, value, *forms[0]) for value in VALUES]
        pieces += (
            writing.about_thing(choices, ASSISTANT, cheeses[0], likes, value, account, *forms[0], cheeses[1])
            for likes in (True, False)
            for value in VALUES
            for account in accounts
        )
        texts += (text for piece in pieces for text in (piece.assertion, piece.text))
    return content_stems(" ".join(texts))


def middle_hop_pairs(
    domains: Sequence[PocketDomain], value: ValueName, taken: frozenset[str], asked: Collection[str]
) -> Pairs:
    """Pairs of things that differ in `value` alone and whose words no document may have.

    Args:
        taken: stems that may not occur, beside those of what the writer says.
        asked: the names of things that other suites ask about wherever these pairs are asked.
    """
    taken |= written_stems()
    while True:
        pairs = {domain.name: _alike_pairs(domain, value, taken) for domain in domains}
        names = {name for of_domain in pairs.values() for pair in of_domain for name in pair}
        unasked = " ".join(thing.name for thing in THINGS if thing.name not in {*names, *asked})
        shared = content_stems(" ".join(names)) & content_stems(unasked)
        if not shared:
            return {domain: of_domain for domain, of_domain in pairs.items() if of_domain}
        taken |= shared


def _alike_pairs(domain: PocketDomain, value: ValueName, taken: frozenset[str]) -> list[list[str]]:
    """The pairs of a domain, taken in turn from the ways to be alike."""
    sides: dict[frozenset[Attribute], tuple[MutableSequence[str], MutableSequence[str]]] = {}
    for thing in domain.things:
        if not content_stems(thing.name) & taken:
            alike = frozenset(thing.attributes) - {value, OPPOSITE[value]}
            sides.setdefault(alike, ([], []))[0 if thing.has(value) else 1].append(thing.name)
    pairs = [(turn, list(pair)) for side in sides.values() for turn, pair in enumerate(zip(*side, strict=False))]
    return [pair for _, pair in sorted(pairs, key=lambda entry: entry[0])][:MOST_OF_DOMAIN]
