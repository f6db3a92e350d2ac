"""Which beginnings of prompts are worth reading once for several of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile

MIN_SHARED_TOKENS = 16  # reading fewer once costs more than it saves


def shared_prefixes(prompts: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """For each prompt, a beginning that it shares with others and that is worth reading once; empty if there is none.

    The choice of beginnings saves the most tokens. Each prompt keeps two tokens of its own.
    """
    order = sorted(range(len(prompts)), key=lambda i: tuple(prompts[i]))
    common = [_common(prompts[a], prompts[b]) for a, b in pairwise(order)]
    prefixes: list[tuple[int, ...]] = [()] * len(prompts)
    for low, high, length in _groups(common, 0, len(order))[1]:
        for i in order[low:high]:
            prefixes[i] = tuple(prompts[i][:length])
    return prefixes


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    pairs = zip(first[:-2], second[:-2], strict=False)  # the generator wants a prompt, and a token to start from
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _groups(common: Sequence[int], low: int, high: int) -> tuple[int, list[tuple[int, int, int]]]:
    """Tokens saved among the sorted prompts `low` to `high`, and the groups that save them: start, end, length.

    `common[i]` is how many tokens the prompts `i` and `i + 1` have in common. All of a range share the smallest of
    these, and where it is smallest the range divides, if its parts save more.
    """
    if high - low < 2:
        return 0, []
    shortest = min(common[low : high - 1])
    as_one = (high - low - 1) * shortest if shortest >= MIN_SHARED_TOKENS else 0
    cuts = [low, *(i + 1 for i in range(low, high - 1) if common[i] == shortest), high]
    parts = [_groups(common, a, b) for a, b in pairwise(cuts)]
    divided = sum(saved for saved, _ in parts)
    if as_one and as_one >= divided:
        return as_one, [(low, high, shortest)]
    return divided, [group for _, groups in parts for group in groups]
