"""Characters that nobody sees, and those among them that a script needs."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = frozenset(("Cc", "Cf", "Co", "Cs"))  # Unicode's categories of control, format, private and broken characters
_EMOJI = "\u00a9\u00ae\u203c-\u3299\ufe0f\u20e3\U0001f000-\U0001faff"
_JOINED_EMOJI = re.compile(f"(?<=[{_EMOJI}])\u200d(?=[{_EMOJI}])")
_FLAG_TAGS = re.compile("(?<=\U0001f3f4)[\U000e0020-\U000e007e]+\U000e007f")
# letters are joined or kept apart by these in the scripts of Persian, Hindi, Bengali, Tamil, Sinhala, Khmer ...
_JOINERS = re.compile(
    "(?<=[\u0600-\u08ff\ufb50-\ufeff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18af])[\u200c\u200d]"
)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u061c]")


def hidden_characters(line: str) -> set[str]:
    """The invisible and control characters of a line that its script has no use for; a tab is none."""
    if line.isascii() and line.isprintable():
        return set()
    for needed in (_JOINED_EMOJI, _FLAG_TAGS, _JOINERS):
        line = needed.sub("", line)
    if _RIGHT_TO_LEFT.search(line):
        line = _DIRECTION_MARKS.sub("", line)
    return {c for c in line if c != "\t" and unicodedata.category(c) in _HIDDEN}
