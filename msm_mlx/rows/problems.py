"""A row of data, and what is wrong with rows, so that those with the same fault can be told together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.errors import RecipeError
from msm_mlx.text.problem_lines import group_problems

SHOWN = 3  # lines of a kind that are named


@dataclass(frozen=True)
class DataRow:
    """One record with where it stands; `line` is the number of the row in a table of parquet."""

    file: Path
    line: int
    content: dict[str, Any]


@dataclass(frozen=True)
class RowProblem:
    """One thing that is wrong with one row: in full, and its kind, which is said of a row, as "has no reply"."""

    file: Path
    line: int
    kind: str
    message: str
    ends_file: bool = False
    """Whether nothing behind it could be read either."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class RowError(RecipeError):
    """Rows that cannot be used, with a line for each problem."""

    def __init__(self, problems: Iterable[RowProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))


def refuse_bad_rows(source: str, bad: Sequence[RowProblem], rows: int, most: float) -> None:
    """Make sure that of all `rows` of a source at most the share `most` is bad, and that it was read to its end.

    Raises:
        RecipeError: with a line for every kind of problem.
    """
    cut_off = any(problem.ends_file for problem in bad)
    if len(bad) <= most * rows and not cut_off:
        return
    lines = group_problems(map(str, bad))
    if len(bad) < rows and not cut_off:
        lines.insert(
            0,
            f"{source}: {len(bad):,} of {rows:,} rows cannot be used, and bad_rows leaves out {100 * most:g}% at most; "
            "mend them, or raise bad_rows",
        )
    raise RecipeError("\n".join(lines))


def count_problems(problems: Iterable[RowProblem]) -> str:
    """All kinds in one sentence, the most frequent first: `uses tools: 2 rows (lines 3, 9), has no reply: ...`."""
    kinds: dict[str, list[int]] = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append(problem.line)
    by_size = sorted(kinds.items(), key=lambda kind: -len(kind[1]))
    return ", ".join(f"{kind}: {_rows(lines)}" for kind, lines in by_size)


def _rows(lines: list[int]) -> str:
    if len(lines) == 1:
        return f"1 row (line {lines[0]})"
    more = ", ..." if len(lines) > SHOWN else ""
    return f"{len(lines):,} rows (lines {', '.join(map(str, lines[:SHOWN]))}{more})"
