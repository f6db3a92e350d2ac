"""Reads the replies of models. Only the last complete tag counts, because small models plan aloud and start again."""

from __future__ import annotations

import re

# how the families write a thought: DeepSeek, Qwen, GLM and others; Kimi; Mistral; Seed; Cohere; GPT-OSS; Gemma
# `<reasoning>` is none of them: written demonstrations have it on purpose
_THOUGHT_START = re.compile(
    r"\s*(?:<(?:think|thinking|thoughts?)>|\u25c1think\u25b7|\[THINK\]|<seed:think>|<\|START_THINKING\|>|"
    r"<\|channel\|>analysis|<\|channel>thought|<unused94>)",
    re.IGNORECASE,
)
_THOUGHT_END = re.compile(
    r"</(?:think|thinking|thoughts?)>|\u25c1/think\u25b7|\[/THINK\]|</seed:think>|<\|END_THINKING\|>|"
    r"<\|channel\|>final(?:<\|message\|>)?|<channel\|>|<unused95>",
    re.IGNORECASE,
)
SIMILAR_SHARE = 0.6  # of the words of the shorter text that stand in the other too
_NUMBERED = re.compile(r"[ \t]*(?:\d{1,2}[.):]|[-*\u2022])[ \t]+(\S.*)")
_META = re.compile(
    r"^(?:here (?:are|is)|sure|of course|certainly|okay|note that|i (?:will|can|cannot|hope))\b", re.IGNORECASE
)


def extract_tag(text: str, tag: str) -> str | None:
    """The text in the last complete `<tag>...</tag>` after a thought, or None without one."""
    text = strip_thinking(text)
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
    """A reply without the thoughts that it begins with.

    What opens a thought may be a part of the prompt, so that its end counts alone.
    """
    ends = [match.end() for match in _THOUGHT_END.finditer(text)]
    return text[ends[-1] :] if ends else text


def is_thinking(text: str) -> bool:
    """Whether a reply begins with a thought and never comes to its end."""
    return _THOUGHT_START.match(text) is not None and _THOUGHT_END.search(text) is None
