"""What is wrong with rows: a line for each problem, or all kinds in one sentence."""

from __future__ import annotations

from pathlib import Path

from msm_mlx.rows.problems import RowError, RowProblem, count_problems


def problems(kind: str, *lines: int) -> list[RowProblem]:
    return [RowProblem(Path("a.jsonl"), line, kind, f"message 2 {kind}") for line in lines]


def test_every_problem_has_its_line() -> None:
    assert str(RowError(problems("is empty", 3, 9))).splitlines() == [
        "a.jsonl:3: message 2 is empty",
        "a.jsonl:9: message 2 is empty",
    ]


def test_kinds_are_counted_with_the_most_frequent_first() -> None:
    rows = [*problems("has no reply", 3), *problems("uses tools", 4, 9), *problems("is no chat", *range(10, 1900))]

    assert count_problems(rows) == (
        "is no chat: 1,890 rows (lines 10, 11, 12, ...), uses tools: 2 rows (lines 4, 9), has no reply: 1 row (line 3)"
    )
