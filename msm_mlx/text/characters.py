"""Characters that nobody sees, and those among them that a script needs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from msm_mlx.text.scripts import SOUTHEAST

_HIDDEN = frozenset(("Cc", "Cf", "Co", "Cs"))  # Unicode's categories of control, format, private and broken characters
_EMOJI = "\u00a9\u00ae\u203c-\u3299\ufe0f\u20e3\U0001f000-\U0001faff"
_JOINED_EMOJI = re.compile(f"(?<=[{_EMOJI}])\u200d(?=[{_EMOJI}])")
_FLAG_TAGS = re.compile("(?<=\U0001f3f4)[\U000e0020-\U000e007e]+\U000e007f")
# letters are joined or kept apart by these in the scripts of Persian, Hindi, Bengali, Tamil, Sinhala, Khmer ...
_JOINERS = re.compile(
    "(?<=[\u0600-\u08ff\ufb50-\ufeff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18af])[\u200c\u200d]"
)
_WORD_SPACE = re.compile(f"(?<=[{SOUTHEAST}])\u200b(?=[{SOUTHEAST}])")  # between words that do not stand apart
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u061c]")
_LINE_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# byte-order mark, soft hyphen, spaces without width, joiners and marks of direction: nothing shows and nothing turns
_HARMLESS = frozenset("\ufeff\u00ad\u200b\u200c\u200d\u200e\u200f\u061c\u2060\u180e")

_NAMES = {"\ufeff": "byte-order mark"}


def hidden_characters(line: str) -> set[str]:
    """The invisible and control characters of a line that its script has no use for; a tab is none."""
    if line.isascii() and line.isprintable():
        return set()
    return {c for c in without_needed(line) if c != "\t" and unicodedata.category(c) in _HIDDEN}


def without_needed(text: str) -> str:
    """`text` without the invisible characters that its scripts and emoji need."""
    if text.isascii():
        return text
    for needed in _needed(text):
        text = needed.sub("", text)
    return text


def clean_invisible(text: str) -> tuple[str, Counter[str]]:
    """`text` without harmless invisible characters that its scripts do not need, and how many went, by name.

    Line breaks of other systems become plain ones. What may be meant to deceive, such as a change of direction, stays.
    """
    text = _LINE_BREAKS.sub("\n", text)
    if text.isascii() or _HARMLESS.isdisjoint(text):
        return text, Counter()
    needed = needed_places(text)
    removed = {place for place, c in enumerate(text) if c in _HARMLESS and place not in needed}
    names = Counter(_NAMES.get(text[place]) or unicodedata.name(text[place]).lower() for place in removed)
    return "".join(c for place, c in enumerate(text) if place not in removed), names


def needed_places(text: str) -> set[int]:
    """Where invisible characters stand that the scripts and emoji of a text need."""
    return {place for pattern in _needed(text) for match in pattern.finditer(text) for place in range(*match.span())}


def _needed(text: str) -> list[re.Pattern[str]]:
    """What finds the invisible characters that a text needs."""
    patterns = [_JOINED_EMOJI, _FLAG_TAGS, _JOINERS, _WORD_SPACE]
    return [*patterns, _DIRECTION_MARKS] if _RIGHT_TO_LEFT.search(text) else patterns
