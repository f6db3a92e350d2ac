"""What is asked in one go comes back in one list, and is put together again by what it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import TypeVar

T = TypeVar("T")


def split_by_size(values: Sequence[T], sizes: Iterable[int]) -> list[list[T]]:
    """`values` cut into consecutive parts of these sizes, which are all of them.

    Raises:
        ValueError: if the sizes do not add up to the number of values.
    """
    bounds = list(accumulate(sizes, initial=0))
    if bounds[-1] != len(values):
        raise ValueError(f"{len(values)} values do not make parts of {bounds[-1]} in all")
    return [list(values[start:end]) for start, end in pairwise(bounds)]
