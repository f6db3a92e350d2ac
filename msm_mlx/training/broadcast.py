"""Sends the data and state of rank 0 to the other ranks, so that all of them train on the same rows.

Without `mlx.launch` there is one rank and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

from msm_mlx.engine.adapters import adapter_weights, set_adapter
from msm_mlx.engine.ranks import Ranks
from msm_mlx.errors import MsmError
from msm_mlx.training.checkpoint import Progress
from msm_mlx.training.tokenize import TokenRow, arrays_to_rows, rows_to_arrays


def broadcast_rows(ranks: Ranks, rows: Sequence[TokenRow]) -> list[TokenRow]:
    """The rows of rank 0; what the other ranks pass as `rows` is ignored."""
    if ranks.size == 1:
        return list(rows)
    arrays = rows_to_arrays(rows)
    sizes = ranks.broadcast({name: len(array) for name, array in arrays.items()})
    if not ranks.is_rank_zero:
        arrays = {name: np.zeros(size, np.int32) for name, size in sizes.items()}
    received = ranks.broadcast_arrays({name: mx.array(array) for name, array in arrays.items()})
    return arrays_to_rows({name: np.array(array) for name, array in received.items()})


def broadcast_adapter(ranks: Ranks, model: nn.Module) -> None:
    """Give every rank the adapter of rank 0."""
    if ranks.size > 1:
        set_adapter(model, ranks.broadcast_arrays(adapter_weights(model)))


def broadcast_state(ranks: Ranks, model: nn.Module, optimizer: optim.Optimizer, progress: Progress) -> Progress:
    """Give every rank the adapter, optimiser state and progress of rank 0, which may come from a checkpoint."""
    if ranks.size == 1:
        return progress
    broadcast_adapter(ranks, model)
    optimizer.state = ranks.broadcast_arrays(optimizer.state)
    mx.eval(optimizer.state)
    return Progress(**ranks.broadcast(vars(progress)))


def check_same_adapter(ranks: Ranks, model: nn.Module) -> None:
    """Check that all ranks have computed the same adapter.

    Raises:
        MsmError: on every rank, if the adapter of one differs from that of rank 0.
    """
    if ranks.size == 1:
        return
    weights = adapter_weights(model)
    expected = ranks.broadcast_arrays(weights)
    differs = any(not mx.array_equal(weights[name], expected[name]).item() for name in weights)
    if ranks.any(differs):
        raise MsmError(f"the ranks of mlx.launch have computed different adapters; {_compare_versions(ranks)}")


def _compare_versions(ranks: Ranks) -> str:
    """Whether the ranks run the same programs."""
    names = ("mlx", "mlx-lm", "msm-mlx")
    by_rank = ranks.gather(", ".join(f"{name} {metadata.version(name)}" for name in names))
    if len(set(by_rank)) > 1:
        return f"their versions differ: {'; '.join(by_rank)}"
    return f"why is not known: all have {by_rank[0]}"
