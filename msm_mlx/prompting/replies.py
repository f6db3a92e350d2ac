"""Reads the replies of models. Only the last complete tag counts, because small models plan aloud and start again."""

from __future__ import annotations

import re

SIMILAR_SHARE = 0.6  # of the words of the shorter text that stand in the other too
_NUMBERED = re.compile(r"[ \t]*(?:\d{1,2}[.):]|[-*\u2022])[ \t]+(\S.*)")
_META = re.compile(
    r"^(?:here (?:are|is)|sure|of course|certainly|okay|note that|i (?:will|can|cannot|hope))\b", re.IGNORECASE
)


def extract_tag(text: str, tag: str) -> str | None:
    """The text in the last complete `<tag>...</tag>`, or None without one."""
    end = text.rfind(f"</{tag}>")
    start = text.rfind(f"<{tag}>", 0, max(end, 0))
    return None if end < 0 or start < 0 else text[start + len(tag) + 2 : end].strip()


def extract_list(text: str, tag: str) -> list[str]:
    """The lines of the list in the last complete `<tag>...</tag>`, without lines such as "Here are five ideas"."""
    matches = map(_NUMBERED.fullmatch, (extract_tag(text, tag) or "").splitlines())
    lines = [" ".join(match[1].split()).strip("*\"' ") for match in matches if match]
    return [line for line in lines if not _META.search(line)]


def is_similar(one: str, other: str) -> bool:
    """Whether two short texts have most of their words of four or more letters in common."""
    a, b = _words(one), _words(other)
    return len(a & b) >= SIMILAR_SHARE * max(min(len(a), len(b)), 1)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 3}


def strip_thinking(text: str) -> str:
    """A reply without the thoughts that it begins with, which thinking models end with `</think>`."""
    return text.rpartition("</think>")[2]
