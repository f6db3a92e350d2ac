"""Answers that a report shows: those that differ most, and some at random."""

from __future__ import annotations

from pathlib import Path

import pytest

from msm_mlx.report.examples import MAX_EXAMPLES, Side, at_random, most_different, pair_sides
from msm_mlx.runs.finished import open_run


@pytest.fixture
def sides(run: Path) -> list[Side]:
    finished = open_run(run)
    return pair_sides(finished, finished.answers)


def test_a_side_has_the_answers_of_the_first_seed_to_one_item(sides: list[Side]) -> None:
    assert len(sides) == 20
    for side in sides:
        assert list(side) == ["base", "sft", "msm", "msm+sft"]
        assert len({row.item for row in side.values()}) == 1
        assert {row.seed for row in side.values()} == {None, 0}


def test_the_largest_differences_are_shown_and_the_largest_first(sides: list[Side]) -> None:
    def spread(side: Side) -> float:
        means = [sum(row.answer.margins) / 2 for row in side.values()]
        return max(means) - min(means)

    shown = [spread(side) for side in most_different(sides, "apart")]
    assert shown == sorted(map(spread, sides), reverse=True)[:MAX_EXAMPLES]
    assert most_different(sides, "another suite") == []


def test_what_is_drawn_at_random_is_drawn_again_alike(sides: list[Side]) -> None:
    assert at_random(sides) == at_random(sides) != at_random(sides, seed=1)
    assert len(at_random(sides)) == MAX_EXAMPLES
    assert len(at_random(sides[:2])) == 2
