"""In which characters and which language a text is written."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from msm_mlx.text.characters import without_needed
from msm_mlx.text.languages import ENGLISH, FUNCTION_WORDS, SCRIPTS, language_of
from msm_mlx.text.words import count_words, normalize

_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f]")
_STACKED_ACCENTS = re.compile("[\u0300-\u036f\u0483-\u0489\u20d0-\u20f0]{3,}")
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))  # Unicode's categories of what is no printed character
ENGLISH_FUNCTION_WORDS = FUNCTION_WORDS[ENGLISH]
OTHER_FUNCTION_WORDS = frozenset().union(
    *(words for language, words in FUNCTION_WORDS.items() if language != ENGLISH), *(one.marks for one in SCRIPTS)
)
"""Of the other languages that are told apart: words that tell no value."""
# the scripts that Japanese and Korean mix
_TOGETHER = frozenset(("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH", "IDEOGRAPHIC", "HANGUL"))
ENGLISH_SHARE = 0.2  # share of function words from which an assertion is English
MIN_WORDS = 12  # of a text, from which that share tells something


def control_characters(text: str) -> list[str]:
    """Characters that are no text, by name: terminal commands, direction marks, invisible and broken ones.

    Those that a script or an emoji needs are text: the joiners of Persian and of Indic scripts among them.
    """
    marks = _CONTROL.findall(text)
    if not text.isascii():
        rest = without_needed(text)
        marks += [c for c in rest if ord(c) > 127 and (unicodedata.category(c) in _INVISIBLE or c == "\ufffd")]
    names = [f"U+{ord(mark):04X} {unicodedata.name(mark, '')}".strip() for mark in marks]
    return names + ["accents on top of each other"] * len(_STACKED_ACCENTS.findall(text))


def function_word_share(text: str) -> float:
    """The share of words that are English function words: about two in five of prose, hardly any in other languages."""
    words = normalize(text).split()
    return sum(word in ENGLISH_FUNCTION_WORDS for word in words) / max(len(words), 1)


def is_english(assertion: str) -> bool:
    """Whether an assertion is English, by its function words; "a" and "is" are words of Hungarian too."""
    different = ENGLISH_FUNCTION_WORDS.intersection(normalize(assertion).split())
    return len(different) >= (2 if assertion.isascii() else 3) and function_word_share(assertion) >= ENGLISH_SHARE


def is_other_language(text: str, assertion: str, min_share: float) -> bool:
    """Whether `text` is in another language than the assertion: if that is English, whether it has fewer function words
    than `min_share`; else whether both are known, and differ. Of a text of a few words, nothing is."""
    if count_words(text) < MIN_WORDS:
        return False
    if is_english(assertion):
        return ENGLISH_SHARE > min_share > function_word_share(text)
    language, other = language_of(assertion), language_of(text)
    return None not in (language, other) and ENGLISH != language != other


def foreign_script_share(text: str, assertion: str) -> float:
    """The share of the letters of `text` in scripts that are neither Latin nor those of `assertion`."""
    if text.isascii():
        return 0.0
    scripts = {_script(c) for c in assertion if c.isalpha()} | {"LATIN"}
    if scripts & _TOGETHER:
        scripts |= _TOGETHER
    letters = [c for c in text if c.isalpha()]
    return sum(not c.isascii() and _script(c) not in scripts for c in letters) / max(len(letters), 1)


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "UNKNOWN").split()[0]
