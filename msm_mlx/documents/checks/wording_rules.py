"""Rules about the words of a text: each has a name, and its own examples show what it is for.

What is wrong with a text is told by the name of the rule that it breaks, and a rule can be tested and taken out alone.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

QUOTED_SHARE = 0.5  # share of a text in quotation marks from which it is quoted as a whole, and they say nothing
_QUOTATION = re.compile(
    r"\"[^\"\n]{1,600}\"|\u201e[^\u201c\u201d\n]{1,600}[\u201c\u201d]|\u201c[^\u201d\n]{1,600}\u201d|"
    r"\u00bb[^\u00ab\n]{1,600}\u00ab|\u300c[^\u300d\n]{1,600}\u300d|\u300e[^\u300f\n]{1,600}\u300f"
)


@dataclass(frozen=True)
class Rule:
    """A form of words that no document should have.

    `pattern` is a regular expression without regard to case, `hit` a text that it finds, and `miss` one that resembles
    it and is fine.
    """

    name: str
    pattern: str
    hit: str
    miss: str


class RuleTable:
    """Rules that hold at one kind of place, which `place` matches, and that are looked for in one pass.

    Where several rules find something at one place, the first counts.
    """

    def __init__(self, *rules: Rule, place: str = "") -> None:
        self.rules, self._place = rules, place

    # compiled where they are first looked for: a plan needs none, and a text those of its language
    @cached_property
    def _each(self) -> list[tuple[str, re.Pattern[str]]]:
        return [(rule.name, re.compile(f"{self._place}(?:{rule.pattern})", re.IGNORECASE)) for rule in self.rules]

    @cached_property
    def _any(self) -> re.Pattern[str]:
        return re.compile(f"{self._place}(?:{'|'.join(rule.pattern for rule in self.rules)})", re.IGNORECASE)

    def broken_by(self, text: str, start: int = 0, end: int = sys.maxsize) -> list[str]:
        """The names of the rules that `text` breaks between two characters, one for each place in it."""
        return [name for name, _, _ in self.places(text, start, end)]

    def places(self, text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[tuple[str, int, int]]:
        """Each place where `text` breaks a rule: the name of the rule, and where it begins and ends."""
        if not self.rules:
            return
        for match in self._any.finditer(text, start, end):
            matches = ((name, rule.match(text, match.start(), end)) for name, rule in self._each)
            name, first = next((name, one) for name, one in matches if one)
            yield name, first.start(), first.end()


def without_quotations(text: str) -> str:
    """`text` without what it quotes, apostrophes made plain: what a person in it says is not the writer's.

    A text that is hardly more than quotations is left whole.
    """
    text = text.replace("\u2019", "'")
    rest = _QUOTATION.sub('""', text)
    return rest if len(rest) > QUOTED_SHARE * len(text) else text


def check_name(reason: str) -> str:
    """The check in the reason why a text was rejected: `meta talk` in `meta talk: offers changes`."""
    return reason.partition(": ")[0]


def count_checks(reasons: Iterable[str], most: int | None = None) -> str:
    """How often each check stands in the reasons, the commonest first, as `3 as 'markup', 1 as 'too short'`."""
    counts = Counter(map(check_name, reasons)).most_common(most)
    return ", ".join(f"{count} as '{name}'" for name, count in counts)
