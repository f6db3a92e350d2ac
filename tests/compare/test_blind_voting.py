"""Blind votes line by line."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from rich.console import Console

from msm_mlx.compare.answer_engine import Arm
from msm_mlx.compare.blind_voting import BlindVoting, blind_pair
from msm_mlx.compare.comparison import Comparison
from msm_mlx.compare.votes import VoteSummary, read_votes
from msm_mlx.errors import RecipeError

PAIR = ("msm+sft", "sft")
COMPARISONS = [
    Comparison(f"Question {n}?", {"msm+sft": f"first answer {n}", "sft": f"second answer {n}"}, {}, 5, 0.0)
    for n in range(1, 13)
]


def hold(path: Path, lines: Sequence[str], seed: int = 0, width: int = 60) -> tuple[str, VoteSummary]:
    """What a vote with these lines shows, and its summary. The clock goes on by a second at every look."""
    file, ticks = io.StringIO(), count()
    voting = BlindVoting(Console(width=width, file=file), iter(lines), path, clock=lambda: float(next(ticks)))
    summary = voting.vote(COMPARISONS, PAIR, seed)
    return file.getvalue(), summary


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "evaluation" / "votes.jsonl"


def test_votes_are_written_with_the_arms_that_stood_there(path: Path) -> None:
    shown, summary = hold(path, ["a", "B", " t ", "x", "s", "q", "a"])
    votes = read_votes(path)

    assert [vote.choice for vote in votes] == ["a", "b", "tie", "both bad"]
    assert [vote.prompt for vote in votes] == [f"Question {n}?" for n in (1, 2, 3, 4)]
    assert {vote.seed for vote in votes} == {5}
    assert {vote.seconds for vote in votes} == {1.0}
    assert summary.votes == 4
    for number, vote in enumerate(votes, start=1):
        left = "first" if vote.left == "msm+sft" else "second"
        assert f"A: {left} answer {number}" in shown
    assert "Question 6?" in shown
    assert "Question 7?" not in shown


def test_no_name_is_told_before_the_vote(path: Path) -> None:
    """Whenever a vote is awaited, what was shown since the last names were told holds none."""
    file = io.StringIO()
    awaited = []

    def lines() -> Iterator[str]:
        for _ in COMPARISONS:
            awaited.append(file.getvalue())
            yield "t"

    BlindVoting(Console(width=60, file=file), lines(), path).vote(COMPARISONS, PAIR, 0)

    assert len(awaited) == len(COMPARISONS)
    assert "sft" not in awaited[0]
    for number, shown in enumerate(awaited[1:], start=1):
        told, _, since = shown.rpartition("A was ")[2].partition("\n")
        assert told in ("sft, B was msm+sft.", "msm+sft, B was sft.")
        assert f"Question {number + 1}?" in since
        assert "sft" not in since


def test_skipping_tells_no_names(path: Path) -> None:
    shown, summary = hold(path, ["s"] * len(COMPARISONS))

    assert "sft" not in shown
    assert "No votes yet." in shown
    assert summary.votes == 0
    assert not path.exists()


def test_sides_follow_the_seed(path: Path) -> None:
    def sides(name: str, seed: int) -> list[str]:
        hold(path.with_name(name), ["t"] * len(COMPARISONS), seed)
        return [vote.left for vote in read_votes(path.with_name(name))]

    one = sides("one", 1)
    assert one == sides("again", 1)
    assert one != sides("two", 2)
    assert set(one) == set(PAIR)


@pytest.mark.parametrize("garbage", ["", "ab", "yes", "\x1b[31m", "1", "\uff41"])
def test_garbage_is_asked_again(path: Path, garbage: str) -> None:
    shown, summary = hold(path, [garbage, "b", "q"])

    assert summary.votes == 1
    assert "is no vote: a or b is better, t: a tie" in shown.replace("\n", " ")
    assert "\x1b" not in shown


@pytest.mark.parametrize("lines", [[], ["a"], ["a", "nonsense"]])
def test_the_end_of_the_lines_ends_the_vote_well(path: Path, lines: list[str]) -> None:
    shown, summary = hold(path, lines)

    assert summary.votes == len(lines[:1])
    assert ("Votes, with 95 % intervals" in shown) == bool(lines)


def test_later_votes_are_added_to_earlier_ones(path: Path) -> None:
    hold(path, ["a", "q"])
    _, summary = hold(path, ["b", "b", "q"], seed=4)

    assert summary.votes == 3
    assert len(read_votes(path)) == 3


def test_a_damaged_file_is_told_before_the_first_question(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("no vote\n", encoding="utf-8")

    with pytest.raises(RecipeError, match=r"votes\.jsonl:1"):
        hold(path, ["a"])
    assert path.read_text(encoding="utf-8") == "no vote\n"


def test_the_pair() -> None:
    def arms(*labels: str) -> tuple[Arm, ...]:
        return tuple(Arm(label, None) for label in labels)

    assert blind_pair(arms("base", "sft", "msm", "msm+sft")) == PAIR
    assert blind_pair(arms("base", "sft", "msm")) == ("base", "sft")
    assert blind_pair(arms("base", "it", "sft", "msm", "msm+it")) == ("msm+it", "it")
    assert blind_pair(arms("msm", "base")) == ("msm", "base")
    with pytest.raises(RecipeError, match="needs two arms"):
        blind_pair(arms("base"))
