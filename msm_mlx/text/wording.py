"""Words for people: a value on one line, and what a misspelt one was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def closest(word: object, choices: Iterable[str]) -> str | None:
    """The choice that was probably meant, if any is near."""
    return next(iter(difflib.get_close_matches(str(word), list(choices), n=1)), None)


def did_you_mean(word: object, choices: Iterable[str]) -> str:
    """` (did you mean …?)`, or nothing when no choice is near."""
    near = closest(word, choices)
    return f" (did you mean {near}?)" if near else ""


def error_line(error: BaseException) -> str:
    """The kind of an error and the first line of what it says: `ValueError: [matmul] Last dimension`."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


def describe(value: object) -> str:
    """A value as a person would name it, short enough for one line."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case int() if abs(value) >= 10**40:
            return "a very long number"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…{text[0]}"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, or `a, b and c`; empty for none."""
    *first, last = parts or [""]
    return f"{', '.join(first)} and {last}" if first else last


def shortened(parts: Sequence[str], most: int) -> list[str]:
    """The parts, or the first of them and how many more there are, if there are more than `most`."""
    return list(parts) if len(parts) <= most else [*parts[: most - 1], f"{len(parts) - most + 1} more"]


def first_sentence(text: str) -> str:
    """Up to the first full stop with a space behind it, which is all of a text that has none."""
    return f"{text.partition('. ')[0].removesuffix('.')}."


def cut(text: str, most: int) -> str:
    """The text, or its first `most` characters and an ellipsis if it is longer."""
    return text if len(text) <= most else f"{text[:most]} ..."


def human_time(seconds: float) -> str:
    """A time in words, with no more digits than an estimate deserves."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
