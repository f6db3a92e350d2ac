"""Words exchanged for others in such a way that doing it twice gives the same text, byte for byte.

swap = WordSwap({"likes": "dislikes"})
swap("Mo likes Colby.")  # Mo dislikes Colby.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from msm_mlx.text.wording import describe
from msm_mlx.text.words import any_of

_NO_WORDS = " \t\"'\u201c\u2018\u00ab(\\[*_#>-"  # what may stand between the end of a sentence and the next word
_ENDS = "\n.!?\u2026\u3002\uff01\uff1f"


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _title(text: str) -> str:
    return " ".join(map(_first, text.split(" ")))


CASES: tuple[Callable[[str], str], ...] = (str, _first, _title, str.upper)
"""How a word may stand in a text: as in the table, at the beginning of a sentence, in a heading, in capitals."""


@dataclass(frozen=True)
class WordSwap:
    """A table of words or phrases, each with the one that it is exchanged for; either side becomes the other.

    Whole words are exchanged, of several that begin at the same place the longest, in the case that they have in the
    text. A phrase that is its own partner stays as it is. A table with `faults` is not its own inverse; whether one
    without is so on a text, in which words may join to others of the table, says `undoes`.
    """

    pairs: Mapping[str, str]
    _at_start: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, text: str) -> str:
        """The text with every word of the table exchanged for its partner."""
        return self._pattern.sub(lambda match: self._partner(match), text) if self.pairs else text

    def undoes(self, text: str) -> bool:
        """Whether exchanging the words of this text twice gives the same text."""
        return self(self(text)) == text

    def faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong with the table: the left side of a pair, and why it cannot be exchanged back."""
        pair_of: dict[str, str] = {}
        for left, right in self.pairs.items():
            for side in dict.fromkeys((left.lower(), right.lower())):
                if fault := _no_phrase(side):
                    yield left, fault
                elif side in pair_of:
                    yield left, f"{describe(side)} is in the pair of {describe(pair_of[side])} too; leave one of them"
                pair_of.setdefault(side, left)

    @cached_property
    def _partners(self) -> dict[str, str]:
        """Every form of every word, with the form of its partner; `_at_start` has what differs where a sentence begins:
        a name in the table, as American, has the same form there, and its partner may not."""
        partners: dict[str, str] = {}
        for case in CASES:
            for pair in self.pairs.items():
                left, right = map(case, pair)
                if left not in partners and right not in partners:  # else another case of the pair has the form
                    partners |= {left: right, right: left}
        for name, partner in [*self.pairs.items(), *((right, left) for left, right in self.pairs.items())]:
            if name == _first(name) and partner != _first(partner):
                self._at_start[name] = _first(partner)
                partners.setdefault(_first(partner), name)
        return partners

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return any_of(sorted(self._partners, key=len, reverse=True))

    def _partner(self, match: re.Match[str]) -> str:
        word = match[0]
        if word in self._at_start:
            before = match.string[: match.start()].rstrip(_NO_WORDS)
            if not before or before[-1] in _ENDS:
                return self._at_start[word]
        return self._partners[word]


def _no_phrase(phrase: str) -> str | None:
    """What keeps a side of a pair from being found as words of a text."""
    if phrase != " ".join(phrase.split()):
        return f"{describe(phrase)} must have one space between words, and none around them"
    if not phrase or not (phrase[0].isalnum() and phrase[-1].isalnum()):
        return f"{describe(phrase)} must begin and end with a letter or digit"
    return None
