"""Writing systems: what a word is where words stand apart, and where they do not.

Ranges are those of Unicode 16; the marks are its categories Mn and Mc in the blocks of scripts that people write today.
"""

from __future__ import annotations

import re

# without spaces between words: Chinese characters and kana; Thai, Lao, Tibetan, Burmese, Khmer
CJK = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
SOUTHEAST = "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
UNSPACED = CJK + SOUTHEAST
HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # words stand apart, with their particles
LATIN = "0-9A-Za-z_\u00aa\u00b5\u00ba\u00c0-\u024f\u1e00-\u1eff"
# parts of words that are no letters by themselves: accents, vowel signs, points
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u0900-\u0903\u093a-\u093c\u093e-\u094f\u0951-\u0957"
    "\u0962\u0963\u0981-\u0983\u09bc\u09be-\u09cd\u09d7\u09e2\u09e3\u0a01-\u0a03\u0a3c-\u0a51\u0a70\u0a71\u0a75"
    "\u0a81-\u0a83\u0abc\u0abe-\u0acd\u0ae2\u0ae3\u0b01-\u0b03\u0b3c\u0b3e-\u0b57\u0b62\u0b63\u0b82\u0bbe-\u0bcd\u0bd7"
    "\u0c00-\u0c04\u0c3c\u0c3e-\u0c56\u0c62\u0c63\u0c81-\u0c83\u0cbc\u0cbe-\u0cd6\u0ce2\u0ce3\u0d00-\u0d03\u0d3b\u0d3c"
    "\u0d3e-\u0d4d\u0d57\u0d62\u0d63\u0d81-\u0d83\u0dca-\u0ddf\u0df2\u0df3\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1"
    "\u0eb4-\u0ebc\u0ec8-\u0ece\u0f18\u0f19\u0f35\u0f37\u0f39\u0f71-\u0f84\u0f8d-\u0fbc\u102b-\u103e\u1056-\u1059"
    "\u105e-\u1064\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d\u17b4-\u17d3\u17dd\u3099\u309a"
)
# what ends a sentence, before a space or without one
ENDS = "\u3002\uff01\uff1f\uff0e\uff61\u0964\u0965\u06d4\u061f\u1362\u104b\u17d4\u17d5\u0589"
CLOSING = "\"'\u2019\u201d)*_\\]\u300d\u300f\uff09\u3011\u300b"
LETTERS_PER_WORD = {"cjk": 2, "southeast": 3}  # of running text, a letter with its marks as one

_TOKEN = re.compile(rf"[{CJK}]|(?=[{SOUTHEAST}])[^\W_][{MARKS}]*|(?:(?![{UNSPACED}])[^\W_][{MARKS}]*)+")
_CJK, _SOUTHEAST = re.compile(f"[{CJK}]"), re.compile(rf"(?=[{SOUTHEAST}])\w")
_JOINERS = dict.fromkeys((0x200C, 0x200D, 0xAD))  # that part no words


def ends_unspaced(text: str) -> bool:
    """Whether a text ends in a script without spaces between words, or with one of its stops."""
    return bool(re.search(f"[{UNSPACED}{ENDS}{CLOSING}]\\Z", text)) and bool(re.search(f"[{UNSPACED}]", text))


def word_tokens(text: str) -> list[str]:
    """The words of a text; its letters, each with its marks, where words do not stand apart."""
    return _TOKEN.findall(text if text.isascii() else text.translate(_JOINERS))


def letters_per_word(text: str) -> int:
    """How many of the `word_tokens` of a text make one word: 1, unless most are letters of words that do not stand
    apart."""
    if text.isascii():
        return 1
    cjk, southeast = len(_CJK.findall(text)), len(_SOUTHEAST.findall(text))
    if 2 * (cjk + southeast) <= len(word_tokens(text)):
        return 1
    return LETTERS_PER_WORD["cjk" if cjk >= southeast else "southeast"]
