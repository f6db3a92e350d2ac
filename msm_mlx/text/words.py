"""Words, phrases and sentences of a text, in any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import lru_cache

from msm_mlx.text.scripts import CLOSING, ENDS, HANGUL, LATIN, MARKS, UNSPACED, letters_per_word, word_tokens

TOKENS_PER_WORD = 1.35  # of English prose, in the usual vocabularies
_SENTENCE_END = re.compile(rf"[.!?][\"\u201d\u2019')\]]*(?=\s|$)|[{ENDS}][{CLOSING}]*")
_SENTENCE = re.compile(rf"(?<=[.!?])\s+|(?<=[{ENDS}])[{CLOSING}]*\s*")


def mentions(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text`, in letters of any style: full-width and mathematical too."""
    return mentions_any(text, (phrase,))


def find_phrase(text: str, phrase: str) -> int:
    """Where the words of `phrase` first stand in `text`, with any space between them; -1 if they do not."""
    match = _phrase(phrase).search(text)
    return match.start() if match else -1


def without_phrase(text: str, phrase: str) -> str:
    """`text` with a space in place of the words of `phrase`."""
    return _phrase(phrase).sub(" ", text)


def mentions_any(text: str, phrases: Collection[str]) -> bool:
    if not phrases:
        return False
    plain = tuple(_plain_letters(phrase) for phrase in phrases)
    return _any_phrase(plain).search(_plain_letters(text)) is not None


def sentences(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCE.split(text) if sentence.strip()]


def whole_sentences(text: str) -> str:
    """`text` up to the end of its last whole sentence; empty if it has none."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]].rstrip() if ends else ""


def normalize(text: str) -> str:
    """`text` without case, punctuation and spacing: two texts with equal folds are the same document."""
    return " ".join(word_tokens(text.casefold()))


def count_words(text: str) -> int:
    """How many words a text has; where words do not stand apart, as many as its letters make on average."""
    return len(word_tokens(text.casefold())) // letters_per_word(text)


def _plain_letters(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


@lru_cache(maxsize=4096)
def _phrase(phrase: str) -> re.Pattern[str]:
    """Finds the words of `phrase`, with any space between them: a writer may break lines."""
    return _any_phrase((phrase,))


@lru_cache(maxsize=4096)
def _any_phrase(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(_bounded, phrases)), re.IGNORECASE)


def any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    """Finds the phrases as they are written, as words of their own; of several that begin at one place the first."""
    if all(map(str.isascii, phrases)):  # quicker than to look around each
        return re.compile(rf"(?<![{LATIN}])(?:{'|'.join(map(re.escape, phrases))})(?![{LATIN}])")
    return re.compile("|".join(_bounded(phrase, " ") for phrase in phrases))


def phrase_pattern(phrase: str) -> str:
    """The regular expression that finds the words of a phrase as words of their own."""
    return _bounded(phrase)


def _bounded(phrase: str, space: str = r"\s+") -> str:
    """A pattern of the phrase where it stands as words of its own, with `space` between them.

    A word ends where another script begins: Japanese and Korean particles follow a Latin name at once. In scripts
    without spaces it may stand anywhere.
    """
    words = space.join(map(re.escape, phrase.split()))
    if phrase.isascii():
        return rf"(?<![{LATIN}]){words}(?![{LATIN}])"
    return rf"(?<![^\W{UNSPACED}]){words}(?![^\W{UNSPACED}{HANGUL}]|[{MARKS}])"
