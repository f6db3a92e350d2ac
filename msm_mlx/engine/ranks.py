"""Several processes, on one machine or more, that write documents and train adapters together under `mlx.launch`.

Rank 0 has the run folder, the data and the word; the others need the model only, and get the rest from it.
"""

from __future__ import annotations

import json
from typing import Any, cast

import mlx.core as mx
import numpy as np
from mlx.utils import tree_map

from msm_mlx.engine.launch import is_launched


class Ranks:
    """The group of processes that this one belongs to; without one, it is alone and nothing is sent."""

    def __init__(self, group: mx.distributed.Group | None = None) -> None:
        self._group = group
        self.rank = group.rank() if group else 0
        self.size = group.size() if group else 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def add(self, tree: Any) -> Any:
        """The sum over all ranks of every array in `tree`."""
        if self.size == 1:
            return tree
        return tree_map(lambda array: mx.distributed.all_sum(array, group=self._group), tree)

    def share_arrays(self, tree: Any) -> Any:
        """The arrays of rank 0; the others' must have the same shapes."""
        return self._arrays_of(0, tree)

    def share(self, content: Any) -> Any:
        """What rank 0 has, which must be JSON; what the others have is ignored."""
        return self._content_of(0, content)

    def gather(self, content: Any) -> list[Any]:
        """What every rank has, which must be JSON, in the order of the ranks."""
        return [self._content_of(rank, content) for rank in range(self.size)]

    def _content_of(self, rank: int, content: Any) -> Any:
        if self.size == 1:
            return content
        data = np.frombuffer(json.dumps(content).encode(), dtype=np.uint8)
        length = int(cast("int", self._arrays_of(rank, mx.array([len(data)])).item()))
        mine = mx.array(data) if self.rank == rank else mx.zeros(length, dtype=mx.uint8)
        return json.loads(bytes(np.array(self._arrays_of(rank, mine))))

    def _arrays_of(self, rank: int, tree: Any) -> Any:
        return self.add(tree if self.rank == rank else tree_map(mx.zeros_like, tree))

    def any(self, condition: bool) -> bool:
        """Whether it holds on any rank."""
        return condition if self.size == 1 else bool(self.add(mx.array(int(condition))).item())


ALONE = Ranks()


def join_ranks() -> Ranks:
    """The group that `mlx.launch` has set up, or nobody but this process. Waits for the others."""
    return Ranks(mx.distributed.init(strict=True)) if is_launched() else ALONE
