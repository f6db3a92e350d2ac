"""What a stage of training is in the middle of: saved whole or not at all, and read back to the last bit."""

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
    """How far training has come. Order, data position and learning rate follow from `updates` and the seed; gradients
    are never half accumulated, since a state is only taken between updates."""

    updates: int = 0
    best_loss: float = math.inf
    best_update: int = 0


def save_state(path: Path, model: nn.Module, optimizer: optim.Optimizer, progress: Progress) -> None:
    arrays = {f"adapter.{name}": value for name, value in adapter_weights(model).items()}
    arrays |= {f"optimizer.{name}": value for name, value in tree_flatten(optimizer.state)}
    save_arrays(path, arrays, {"progress": json.dumps(asdict(progress))})


def load_state(path: Path, model: nn.Module, optimizer: optim.Optimizer) -> Progress:
    """Restore adapter and optimiser.

    Raises:
        MsmError: if the file is damaged or is not such a state.
    """
    arrays, metadata = load_arrays(path)

    def part(prefix: str) -> list[tuple[str, mx.array]]:
        return [(name.removeprefix(prefix), value) for name, value in arrays.items() if name.startswith(prefix)]

    try:
        progress = Progress(**json.loads(metadata["progress"]))
        model.load_weights(part("adapter."), strict=False)
    except (KeyError, TypeError, ValueError) as error:
        raise MsmError(f"{path}: not a state of this training: {error}; delete it to start over") from error
    optimizer.state = tree_unflatten(part("optimizer."))
    mx.eval(model.trainable_parameters(), optimizer.state)
    return progress
