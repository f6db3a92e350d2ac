"""A fault of a spec, and how the lines of many of one kind are told together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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


def line_ranges(lines: Iterable[int], between: Collection[int] = ()) -> str:
    """All the lines, as `lines 3-7, 12`; those in `between` may be in a range, and are not named for themselves."""
    ranges: list[list[int]] = []
    for number in sorted(set(lines)):
        if ranges and all(n in between for n in range(ranges[-1][1] + 1, number)):
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    names = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    return f"line{'s' if names[1:] or '-' in names[0] else ''} {', '.join(names)}"
