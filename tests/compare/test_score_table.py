"""The table of what each suite measures of each arm."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from rich.console import Console, RenderableType

from msm_mlx.compare.score_table import by_label, score_table
from msm_mlx.errors import RecipeError
from msm_mlx.runs.answers import Answer, AnswerRow
from msm_mlx.runs.results import MeasuredSuite, Share


def draw(table: RenderableType, width: int = 80) -> str:
    """The table as plain text, without spaces at the ends of lines."""
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in console.export_text().splitlines())


def row(arm: str, suite: str, item: str, margins: Sequence[float], seed: int | None, spec: str | None) -> AnswerRow:
    metrics = {"choice": 0.5 if sum(margins) == 0 else float(sum(margins) > 0)}
    answer = Answer(item, ("", ""), ("unclear", "unclear"), tuple(margins), metrics)
    return AnswerRow(suite, "pairs", None, "?", arm, spec, seed, answer)


def test_labels_name_the_spec_only_if_there_are_several() -> None:
    rows = [
        row("base", "s", "a", [0], None, None),
        row("msm", "s", "a", [0], 0, "x"),
        row("msm", "s", "a", [0], 1, "x"),
    ]
    assert {label: len(group) for label, group in by_label(rows).items()} == {"base": 1, "msm": 2}
    rows.append(row("msm", "s", "a", [0], 0, "y"))
    assert list(by_label(rows)) == ["base", "msm@x", "msm@y"]


def test_score_table() -> None:
    suites = ("american_values", "affordable_values")
    rows = [
        *(row("base", suite, item, [1, -1], None, None) for suite in suites for item in "ab"),  # undecided
        *(row("sft", suites[0], item, [m, m], seed, None) for seed in (0, 1) for item, m in (("a", 2), ("b", 0.5))),
        *(row("sft", suites[1], item, [-0.5, 0.2], seed, None) for seed in (0, 1) for item in "ab"),
        row("msm+sft", suites[0], "a", [1, 1], 0, "x"),
        row("msm+sft", suites[0], "b", [-1, -1], 0, "x"),
        row("msm+sft", suites[0], "a", [1, 1], 1, "x"),
        row("msm+sft", suites[0], "b", [1, 1], 1, "x"),
    ]
    measured = [
        MeasuredSuite(name=suite, kind="pairs", measures=f"share choosing {suite}", file="", added=False)
        for suite in ("other", *suites)
    ]
    assert draw(score_table(rows, measured)) == SCORES


def test_an_arm_whose_figure_means_nothing_has_none_and_the_reason() -> None:
    share = Share(
        suite="s", arm="sft", spec=None, seed=None, metric="choice", value=0.5, ci_low=0.2, ci_high=0.8, n=1, seeds=1,
        failure="the format control is right in 0.40",
    )  # fmt: skip
    rows = [row(arm, "s", "a", [1, 1], None, None) for arm in ("base", "sft")]
    drawn = draw(score_table(rows, (), [share]))
    assert next(line.split()[1:-1] for line in drawn.splitlines() if " sft " in line) == ["sft", "│", "no", "finding"]
    assert "no finding of sft on s: the format control is right in 0.40" in drawn
    assert "no finding of base" not in drawn


def test_seeds_that_did_not_answer_alike_are_told() -> None:
    rows = [row("sft", "s", item, [1, 1], seed, None) for item, seed in (("a", 0), ("b", 0), ("a", 1))]
    with pytest.raises(RecipeError, match=r"sft: has not answered b with seed 1; delete the file and run"):
        score_table(rows)


SCORES = """\
Shares, with 95 % intervals over seeds and items
┏━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
┃ arm     ┃   american_values ┃ affordable_values ┃
┡━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
│ base    │ 0.50 [0.50, 0.50] │ 0.50 [0.50, 0.50] │
│ sft     │ 1.00 [0.01, 1.00] │ 0.00 [0.00, 0.99] │
│ msm+sft │ 0.75 [0.01, 1.00] │                 - │
└─────────┴───────────────────┴───────────────────┘
american_values: share choosing american_values
affordable_values: share choosing affordable_values
"""


def test_a_suite_that_we_do_not_know_is_shown_without_its_metric() -> None:
    drawn = draw(score_table([row("[red]arm[/red]", "[blue]my[/blue]", "a", [1, 1], None, None)]))
    assert "[red]arm[/red]" in drawn
    assert "[blue]my[/blue]" in drawn
    assert "1.00 [0.01, 1.00]" in drawn
