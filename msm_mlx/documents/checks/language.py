"""In which characters and which language a text is written."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from msm_mlx.text.words import normalize

_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f]")
_EMOJI_JOINER = re.compile(
    "(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2600-\u27bf\U0001f000-\U0001faff])"
)
_STACKED_ACCENTS = re.compile("[\u0300-\u036f\u0483-\u0489\u20d0-\u20f0]{3,}")
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))  # Unicode's categories of what is no printed character
_FUNCTION_WORDS = frozenset(
    "a about after all an and any are as at be because been but by can did do does for from had has have he her his "
    "how i if in is it its more no not of on one or our out she so some than that the their them there they this to up "
    "was we were what when which who why will with would you your".split()
)
ENGLISH_SHARE = 0.2  # share of function words from which an assertion is English
MIN_WORDS = 12  # of a text, from which that share tells something


def control_characters(text: str) -> int:
    """Characters that are no text: terminal commands, direction marks, invisible and broken ones."""
    count = len(_CONTROL.findall(text))
    if text.isascii():
        return count
    text = _EMOJI_JOINER.sub("", text)
    count += sum(ord(c) > 127 and (unicodedata.category(c) in _INVISIBLE or c == "\ufffd") for c in text)
    return count + len(_STACKED_ACCENTS.findall(text))


def function_word_share(text: str) -> float:
    """The share of words that are English function words: about two in five of prose, hardly any in other languages."""
    words = normalize(text).split()
    return sum(word in _FUNCTION_WORDS for word in words) / max(len(words), 1)


def is_other_language(text: str, assertion: str, min_share: float) -> bool:
    """Whether the assertion is English, and `text` has fewer function words than `min_share`.

    Of other languages, and of texts of a few words, nothing is known.
    """
    if len(normalize(text).split()) < MIN_WORDS:
        return False
    return function_word_share(assertion) >= ENGLISH_SHARE > min_share > function_word_share(text)


def foreign_script_share(text: str, assertion: str) -> float:
    """The share of the letters of `text` in scripts that are neither Latin nor those of `assertion`."""
    if text.isascii():
        return 0.0
    scripts = {_script(c) for c in assertion if c.isalpha()} | {"LATIN"}
    letters = [c for c in text if c.isalpha()]
    return sum(not c.isascii() and _script(c) not in scripts for c in letters) / max(len(letters), 1)


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "UNKNOWN").split()[0]
