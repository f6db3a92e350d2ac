"""The processes that `mlx.launch` starts, on one machine or more, to write documents and train adapters together.

Rank 0 has the run folder and the data and decides what is done. The other ranks have the model and receive the rest.
"""

from __future__ import annotations

import json
from typing import Any, cast

import mlx.core as mx
import numpy as np
from mlx.utils import tree_map

from msm_mlx.engine.launch import is_launched


class Ranks:
    """The group of processes that this one belongs to. Without a group there is one rank and nothing is sent.

    Every method is collective: all ranks must call it, in the same order.
    """

    def __init__(self, group: mx.distributed.Group | None = None) -> None:
        self._group = group
        self.rank = group.rank() if group else 0
        self.size = group.size() if group else 1

    @property
    def is_rank_zero(self) -> bool:
        return self.rank == 0

    def sum(self, tree: Any) -> Any:
        """The sum over all ranks of every array in `tree`, a nested structure of arrays."""
        if self.size == 1:
            return tree
        return tree_map(lambda array: mx.distributed.all_sum(array, group=self._group), tree)

    def broadcast_arrays(self, tree: Any) -> Any:
        """The arrays of rank 0. Those of the other ranks must have the same structure and shapes."""
        return self._arrays_from(0, tree)

    def broadcast(self, content: Any) -> Any:
        """The content of rank 0, which must be JSON. That of the other ranks is ignored."""
        return self._content_from(0, content)

    def gather(self, content: Any) -> list[Any]:
        """The content of every rank, which must be JSON, in the order of the ranks."""
        return [self._content_from(rank, content) for rank in range(self.size)]

    def any(self, condition: bool) -> bool:
        """Whether `condition` holds on any rank."""
        return condition if self.size == 1 else bool(self.sum(mx.array(int(condition))).item())

    def _content_from(self, rank: int, content: Any) -> Any:
        if self.size == 1:
            return content
        data = np.frombuffer(json.dumps(content).encode(), dtype=np.uint8)
        length = int(cast("int", self._arrays_from(rank, mx.array([len(data)])).item()))
        buffer = mx.array(data) if self.rank == rank else mx.zeros(length, dtype=mx.uint8)
        return json.loads(bytes(np.array(self._arrays_from(rank, buffer))))

    def _arrays_from(self, rank: int, tree: Any) -> Any:
        """Zeros from all other ranks make the sum a broadcast, which mlx has no call for."""
        return self.sum(tree if self.rank == rank else tree_map(mx.zeros_like, tree))


SINGLE_RANK = Ranks()


def join_ranks() -> Ranks:
    """The group that `mlx.launch` has set up, or `SINGLE_RANK` without it. Waits for the other ranks."""
    return Ranks(mx.distributed.init(strict=True)) if is_launched() else SINGLE_RANK
