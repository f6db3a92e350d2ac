"""Comparisons as Markdown and as JSON. Nothing that a model wrote is a command to whatever shows the file."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msm_mlx.text.terminal import literal


@dataclass(frozen=True)
class Comparison:
    """One prompt with the arms' answers to it, and the log-odds of the item's target where there is one."""

    prompt: str
    answers: Mapping[str, str]
    margins: Mapping[str, float | None]
    seed: int
    temperature: float


def to_markdown(comparisons: Sequence[Comparison]) -> str:
    """A page with a section for each prompt; prompts and answers stand in code blocks, control characters escaped."""
    return "\n".join(["# Answers side by side", "", *(_section(n, c) for n, c in enumerate(comparisons, start=1))])


def _section(number: int, comparison: Comparison) -> str:
    how = "greedily" if comparison.temperature == 0 else f"at temperature {comparison.temperature:g}"
    parts = [f"## Prompt {number}", fenced(comparison.prompt), f"Answered {how}, seed {comparison.seed}."]
    for label, answer in comparison.answers.items():
        margin = comparison.margins.get(label)
        odds = "" if margin is None else f" · log-odds of the target {margin:+.2f} nats"
        parts += [f"### {inline_code(label)}{odds}", fenced(answer)]
    return "".join(f"{part}\n\n" for part in parts)


def fenced(text: str) -> str:
    """A code block that shows `text`, whatever fences it holds itself."""
    escaped = literal(text).plain
    fence = "`" * max(3, _longest_run(escaped) + 1)
    return f"{fence}text\n{escaped}\n{fence}"


def inline_code(text: str) -> str:
    """A code span that shows `text` on one line, whatever backticks it holds itself."""
    escaped = literal(text).plain.replace("\n", "\\n")
    ticks = "`" * (_longest_run(escaped) + 1)
    padding = " " if "`" in escaped or not escaped.strip() else ""
    return f"{ticks}{padding}{escaped}{padding}{ticks}"


def _longest_run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def to_json(comparisons: Sequence[Comparison]) -> str:
    """The same for programs: `{"comparisons": [{"prompt": …, "answers": {…}, "margins": {…}, …}]}`."""
    return safe_json({"comparisons": [vars(comparison) for comparison in comparisons]})


def safe_json(content: object) -> str:
    """JSON in which control, formatting and separator characters are escaped too, so that a terminal can show it.

    It reads back as what was given; a number that JSON does not have becomes null.
    """
    text = json.dumps(_finite(content), indent=2, ensure_ascii=False)
    return "".join(c if c == "\n" or not _escapes(c) else json.dumps(c)[1:-1] for c in text)


def _escapes(character: str) -> bool:
    """Whether it is no text; the line and paragraph separators end lines of JavaScript, and of Python's splitlines."""
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
