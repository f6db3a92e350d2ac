"""A fault of a spec, and how the lines of many of one kind are told together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MAX_LINES = 5  # that are named; the others are counted


@dataclass(frozen=True, order=True)
class Fault:
    """Something to mend: the line, a stable name for its kind, and what is wrong and what to do."""

    line: int
    kind: str
    message: str
    note: bool = False  # worth knowing, and no mistake


def named_lines(lines: Iterable[int]) -> str:
    """`line 3`, or `lines 1, 2, 3, ...`, of which only the first are named."""
    numbers = sorted(set(lines))
    first = ", ".join(map(str, numbers[:MAX_LINES]))
    return f"line{'s' if len(numbers) > 1 else ''} {first}{', ...' if len(numbers) > MAX_LINES else ''}"
