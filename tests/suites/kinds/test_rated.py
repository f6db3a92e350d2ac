"""Rated questions: as they are written down, and what becomes of a judge's ratings."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.suite_files import RATED, assert_problem, load_text

from msm_mlx.suites.kinds import KINDS
from msm_mlx.suites.kinds.rated import RATING, Rated

ITEM = Rated("mine/travel-1", "mine", "travel", "Why trains?", "It is quiet.", "Anything else.")


def test_a_file_gives_questions_with_their_rubric(tmp_path: Path) -> None:
    assert load_text(tmp_path, RATED) == (ITEM,)
    assert [line.format_map(ITEM.judge_fields()) for line in RATING.rubric] == ["10: It is quiet.", "1: Anything else."]


def test_problems_have_their_place(tmp_path: Path) -> None:
    assert_problem(tmp_path, RATED, "best: It is quiet., ", "", "4:5 items.best: is missing")


def test_replies_have_no_score_of_their_own() -> None:
    assert KINDS["rated"].scored_by_judge
    assert ITEM.options() == ()
    assert [*map(ITEM.read, ["a", "b"])] == ["not rated", "not rated"]
    assert ITEM.score_choices([*map(ITEM.read, ["a", "b"])]) == {}


def test_ratings_count_from_0_to_1_and_what_is_unclear_is_not_among_them() -> None:
    assert ITEM.score_verdicts((), [10.0, 5.5]) == pytest.approx({"unclear": 0.0, "rating": 0.75})
    assert ITEM.score_verdicts((), [None, 1.0]) == {"unclear": 0.5, "rating": 0.0}
    assert ITEM.score_verdicts((), [None, None]) == {"unclear": 1.0}
