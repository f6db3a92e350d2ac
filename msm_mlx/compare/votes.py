"""Blind votes: which of two answers somebody prefers without knowing whose they are."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import NormalDist
from typing import Any, Literal, cast, get_args

from msm_mlx.errors import RecipeError
from msm_mlx.files import make_folder, read_jsonl, writing
from msm_mlx.runs.estimate import Estimate

VoteChoice = Literal["a", "b", "tie", "both bad"]
CHOICES: tuple[VoteChoice, ...] = get_args(VoteChoice)


@dataclass(frozen=True)
class Vote:
    """One comparison. `left` and `right` are the arms that stood as A and B; `at` is when, in UTC; `settings` are how
    both were asked, as `Comparison.settings` has them."""

    prompt: str
    left: str
    right: str
    choice: VoteChoice
    seed: int
    seconds: float
    at: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def winner(self) -> str | None:
        """The arm that was preferred, if one was."""
        return {"a": self.left, "b": self.right}.get(self.choice)


@dataclass(frozen=True)
class Duel:
    """All votes between two arms. `rate` is the share of `a` among the votes for either."""

    a: str
    b: str
    a_wins: int
    b_wins: int
    ties: int
    both_bad: int
    rate: Estimate


@dataclass(frozen=True)
class VoteSummary:
    """`both_bad` is a share of all votes; `left` is the share of the left side among the votes for either side."""

    votes: int
    duels: tuple[Duel, ...]
    ties: int
    both_bad: Estimate
    left: Estimate


def now() -> str:
    """The time as votes record it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def append_vote(path: Path, vote: Vote) -> None:
    """Add a line to `path` and hand it to the disk. Plain ASCII, for a prompt may hold what UTF-8 cannot."""
    make_folder(path.parent)
    with writing(path), path.open("a", encoding="ascii") as file:
        file.write(json.dumps(asdict(vote)) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_votes(path: Path) -> tuple[Vote, ...]:
    """The votes in `path`, none if there is no such file.

    Raises:
        RecipeError: with file and line, if a line is no vote.
    """
    if not path.exists():
        return ()
    return tuple(_vote(path, number, row) for number, row in enumerate(read_jsonl(path), start=1))


def _vote(path: Path, number: int, row: dict[str, Any]) -> Vote:
    """The vote that a line holds, of whatever types the line may be."""
    try:
        vote = Vote(
            prompt=str(row["prompt"]),
            left=str(row["left"]),
            right=str(row["right"]),
            choice=cast("VoteChoice", row["choice"]),
            seed=int(row["seed"]),
            seconds=float(row["seconds"]),
            at=str(row["at"]),
            settings=dict(row.get("settings", {})),
        )
        if vote.choice in CHOICES and vote.left != vote.right:
            return vote
        reason = f"{row['choice']!r} between {vote.left!r} and {vote.right!r}"
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        reason = f"{type(error).__name__}: {error}"
    raise RecipeError(f"{path}:{number}: not a vote ({reason}); delete the line or move the file away")


def shuffle_sides(labels: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    """The arms in a random order of sides."""
    return tuple(rng.sample(list(labels), len(labels)))


def summarize(votes: Sequence[Vote]) -> VoteSummary:
    """What the votes say, with Wilson's 95 % intervals."""
    counts = Counter(vote.choice for vote in votes)
    pairs = sorted({(min(vote.left, vote.right), max(vote.left, vote.right)) for vote in votes})
    return VoteSummary(
        votes=len(votes),
        duels=tuple(_duel(a, b, [vote for vote in votes if {vote.left, vote.right} == {a, b}]) for a, b in pairs),
        ties=counts["tie"],
        both_bad=wilson(counts["both bad"], len(votes)),
        left=wilson(counts["a"], counts["a"] + counts["b"]),
    )


def _duel(a: str, b: str, votes: Sequence[Vote]) -> Duel:
    wins = Counter(vote.winner for vote in votes)
    choices = Counter(vote.choice for vote in votes)
    rate = wilson(wins[a], wins[a] + wins[b])
    return Duel(a, b, wins[a], wins[b], choices["tie"], choices["both bad"], rate)


def wilson(successes: int, n: int, confidence: float = 0.95) -> Estimate:
    """The share `successes / n` with Wilson's score interval; of nothing nothing is known."""
    if n == 0:
        return Estimate(float("nan"), 0.0, 1.0, 0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
    return Estimate(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)), n)
