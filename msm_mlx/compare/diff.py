"""Where two answers differ, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]+")
_LIMIT = 4_000_000  # pairs of tokens; beyond that a screen would wait, and the middle counts as changed


@dataclass(frozen=True)
class Span:
    """A stretch of a text that the other text has too, or has not."""

    text: str
    changed: bool


def word_diff(a: str, b: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The spans of `a` and those of `b`. The texts of each, joined, are what was given."""
    left, right = _TOKEN.findall(a), _TOKEN.findall(b)
    kept_left, kept_right = [False] * len(left), [False] * len(right)
    for i, j, size in _matches(left, right):
        kept_left[i : i + size] = kept_right[j : j + size] = [True] * size
    return _spans(left, kept_left), _spans(right, kept_right)


def _matches(a: Sequence[str], b: Sequence[str]) -> Iterable[tuple[int, int, int]]:
    """Where tokens of `a` stand in `b`: the start in both, and how many."""
    shortest = min(len(a), len(b))
    head = next((i for i in range(shortest) if a[i] != b[i]), shortest)
    tail = next((i for i in range(shortest - head) if a[-1 - i] != b[-1 - i]), shortest - head)
    yield 0, 0, head
    yield len(a) - tail, len(b) - tail, tail
    middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
    if len(middle_a) * len(middle_b) <= _LIMIT:
        for match in SequenceMatcher(None, middle_a, middle_b, autojunk=False).get_matching_blocks():
            yield head + match.a, head + match.b, match.size


def _spans(tokens: Sequence[str], kept: Sequence[bool]) -> tuple[Span, ...]:
    """Tokens joined as far as they share their fate. A space between two changes is part of the change."""
    changed = [not keep for keep in kept]
    for i in range(1, len(tokens) - 1):
        if tokens[i].isspace() and changed[i - 1] and not kept[i + 1]:
            changed[i] = True
    groups = groupby(range(len(tokens)), key=changed.__getitem__)
    return tuple(Span("".join(tokens[i] for i in group), state) for state, group in groups)
