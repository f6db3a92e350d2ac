"""Comparisons as Markdown and as JSON. Nothing that a model wrote is a command to whatever shows the file."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, Protocol

from msm_mlx.text.terminal import literal


@dataclass(frozen=True)
class Comparison:
    """One prompt with the arms' answers to it, and the log-odds of the item's target where there is one."""

    prompt: str
    answers: Mapping[str, str]
    margins: Mapping[str, float | None]
    seed: int
    temperature: float
    max_tokens: int | None = None
    """None of what the evaluation has asked."""
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    system: str | None = None
    """The system prompt in place of the usual one; empty for none."""
    prefill: str = ""
    """The words that the answers had to begin with."""

    @property
    def settings(self) -> dict[str, Any]:
        """How it was asked, apart from the seed; what is as usual is left out."""
        usual = {one.name: one.default for one in fields(self) if one.default is not MISSING}
        own = {name: value for name, default in usual.items() if (value := getattr(self, name)) != default}
        return {"temperature": self.temperature, **own}


def to_markdown(comparisons: Sequence[Comparison]) -> str:
    """A page with a section for each prompt; prompts and answers stand in code blocks, control characters escaped."""
    return "\n".join(["# Answers side by side", "", *(_section(n, c) for n, c in enumerate(comparisons, start=1))])


def _section(number: int, comparison: Comparison) -> str:
    parts = [f"## Prompt {number}", fenced(comparison.prompt), f"Answered {answered_in_words(comparison)}."]
    if comparison.system is not None:
        parts.append("Without a system prompt." if not comparison.system else "With the system prompt:")
        parts += [fenced(comparison.system)] if comparison.system else []
    if comparison.prefill:
        parts += ["The answers had to begin with:", fenced(comparison.prefill)]
    for label, answer in comparison.answers.items():
        margin = comparison.margins.get(label)
        odds = "" if margin is None else f" · log-odds of the target {margin:+.2f} nats"
        parts += [f"### {inline_code(label)}{odds}", fenced(answer)]
    return "".join(f"{part}\n\n" for part in parts)


class HasSampling(Protocol):
    """What says how answers were drawn."""

    @property
    def seed(self) -> int: ...
    @property
    def temperature(self) -> float: ...
    @property
    def max_tokens(self) -> int | None: ...
    @property
    def top_p(self) -> float: ...
    @property
    def top_k(self) -> int: ...
    @property
    def min_p(self) -> float: ...


def answered_in_words(answers: HasSampling) -> str:
    """`greedily, seed 0, at most 200 tokens`; without a temperature nothing is filtered."""
    how = "greedily" if answers.temperature == 0 else f"at temperature {answers.temperature:g}"
    parts = [how, *filters_in_words(answers), f"seed {answers.seed}"]
    return ", ".join([*parts, *([f"at most {answers.max_tokens} tokens"] if answers.max_tokens else [])])


def filters_in_words(answers: HasSampling) -> list[str]:
    """What of the sampling is not as it would be without a filter; nothing without a temperature."""
    filters = {"top_p": (answers.top_p, 1.0), "top_k": (answers.top_k, 0), "min_p": (answers.min_p, 0.0)}
    return [f"{name} {value:g}" for name, (value, usual) in filters.items() if answers.temperature and value != usual]


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
