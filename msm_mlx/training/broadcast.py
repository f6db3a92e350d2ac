"""How the ranks of a group come to train on the same things: rank 0 has them, the others are told."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

from msm_mlx.engine.adapters import adapter_weights, set_adapter
from msm_mlx.engine.ranks import Ranks
from msm_mlx.errors import MsmError
from msm_mlx.training.checkpoint import Progress
from msm_mlx.training.tokenize import Row, pack_rows, unpack_rows


def share_rows(ranks: Ranks, rows: Sequence[Row]) -> list[Row]:
    """The rows of rank 0, on every rank."""
    if ranks.size == 1:
        return list(rows)
    packed = pack_rows(rows)
    sizes = ranks.share({name: len(array) for name, array in packed.items()})
    if not ranks.leads:
        packed = {name: np.zeros(size, np.int32) for name, size in sizes.items()}
    shared = ranks.share_arrays({name: mx.array(array) for name, array in packed.items()})
    return unpack_rows({name: np.array(array) for name, array in shared.items()})


def share_adapter(ranks: Ranks, model: nn.Module) -> None:
    """Give every rank the adapter of rank 0."""
    if ranks.size > 1:
        set_adapter(model, ranks.share_arrays(adapter_weights(model)))


def share_state(ranks: Ranks, model: nn.Module, optimizer: optim.Optimizer, progress: Progress) -> Progress:
    """Give every rank adapter, optimiser and progress of rank 0, which may have read them from a checkpoint."""
    if ranks.size == 1:
        return progress
    share_adapter(ranks, model)
    optimizer.state = ranks.share_arrays(optimizer.state)
    mx.eval(optimizer.state)
    return Progress(**ranks.share(vars(progress)))


def check_together(ranks: Ranks, model: nn.Module) -> None:
    """Raises MsmError on every rank if one has another adapter than rank 0."""
    if ranks.size == 1:
        return
    own = adapter_weights(model)
    expected = ranks.share_arrays(own)
    apart = any(not mx.array_equal(own[name], expected[name]).item() for name in own)
    if ranks.any(apart):
        raise MsmError("the ranks of mlx.launch came apart; use the same versions of mlx and msm-mlx on all machines")
