"""Answers that are shown: those that differ most, and a stated share of others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from msm_mlx.files import write_jsonl
from msm_mlx.report.examples import Examples, Side, choose_examples, pair_sides, reply_of
from msm_mlx.runs.finished import FinishedRun, open_run
from msm_mlx.runs.layout import ANSWERS


@pytest.fixture
def finished(run: Path) -> FinishedRun:
    return open_run(run)


@pytest.fixture
def examples(finished: FinishedRun) -> Examples:
    chosen = choose_examples(finished, 3, 2)
    assert chosen is not None
    return chosen


def test_a_side_has_the_answers_of_the_first_seed_to_one_item(finished: FinishedRun) -> None:
    sides = pair_sides(finished, finished.answers)
    assert len(sides) == 20
    for side in sides:
        assert list(side) == ["base", "sft", "msm", "msm+sft"]
        assert len({row.item for row in side.values()}) == 1
        assert {row.seed for row in side.values()} == {None, 0}


def test_the_largest_differences_are_those_of_the_score_and_then_of_the_log_odds(
    finished: FinishedRun, examples: Examples
) -> None:
    def apart(side: Side) -> tuple[float, float]:
        a, b = side["msm+sft"], side["sft"]
        return abs(a.answer.metrics["choice"] - b.answer.metrics["choice"]), abs((a.margin or 0) - (b.margin or 0))

    sides = pair_sides(finished, finished.answers)
    assert [apart(side) for side in examples.largest] == sorted(map(apart, sides), reverse=True)[:3]
    assert (examples.a, examples.b) == ("msm+sft", "sft")


def test_the_share_of_ordinary_ones_is_stated_and_they_are_drawn_again_alike(
    finished: FinishedRun, examples: Examples
) -> None:
    assert examples.rule_of_largest == (
        "3 of 20 prompts of apart: those on which msm+sft and sft differ most, first seed"
    )
    assert examples.rule_of_ordinary == "2 of the other 17, drawn by seed"
    assert not {side["sft"].item for side in examples.largest} & {side["sft"].item for side in examples.ordinary}
    assert choose_examples(finished, 3, 2) == examples


def test_all_others_are_called_so(finished: FinishedRun) -> None:
    chosen = choose_examples(finished, 3, 30)
    assert chosen is not None
    assert chosen.rule_of_ordinary == "The others"
    assert len(chosen.ordinary) == 17


def test_arms_that_answer_alike_are_told_so(finished: FinishedRun) -> None:
    alike = {row.item: row.answer for row in finished.answers if row.arm == "sft"}
    path = finished.folder / ANSWERS
    write_jsonl(path, [replace(row, answer=alike[row.item]).plain() for row in finished.answers])
    chosen = choose_examples(open_run(finished.folder), 3, 2)
    assert chosen is not None
    assert chosen.largest == ()
    assert chosen.rule_of_ordinary == "2 of 20 prompts of apart, drawn by seed: msm+sft and sft differ on none"


def test_a_run_without_answers_has_no_examples(finished: FinishedRun) -> None:
    (finished.folder / ANSWERS).unlink()
    assert choose_examples(open_run(finished.folder), 3, 2) is None


@pytest.mark.parametrize(
    ("margins", "text"),
    [((2.0, 1.0), "(a0: likelier by 1.5 nats)"), ((-3.0, 1.0), "(b0: likelier by 1.0 nats)"), ((), "(not written)")],
)
def test_what_was_not_written_is_told_by_what_is_likelier(
    finished: FinishedRun, margins: tuple[float, ...], text: str
) -> None:
    row = finished.answers[0]
    assert reply_of(row) == "I prefer a."
    assert reply_of(replace(row, answer=replace(row.answer, written=(), margins=margins))) == text
