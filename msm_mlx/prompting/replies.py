"""Reading what a writer replied. Only the last complete tag counts: small models think aloud, and start again."""

from __future__ import annotations

import re

ALIKE = 0.6  # share of the shorter text's words from which two texts are one
_NUMBERED = re.compile(r"[ \t]*(?:\d{1,2}[.):]|[-*\u2022])[ \t]+(\S.*)")
_META = re.compile(
    r"^(?:here (?:are|is)|sure|of course|certainly|okay|note that|i (?:will|can|cannot|hope))\b", re.IGNORECASE
)


def tagged(text: str, tag: str) -> str | None:
    """What stands in the last complete `<tag>...</tag>`; None where there is none."""
    end = text.rfind(f"</{tag}>")
    start = text.rfind(f"<{tag}>", 0, max(end, 0))
    return None if end < 0 or start < 0 else text[start + len(tag) + 2 : end].strip()


def listed(text: str, tag: str) -> list[str]:
    """The lines of a numbered list in the last complete `tag`, without announcements."""
    matches = map(_NUMBERED.fullmatch, (tagged(text, tag) or "").splitlines())
    lines = [" ".join(match[1].split()).strip("*\"' ") for match in matches if match]
    return [line for line in lines if not _META.search(line)]


def alike(one: str, other: str) -> bool:
    """Whether two short texts say the same in much the same words."""
    a, b = _words(one), _words(other)
    return len(a & b) >= ALIKE * max(min(len(a), len(b)), 1)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 3}


def strip_thinking(text: str) -> str:
    """A reply without the thought that it begins with, if it marks one as thinking models do."""
    return text.rpartition("</think>")[2]
