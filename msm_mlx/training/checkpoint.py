"""The checkpoint of a training stage: written whole or not at all, and restored bit for bit."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_flatten, tree_unflatten

from msm_mlx.engine.adapters import adapter_weights, load_arrays, save_arrays
from msm_mlx.errors import MsmError


@dataclass
class Progress:
    """How far training has come.

    The order of the rows, the position in the data and the learning rate follow from `updates` and the seed. Gradients
    are never half accumulated, because a checkpoint is only written between updates.
    """

    updates: int = 0
    best_loss: float = math.inf
    best_update: int = 0


def save_checkpoint(path: Path, model: nn.Module, optimizer: optim.Optimizer, progress: Progress) -> None:
    arrays = {f"adapter.{name}": value for name, value in adapter_weights(model).items()}
    arrays |= {f"optimizer.{name}": value for name, value in tree_flatten(optimizer.state)}
    save_arrays(path, arrays, {"progress": json.dumps(asdict(progress))})


def load_checkpoint(path: Path, model: nn.Module, optimizer: optim.Optimizer) -> Progress:
    """Restore the adapter of `model` and the state of `optimizer`.

    Raises:
        MsmError: if the file is damaged or is not a checkpoint of this training.
    """
    arrays, metadata = load_arrays(path)

    def with_prefix(prefix: str) -> list[tuple[str, mx.array]]:
        return [(name.removeprefix(prefix), value) for name, value in arrays.items() if name.startswith(prefix)]

    try:
        progress = Progress(**json.loads(metadata["progress"]))
        model.load_weights(with_prefix("adapter."), strict=False)
    except (KeyError, TypeError, ValueError) as error:
        raise MsmError(f"{path}: not a checkpoint of this training: {error}; delete it to start over") from error
    optimizer.state = tree_unflatten(with_prefix("optimizer."))
    mx.eval(model.trainable_parameters(), optimizer.state)
    return progress
