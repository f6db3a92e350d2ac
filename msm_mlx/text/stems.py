"""English words without their endings, so that `value`, `valued` and `valuing` count as one word.

The algorithm is Porter's: An algorithm for suffix stripping, Program 14(3), 1980.
"""

from __future__ import annotations

import re
from functools import lru_cache

FUNCTION_WORDS = frozenset(
    "a about above after again against ago all almost along already also although always am among an and another any "
    "anybody anyone anything anywhere are aren around as at away be because been before behind being below beside "
    "besides between beyond both but by can cannot could couldn d did didn do does doesn doing don done down during "
    "each either else enough even ever every everybody everyone everything everywhere except far few for from further "
    "had hadn has hasn have haven having he her here hers herself him himself his how however i if in indeed inside "
    "instead into is isn it its itself just least less like ll many may maybe me might mine more most much must my "
    "myself near neither never no nobody none nor not nothing now of off often on once one ones only onto or other "
    "others otherwise our ours ourselves out outside over own per perhaps quite rather re s same shall she should "
    "shouldn since so some somebody someone something sometimes somewhere soon still such t than that the their theirs "
    "them themselves then there these they this those though three through thus till to together too toward towards "
    "two under unless until up upon us ve very was wasn we well were weren what whatever when whenever where whereas "
    "wherever whether which while who whoever whole whom whose why will with within without would wouldn yes yet you "
    "your yours yourself yourselves".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_VOWEL = re.compile(r"[aeiou]|(?<=[^aeiou])y")
_DERIVED = {
    2: "ational:ate tional:tion enci:ence anci:ance izer:ize abli:able alli:al entli:ent eli:e ousli:ous ization:ize "
    "ation:ate ator:ate alism:al iveness:ive fulness:ful ousness:ous aliti:al iviti:ive biliti:ble",
    3: "icate:ic ative: alize:al iciti:ic ical:ic ful: ness:",
    4: "al: ance: ence: er: ic: able: ible: ant: ement: ment: ent: ion: ou: ism: ate: iti: ous: ive: ize:",
}
_SUFFIXES = {
    step: sorted((pair.split(":") for pair in pairs.split()), key=lambda pair: -len(pair[0]))
    for step, pairs in _DERIVED.items()
}


def content_stems(text: str) -> frozenset[str]:
    """The stems of the words of a text that say what it is about."""
    return frozenset(stem(word) for word in _WORD.findall(text.lower()) if word not in FUNCTION_WORDS)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The stem of a word in lower case; letters beyond a to z count as consonants."""
    if len(word) <= 2:
        return word
    return _tidy(_derived(_y_to_i(_inflected(_plural(word)))))


def _plural(word: str) -> str:
    """Step 1a."""
    for suffix, new in (("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")):
        if word.endswith(suffix):
            return word.removesuffix(suffix) + new
    return word


def _inflected(word: str) -> str:
    """Step 1b: endings of verbs, and what they had done to the stem."""
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for suffix in ("ed", "ing"):
        rest = word.removesuffix(suffix)
        if rest != word and _VOWEL.search(rest):
            if rest.endswith(("at", "bl", "iz")):
                return f"{rest}e"
            if _doubled(rest) and not rest.endswith(("l", "s", "z")):
                return rest[:-1]
            return f"{rest}e" if _measure(rest) == 1 and _short(rest) else rest
    return word


def _y_to_i(word: str) -> str:
    """Step 1c."""
    return f"{word[:-1]}i" if word.endswith("y") and _VOWEL.search(word[:-1]) else word


def _derived(word: str) -> str:
    """Steps 2 to 4: endings that make one kind of word of another."""
    for step, suffixes in _SUFFIXES.items():
        for suffix, new in suffixes:
            if word.endswith(suffix):
                rest = word.removesuffix(suffix)
                if _measure(rest) > (step == 4) and (suffix != "ion" or rest.endswith(("s", "t"))):
                    word = rest + new
                break
    return word


def _tidy(word: str) -> str:
    """Step 5: a last e, and a doubled l."""
    if word.endswith("e"):
        rest = word[:-1]
        if _measure(rest) > 1 or (_measure(rest) == 1 and not _short(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and _measure(word) > 1 else word


def _measure(word: str) -> int:
    """How many runs of vowels have consonants after them."""
    shape = re.sub(r"[^v]+", "c", "".join("v" if _is_vowel(word, at) else "c" for at in range(len(word))))
    return len(re.findall("v+c", shape))


def _is_vowel(word: str, at: int) -> bool:
    return word[at] in "aeiou" or (word[at] == "y" and at > 0 and word[at - 1] not in "aeiou")


def _doubled(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and word[-1] not in "aeiou"


def _short(word: str) -> bool:
    """Whether it ends with consonant, vowel, and a consonant that is not w, x or y."""
    if len(word) < 3 or word[-1] in "wxy":
        return False
    return [_is_vowel(word, at) for at in range(len(word) - 3, len(word))] == [False, True, False]
