"""Blind comparison: two of the shown arms with their sides shuffled, a vote, and then the names."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msm_mlx.compare.session import Prompt
from msm_mlx.compare.votes import Vote, VoteChoice, append_vote, now, shuffle_sides


@dataclass
class BlindRound:
    """One prompt, the arms that stand as A and B, and the vote once it is given."""

    prompt: Prompt
    left: str
    right: str
    since: float
    choice: VoteChoice | None = None


class BlindRounds:
    """Deals rounds, and writes votes to `path`."""

    def __init__(self, path: Path, rng: random.Random, clock: Callable[[], float]) -> None:
        self._path = path
        self._rng = rng
        self._clock = clock
        self._rounds: dict[str, BlindRound] = {}

    def deal(self, prompt: Prompt, labels: Sequence[str]) -> BlindRound:
        """The round of this prompt: the one that was dealt before, or a new one between two of `labels`."""
        if prompt.id not in self._rounds:
            left, right = shuffle_sides(labels, self._rng)[:2]
            self._rounds[prompt.id] = BlindRound(prompt, left, right, self._clock())
        return self._rounds[prompt.id]

    def vote(self, blind_round: BlindRound, choice: VoteChoice, seed: int, settings: Mapping[str, Any]) -> None:
        """Write the vote down, with the seed and the settings of the answers; the names may then be told.

        Raises:
            SetupError: if it cannot be written.
        """
        seconds = round(self._clock() - blind_round.since, 1)
        prompt, left, right = blind_round.prompt.text, blind_round.left, blind_round.right
        append_vote(self._path, Vote(prompt, left, right, choice, seed, seconds, now(), settings))
        blind_round.choice = choice

    def again(self, prompt: Prompt) -> None:
        """New answers are a new round."""
        self._rounds.pop(prompt.id, None)
