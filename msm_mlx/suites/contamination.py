"""What of the evaluation no document may show: the things that it asks about, and its prompts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from msm_mlx.suites.items import Suite
from msm_mlx.text.ngrams import ngrams, word_hashes
from msm_mlx.text.words import mentions_any

SHORTEST = 5  # words of a prompt that can be told from common speech


@dataclass(frozen=True)
class HeldOut:
    """The `things` that forced choices are between, and the texts of the `prompts`."""

    things: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()

    @classmethod
    def of(cls, suites: Sequence[Suite]) -> HeldOut:
        things = {thing for suite in suites for pair in suite.pairs for thing in (pair.target, pair.other)}
        prompts = {text for suite in suites for text in _texts(suite)}
        return cls(tuple(sorted(things)), tuple(sorted(prompts)))

    def named_in(self, text: str) -> bool:
        """Whether `text` names one of the things."""
        return mentions_any(text, self.things)

    def quoted_in(self, text: str, words: int) -> bool:
        """Whether `text` has `words` words of a prompt in a row, or the whole of a shorter prompt."""
        own = word_hashes(text)
        return any(
            len(own) >= n and not runs.isdisjoint(ngrams(own, n).tolist())
            for n, runs in _runs(self.prompts, words).items()
        )


@lru_cache(maxsize=8)
def _runs(prompts: tuple[str, ...], words: int) -> Mapping[int, frozenset[int]]:
    """The hashes of the prompts' runs of words, by their length."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for prompt in prompts:
        own = word_hashes(prompt)
        if len(own) >= SHORTEST:
            n = min(len(own), words)
            found[n].update(ngrams(own, n).tolist())
    return {n: frozenset(runs) for n, runs in found.items()}


def _texts(suite: Suite) -> Iterable[str]:
    for item in suite.items:
        yield item.question
        yield from (turn.user for turn in item.turns)
