"""Ids of sections and assertions: slugs of what they are called, which do not shift when others are added."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from msm_mlx.text.scripts import MARKS

MAX_SLUG = 80  # characters: ids stand in tables and file names
_NOTHING = "section"
_ACCENT = re.compile("(?<=[A-Za-z\u0370-\u03ff])[\u0300-\u036f]+")  # with ignored case, U+0345 would be iota
_WORD = re.compile(rf"(?:[^\W_][{MARKS}\u200c\u200d]*)+")  # with the vowel signs of scripts that have them


class Ids:
    """Ids that have been given: one that is taken is not given again."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, name: str) -> str:
        """`name`, with a number where it is taken."""
        candidate, count = name, 1
        while candidate in self._taken:
            count += 1
            candidate = f"{name}-{count}"
        self._taken.add(candidate)
        return candidate


def slug(heading: str) -> str:
    """The words of a heading in small letters, joined by hyphens; what has no letter gets a digest of itself."""
    plain = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFKD", heading)))
    words = "-".join(_WORD.findall(plain.casefold()))
    if not words:
        return f"{_NOTHING}-{_digest(heading)}"
    return words if len(words) <= MAX_SLUG else f"{words[: MAX_SLUG - 7].rstrip('-')}-{_digest(heading)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
