"""Votes on disk and what they come to."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msm_mlx.compare.votes import CHOICES, Vote, VoteChoice, append_vote, read_votes, shuffle_sides, summarize, wilson
from msm_mlx.errors import RecipeError, SetupError


def vote(choice: VoteChoice, left: str = "sft", right: str = "msm+sft", prompt: str = "Which?") -> Vote:
    return Vote(prompt, left, right, choice, seed=3, seconds=1.5, at="2030-01-02T03:04:05+00:00")


# --- intervals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(18, 20, 0.699, 0.972), (0, 30, 0.0, 0.114), (30, 30, 0.886, 1.0), (1, 2, 0.095, 0.905), (50, 100, 0.404, 0.596)],
)
def test_wilson_intervals_that_are_known(successes: int, n: int, low: float, high: float) -> None:
    found = wilson(successes, n)

    assert (found.value, found.n) == (successes / n, n)
    assert found.ci_low == pytest.approx(low, abs=6e-4)
    assert found.ci_high == pytest.approx(high, abs=6e-4)


@given(n=st.integers(1, 500), data=st.data())
def test_wilson_bounds_solve_the_equation_they_come_from(n: int, data: st.DataObject) -> None:
    """At both ends of the interval the share that was seen is 1.96 standard errors away."""
    successes = data.draw(st.integers(0, n))
    found = wilson(successes, n)
    assert 0 <= found.ci_low <= found.value <= found.ci_high <= 1
    for p in (found.ci_low, found.ci_high):
        if 0 < p < 1:
            assert abs(found.value - p) == pytest.approx(1.959964 * (p * (1 - p) / n) ** 0.5, rel=1e-4, abs=1e-9)


def test_of_nothing_nothing_is_known() -> None:
    found = wilson(0, 0)
    assert found.value != found.value
    assert (found.ci_low, found.ci_high, found.n) == (0.0, 1.0, 0)


# --- summary -------------------------------------------------------------------------------------------------------


def test_the_summary_counts_for_arms_and_not_for_sides() -> None:
    votes = [
        *[vote("a")] * 3,  # sft on the left wins
        *[vote("b")] * 5,
        *[vote("a", left="msm+sft", right="sft")] * 4,
        vote("b", left="msm+sft", right="sft"),
        *[vote("tie")] * 2,
        vote("both bad", left="msm+sft", right="sft"),
    ]
    summary = summarize(votes)
    (duel,) = summary.duels

    assert (duel.a, duel.b, duel.a_wins, duel.b_wins) == ("msm+sft", "sft", 9, 4)
    assert (duel.ties, duel.both_bad) == (2, 1)
    assert duel.rate == wilson(9, 13)
    assert (summary.votes, summary.ties) == (16, 2)
    assert summary.both_bad == wilson(1, 16)
    assert summary.left == wilson(7, 13)


def test_every_pair_of_arms_has_its_own_line() -> None:
    summary = summarize([vote("a", "x", "y"), vote("b", "z", "x"), vote("b", "y", "x")])

    assert [(duel.a, duel.b, duel.a_wins, duel.b_wins) for duel in summary.duels] == [
        ("x", "y", 2, 0),
        ("x", "z", 1, 0),
    ]


def test_no_votes() -> None:
    summary = summarize([])
    assert (summary.votes, summary.duels, summary.left.n) == (0, (), 0)


@given(choices=st.lists(st.sampled_from(CHOICES)))
def test_every_vote_is_counted_once(choices: list[VoteChoice]) -> None:
    summary = summarize([vote(choice) for choice in choices])
    counted = sum(duel.a_wins + duel.b_wins + duel.ties + duel.both_bad for duel in summary.duels)
    assert counted == summary.votes == len(choices)


# --- sides ---------------------------------------------------------------------------------------------------------


def test_sides_are_shuffled_evenly_and_repeatably() -> None:
    rng = random.Random(1)
    dealt = [shuffle_sides(("x", "y"), rng) for _ in range(400)]

    assert 160 < Counter(dealt)["x", "y"] < 240
    again = random.Random(1)
    assert dealt == [shuffle_sides(("x", "y"), again) for _ in range(400)]
    assert {tuple(sorted(sides)) for sides in dealt} == {("x", "y")}


# --- the file ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["Which?", "zwei\nZeilen \u202e \x1b[31m", "\ud800 and \udcff", "日本語"])
def test_votes_come_back_as_they_were_given(tmp_path: Path, prompt: str) -> None:
    path = tmp_path / "evaluation" / "votes.jsonl"
    votes = tuple(vote(choice, prompt=prompt) for choice in CHOICES)
    for each in votes:
        append_vote(path, each)

    assert read_votes(path) == votes
    assert path.read_bytes().isascii()
    assert path.read_text(encoding="utf-8").count("\n") == len(votes)


def test_no_file_is_no_votes(tmp_path: Path) -> None:
    assert read_votes(tmp_path / "votes.jsonl") == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"choice": "c"}, "'c' between"),
        ({"choice": ["a"]}, "not a vote"),
        ({"left": "msm+sft"}, r"'msm\+sft' and 'msm\+sft'"),
        ({"seed": None}, "TypeError"),
        ({"seconds": "soon"}, "ValueError"),
        (None, "not a JSON object"),
    ],
)
def test_a_line_that_is_no_vote_is_told_with_its_place(
    tmp_path: Path, changes: dict[str, object] | None, reason: str
) -> None:
    line = "{" if changes is None else json.dumps(asdict(vote("a")) | changes)
    path = tmp_path / "votes.jsonl"
    append_vote(path, vote("a"))
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")

    with pytest.raises(RecipeError, match=rf"votes\.jsonl:2: .*{reason}"):
        read_votes(path)


def test_a_vote_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "evaluation").write_text("in the way", encoding="utf-8")

    with pytest.raises(SetupError, match="evaluation"):
        append_vote(tmp_path / "evaluation" / "votes.jsonl", vote("a"))
