"""Blind voting line by line: two answers without names, a vote, then the names."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

from msm_mlx.compare.answer_engine import Arm
from msm_mlx.compare.comparison import Comparison
from msm_mlx.compare.plain import summary_view
from msm_mlx.compare.tables import answer_view
from msm_mlx.compare.votes import Vote, VoteChoice, VoteSummary, append_vote, now, read_votes, shuffle_sides, summarize
from msm_mlx.errors import RecipeError
from msm_mlx.recipe.arms import BASE, reads_reasons, without_documents
from msm_mlx.text.terminal import literal

HINT = "a or b is better, t: a tie, x: both are bad, s: skip, q: quit"
Ballot = VoteChoice | Literal["skip", "quit"]
_BALLOTS: dict[str, Ballot] = {"a": "a", "b": "b", "t": "tie", "x": "both bad", "s": "skip", "q": "quit"}


def blind_pair(arms: tuple[Arm, ...]) -> tuple[str, str]:
    """The two arms that stand against each other: one with documents and then chats (`msm+sft`) and the same chats
    alone (`sft`) if both are there, else the first two.

    Raises:
        RecipeError: if there are fewer than two.
    """
    labels = [arm.label for arm in arms]
    if len(labels) < 2:
        raise RecipeError(f"--blind: needs two arms, and there is {', '.join(labels) or 'none'}; leave it out")
    pairs = ((label, without_documents(label)) for label in labels if reads_reasons(label))
    return next((pair for pair in pairs if pair[1] in labels and pair[1] != BASE), (labels[0], labels[1]))


@dataclass(frozen=True)
class BlindVoting:
    """Where votes are cast: what shows the answers, where the lines come from, and the file of the votes."""

    console: Console
    lines: Iterator[str]
    votes: Path
    clock: Callable[[], float] = time.monotonic

    def vote(self, comparisons: Sequence[Comparison], pair: tuple[str, str], seed: int) -> VoteSummary:
        """Take a vote on each comparison until the end of the lines, and show what all votes in the file say.

        Sides are shuffled by `seed`. A vote is on the disk before the names are told.

        Raises:
            RecipeError: before the first question, if the file holds something else than votes.
        """
        read_votes(self.votes)
        rng = random.Random(seed)
        self._say(f"Which answer is better? {HINT}.")
        for number, comparison in enumerate(comparisons, start=1):
            left, right = shuffle_sides(pair, rng)
            sides = {"A": comparison.answers[left], "B": comparison.answers[right]}
            view = answer_view(f"{number} of {len(comparisons)}", {comparison.prompt: sides})
            self.console.print(view)
            shown_at = self.clock()
            ballot = self._ballot()
            if ballot == "quit":
                break
            if ballot != "skip":
                seconds = round(self.clock() - shown_at, 1)
                given = Vote(
                    comparison.prompt, left, right, ballot, comparison.seed, seconds, now(), comparison.settings
                )
                append_vote(self.votes, given)
                self._say(f"A was {left}, B was {right}.")
        summary = summarize(read_votes(self.votes))
        self.console.print(summary_view(summary))
        return summary

    def _ballot(self) -> Ballot:
        """The next line that is one of the letters; the end of the lines is as good as quitting."""
        for line in self.lines:
            letter = line.strip().lower()
            if letter in _BALLOTS:
                return _BALLOTS[letter]
            self._say(f'"{line.strip()[:20]}" is no vote: {HINT}.')
        return "quit"

    def _say(self, text: str) -> None:
        self.console.print(literal(text))
