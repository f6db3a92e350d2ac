"""One optimiser update."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_map

from msm_mlx.engine.adapters import cast_adapter
from msm_mlx.engine.boundaries import boundaries
from msm_mlx.engine.ranks import SINGLE_RANK, Ranks
from msm_mlx.training.loss import Head
from msm_mlx.training.packing import Batch, make_batches
from msm_mlx.training.plan import TrainingPlan
from msm_mlx.training.tokenize import TokenRow

Loss = Callable[[Head, mx.array, mx.array, mx.array, int], mx.array]
"""The signature of `msm_mlx.training.loss.chunked_cross_entropy`."""
Gradients = dict[str, Any]


@dataclass(frozen=True)
class StepResult:
    """What one update measured. See `msm_mlx.training.metrics.Update` for the units."""

    loss: float
    gradient_norm: float
    learning_rate: float
    supervised_tokens: int
    tokens: int

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.loss) and math.isfinite(self.gradient_norm)


@dataclass(frozen=True)
class TrainingStep:
    """Updates the adapter of `model` on the rows that it is called with."""

    model: nn.Module
    plan: TrainingPlan
    loss: Loss
    optimizer: optim.Optimizer
    max_grad_norm: float
    ranks: Ranks = SINGLE_RANK

    def __call__(self, rows: Sequence[TokenRow]) -> StepResult:
        """One update with the gradient of the mean loss over all supervised tokens of `rows`.

        The result does not depend on how many passes and ranks the rows are divided among. A loss or gradient that is
        not finite is returned and not applied, so that it never reaches the weights.
        """
        batches = make_batches(rows[self.ranks.rank :: self.ranks.size], self.plan.layout)
        supervised = sum(sum(row.supervised[1:]) for row in rows)
        loss, gradients = self.ranks.sum(self.gradients(batches, supervised))
        gradients, norm = optim.clip_grad_norm(gradients, self.max_grad_norm)
        mx.eval(loss, norm, gradients)
        tokens = int(cast("int", self.ranks.sum(mx.array(sum(batch.ids.size for batch in batches))).item()))
        result = StepResult(
            loss=cast("float", loss.item()),
            gradient_norm=cast("float", norm.item()),
            learning_rate=0.0,
            supervised_tokens=supervised,
            tokens=tokens,
        )
        if not result.is_finite:
            return result
        self.optimizer.update(self.model, gradients)
        mx.eval(self.model.trainable_parameters(), self.optimizer.state)
        # only now has the optimiser set the rate of this update
        return replace(result, learning_rate=float(cast("float", mx.array(self.optimizer.learning_rate).item())))

    def gradients(self, batches: Sequence[Batch], supervised: float) -> tuple[mx.array, Gradients]:
        """Loss () and gradients, summed over the supervised tokens of all batches and divided by `supervised`."""
        value_and_grad = nn.value_and_grad(self.model, self._batch_loss)
        total = mx.zeros(())
        gradients = tree_map(mx.zeros_like, self.model.trainable_parameters())
        for batch in batches:
            if len(batch.positions):
                loss, batch_gradients = value_and_grad(batch, supervised)
                total, gradients = total + loss, tree_map(mx.add, gradients, batch_gradients)
                mx.eval(total, gradients)  # else mlx would hold the memory of this pass and of the next at once
        return total, gradients

    def mean_loss(self, rows: Sequence[TokenRow]) -> float:
        """The mean loss over the supervised tokens of `rows`, in nats, without an update."""
        batches = make_batches(rows, self.plan.layout)
        supervised = max(sum(batch.supervised_tokens for batch in batches), 1)
        return sum(
            cast("float", self._batch_loss(batch, supervised).item()) for batch in batches if len(batch.positions)
        )

    def _batch_loss(self, batch: Batch, supervised: float) -> mx.array:
        segments = None if batch.segments is None else mx.array(batch.segments)  # (B, T)
        cache = boundaries(self.plan.packing, segments, self.plan.layers)
        with cast_adapter(self.model, self.plan.adapter_dtype):
            hidden = self.plan.model.hidden(mx.array(batch.ids), cache)  # (B, T, D)
        states = hidden.reshape(-1, hidden.shape[-1])[mx.array(batch.positions)]  # (B * T, D) to (N, D)
        targets, weights = mx.array(batch.targets), mx.array(batch.weights)  # (N,), (N,)
        return self.loss(self.plan.model.logits, states, targets, weights, self.plan.chunk_size) / supervised
