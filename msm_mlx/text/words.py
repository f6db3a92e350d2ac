"""Words, phrases and sentences of a text."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def mentions(text: str, phrase: str) -> bool:
    return _phrase(phrase).search(text) is not None


def find_phrase(text: str, phrase: str) -> int:
    """Where the words of `phrase` first stand in `text`, with any space between them; -1 if they do not."""
    match = _phrase(phrase).search(text)
    return match.start() if match else -1


def without_phrase(text: str, phrase: str) -> str:
    """`text` with a space in place of the words of `phrase`."""
    return _phrase(phrase).sub(" ", text)


def mentions_any(text: str, phrases: Collection[str]) -> bool:
    return bool(phrases) and _any_phrase(tuple(phrases)).search(text) is not None


def sentences(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCE.split(text) if sentence.strip()]


def normalize(text: str) -> str:
    """`text` without case, punctuation and spacing: two texts with equal folds are the same document."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


@lru_cache(maxsize=4096)
def _phrase(phrase: str) -> re.Pattern[str]:
    """Finds the words of `phrase`, with any space between them: a writer may break lines."""
    return _any_phrase((phrase,))


@lru_cache(maxsize=64)
def _any_phrase(phrases: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
