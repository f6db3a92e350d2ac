"""The training loop: LoRA updates over rows, checkpointed so that a killed run ends in the same bytes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_flatten, tree_unflatten

from msm_mlx.engine.adapters import adapter_weights, load_arrays, save_arrays
from msm_mlx.errors import MsmError
from msm_mlx.recipe import TrainSettings
from msm_mlx.training.batches import Batch, batch_rows, make_batch
from msm_mlx.training.rows import Row

Loss = Callable[[nn.Module, mx.array, mx.array, mx.array], mx.array]


@dataclass(frozen=True)
class Update:
    """What one update did. `loss` is in nats a learned token, `seconds` since the update before."""

    number: int
    loss: float
    gradient_norm: float
    learned_tokens: int
    seconds: float


def masked_cross_entropy(model: nn.Module, inputs: mx.array, targets: mx.array, mask: mx.array) -> mx.array:
    """Mean cross-entropy over the learned tokens. inputs, targets, mask: (B, T)."""
    logits = model(inputs).astype(mx.float32)  # (B, T, V)
    losses = nn.losses.cross_entropy(logits, targets)  # (B, T)
    return mx.where(mask, losses, 0.0).sum() / mx.maximum(mask.sum(), 1)


def learning_rate(settings: TrainSettings) -> Callable[[mx.array], mx.array]:
    """Linear warm-up, then a cosine to zero at the last update."""

    def at(step: mx.array) -> mx.array:
        rise = mx.minimum(1.0, (step + 1) / max(settings.warmup, 1))
        done = mx.clip((step - settings.warmup) / max(settings.updates - settings.warmup, 1), 0.0, 1.0)
        return settings.learning_rate * rise * 0.5 * (1 + mx.cos(math.pi * done))

    return at


def train(
    model: nn.Module,
    rows: Sequence[Row],
    settings: TrainSettings,
    *,
    seed: int,
    checkpoint: Path,
    on_update: Callable[[Update], None] = lambda update: None,
    loss: Loss = masked_cross_entropy,
) -> None:
    """Run `settings.updates` updates of the adapter that `model` has, in place.

    Continues from the file `checkpoint` if it is there. The caller removes that file when it has saved the result.

    Raises:
        MsmError: if the loss or the gradient is no longer finite, naming the update.
    """
    optimizer = optim.AdamW(learning_rate(settings), weight_decay=settings.weight_decay, bias_correction=True)
    optimizer.init(model.trainable_parameters())
    done = _resume(checkpoint, model, optimizer) if checkpoint.exists() else 0
    gradient = nn.value_and_grad(model, loss)
    started = time.monotonic()
    for number in range(done, settings.updates):
        batch = make_batch([rows[i] for i in batch_rows(len(rows), settings.batch_size, number, seed)])
        value, norm = _update(model, optimizer, gradient, batch, settings.max_grad_norm)
        if not (math.isfinite(value) and math.isfinite(norm)):
            raise MsmError(f"training diverged at update {number + 1} (loss {value}); lower the learning rate")
        now = time.monotonic()
        on_update(Update(number + 1, value, norm, batch.learned_tokens, now - started))
        started = now
        if (number + 1) % settings.checkpoint_every == 0 and number + 1 < settings.updates:
            _save(checkpoint, model, optimizer, number + 1)


def _update(
    model: nn.Module,
    optimizer: optim.Optimizer,
    gradient: Callable[..., tuple[mx.array, dict[str, Any]]],
    batch: Batch,
    limit: float,
) -> tuple[float, float]:
    """One update; its loss and the norm of the gradient before clipping."""
    loss, gradients = gradient(model, mx.array(batch.inputs), mx.array(batch.targets), mx.array(batch.mask))
    gradients, norm = optim.clip_grad_norm(gradients, limit)
    optimizer.update(model, gradients)
    mx.eval(loss, norm, model.trainable_parameters(), optimizer.state)
    return cast("float", loss.item()), cast("float", norm.item())


def _save(path: Path, model: nn.Module, optimizer: optim.Optimizer, done: int) -> None:
    arrays = {f"adapter.{name}": value for name, value in adapter_weights(model).items()}
    arrays |= {f"optimizer.{name}": value for name, value in tree_flatten(optimizer.state)}
    save_arrays(path, arrays, {"updates": str(done)})


def _resume(path: Path, model: nn.Module, optimizer: optim.Optimizer) -> int:
    """Restore adapter and optimiser; the number of updates that were done."""
    arrays, metadata = load_arrays(path)

    def part(prefix: str) -> list[tuple[str, mx.array]]:
        return [(name.removeprefix(prefix), value) for name, value in arrays.items() if name.startswith(prefix)]

    model.load_weights(part("adapter."), strict=False)
    optimizer.state = tree_unflatten(part("optimizer."))
    mx.eval(model.trainable_parameters(), optimizer.state)
    return int(metadata["updates"])
