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
from mlx.utils import tree_flatten, tree_map, tree_unflatten

from msm_mlx.engine.adapters import adapter_weights, load_arrays, save_arrays
from msm_mlx.engine.boundaries import boundaries, packing_in_force
from msm_mlx.engine.checkpointing import checkpointed_layers
from msm_mlx.errors import MsmError
from msm_mlx.recipe import TrainSettings
from msm_mlx.training.loss import Head, chunked_cross_entropy
from msm_mlx.training.packing import Batch, batch_rows, make_batches
from msm_mlx.training.plan import TrainingPlan, plan_training
from msm_mlx.training.rows import Row
from msm_mlx.training.schedule import learning_rate

Loss = Callable[[Head, mx.array, mx.array, mx.array, int], mx.array]
Gradients = dict[str, Any]


@dataclass(frozen=True)
class Update:
    """What one update did. `loss` is in nats a learned token, `seconds` since the update before.

    `tokens` are all positions that went through the model, padding included; memory is in bytes.
    """

    number: int
    loss: float
    gradient_norm: float
    learning_rate: float
    learned_tokens: int
    tokens: int
    seconds: float
    peak_memory: int
    cache_memory: int


def train(
    model: nn.Module,
    rows: Sequence[Row],
    settings: TrainSettings,
    *,
    seed: int,
    checkpoint: Path,
    on_update: Callable[[Update], None] = lambda update: None,
    say: Callable[[str], None] = lambda line: None,
    stopping: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
    loss: Loss = chunked_cross_entropy,
) -> None:
    """Run `settings.updates` updates of the adapter that `model` has, in place.

    Continues from the file `checkpoint` if it is there. The caller removes that file when it has saved the result.
    When `stopping` says so, the state is saved after the running update and KeyboardInterrupt is raised.

    Raises:
        MsmError: if the loss or the gradient is no longer finite, naming the update and the rows.
    """
    plan = plan_training(model, rows, settings)
    for reason in plan.reasons:
        say(reason)
    optimizer = optim.AdamW(learning_rate(settings), weight_decay=settings.weight_decay, bias_correction=True)
    optimizer.init(model.trainable_parameters())
    done = _resume(checkpoint, model, optimizer) if checkpoint.exists() else 0
    step = Step(model, plan, loss, optimizer, settings.max_grad_norm)
    started = clock()
    with packing_in_force(model, plan.packing), checkpointed_layers(model, settings.gradient_checkpointing):
        for number in range(done, settings.updates):
            chosen = batch_rows(len(rows), settings.batch_size, number, seed)
            outcome = step([rows[i] for i in chosen])
            if not outcome.finite:
                raise MsmError(_divergence(step, rows, chosen, number, outcome))
            now = clock()
            on_update(outcome.update(number + 1, now - started))
            started = now
            last = number + 1 == settings.updates
            if not last and (stopping() or (number + 1) % settings.checkpoint_every == 0):
                save_state(checkpoint, model, optimizer, number + 1)
                if stopping():
                    raise KeyboardInterrupt


@dataclass(frozen=True)
class _Outcome:
    loss: float
    norm: float
    learning_rate: float
    learned: int
    tokens: int

    @property
    def finite(self) -> bool:
        return math.isfinite(self.loss) and math.isfinite(self.norm)

    def update(self, number: int, seconds: float) -> Update:
        peak, cache = mx.get_peak_memory(), mx.get_cache_memory()
        return Update(number, self.loss, self.norm, self.learning_rate, self.learned, self.tokens, seconds, peak, cache)


@dataclass(frozen=True)
class Step:
    """One optimiser update over the rows that it is called with."""

    model: nn.Module
    plan: TrainingPlan
    loss: Loss
    optimizer: optim.Optimizer
    limit: float

    def __call__(self, rows: Sequence[Row]) -> _Outcome:
        """The gradient is of the mean over all learned tokens of the rows, however many passes it takes.

        It is looked at before it is applied, so that what is not finite never reaches the weights.
        """
        batches = make_batches(rows, self.plan.layout)
        learned = sum(batch.learned_tokens for batch in batches)
        loss, gradients = self.gradients(batches, learned)
        gradients, norm = optim.clip_grad_norm(gradients, self.limit)
        mx.eval(loss, norm, gradients)
        outcome = _Outcome(
            loss=cast("float", loss.item()),
            norm=cast("float", norm.item()),
            learning_rate=float(cast("float", mx.array(self.optimizer.learning_rate).item())),
            learned=learned,
            tokens=sum(batch.ids.size for batch in batches),
        )
        if outcome.finite:
            self.optimizer.update(self.model, gradients)
            mx.eval(self.model.trainable_parameters(), self.optimizer.state)
        return outcome

    def gradients(self, batches: Sequence[Batch], learned: int) -> tuple[mx.array, Gradients]:
        """Loss and gradient, each summed over the learned tokens of all batches and divided by their number."""
        value_and_grad = nn.value_and_grad(self.model, self._batch_loss)
        total = mx.zeros(())
        gradients = tree_map(mx.zeros_like, self.model.trainable_parameters())
        for batch in batches:
            if len(batch.positions):
                value, more = value_and_grad(batch, learned)
                total, gradients = total + value, tree_map(mx.add, gradients, more)
                mx.eval(total, gradients)  # before the next pass, whose memory would come on top
        return total, gradients

    def _batch_loss(self, batch: Batch, learned: int) -> mx.array:
        segments = None if batch.segments is None else mx.array(batch.segments)
        cache = boundaries(self.plan.packing, segments, self.plan.layers)
        hidden = self.plan.model.hidden(mx.array(batch.ids), cache)  # (B, T, D)
        states = hidden.reshape(-1, hidden.shape[-1])[mx.array(batch.positions)]  # (N, D)
        targets, weights = mx.array(batch.targets), mx.array(batch.weights)
        return self.loss(self.plan.model.logits, states, targets, weights, self.plan.chunk) / learned


def _divergence(step: Step, rows: Sequence[Row], chosen: Sequence[int], number: int, outcome: _Outcome) -> str:
    """What went wrong at update `number` (from 0), with the rows whose own loss is not finite, if it is some."""
    bad = set()
    for index in dict.fromkeys(chosen):
        batches = make_batches([rows[index]], step.plan.layout)
        loss, _ = step.gradients(batches, max(sum(batch.learned_tokens for batch in batches), 1))
        if not math.isfinite(cast("float", loss.item())):
            bad.add(rows[index].source + 1)
    what = f"training diverged at update {number + 1} (loss {outcome.loss}, gradient norm {outcome.norm})"
    if 0 < len(bad) < len({rows[index].source for index in chosen}):
        return (
            f"{what}, from line {', '.join(map(str, sorted(bad)))} of the data; look there, or lower the learning rate"
        )
    return f"{what}; lower the learning rate"


def save_state(path: Path, model: nn.Module, optimizer: optim.Optimizer, done: int) -> None:
    """Adapter and optimiser after `done` updates; order and data position follow from that number and the seed."""
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
