"""One optimiser update over some rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_map

from msm_mlx.engine.adapters import adapter_in
from msm_mlx.engine.boundaries import boundaries
from msm_mlx.engine.ranks import ALONE, Ranks
from msm_mlx.training.loss import Head
from msm_mlx.training.packing import Batch, make_batches
from msm_mlx.training.plan import TrainingPlan
from msm_mlx.training.tokenize import Row

Loss = Callable[[Head, mx.array, mx.array, mx.array, int], mx.array]
Gradients = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """Of one update: loss a learned token, norm of the gradient before clipping, and how many tokens it took."""

    loss: float
    norm: float
    learning_rate: float
    learned: int
    tokens: int

    @property
    def finite(self) -> bool:
        return math.isfinite(self.loss) and math.isfinite(self.norm)


@dataclass(frozen=True)
class Step:
    """One optimiser update over the rows that it is called with."""

    model: nn.Module
    plan: TrainingPlan
    loss: Loss
    optimizer: optim.Optimizer
    limit: float
    ranks: Ranks = ALONE

    def __call__(self, rows: Sequence[Row]) -> Outcome:
        """The gradient is of the mean over all learned tokens of the rows, however many passes and ranks share them.

        It is looked at before it is applied, so that what is not finite never reaches the weights.
        """
        batches = make_batches(rows[self.ranks.rank :: self.ranks.size], self.plan.layout)
        learned = sum(sum(row.supervised[1:]) for row in rows)
        loss, gradients = self.ranks.add(self.gradients(batches, learned))
        gradients, norm = optim.clip_grad_norm(gradients, self.limit)
        mx.eval(loss, norm, gradients)
        tokens = int(cast("int", self.ranks.add(mx.array(sum(batch.ids.size for batch in batches))).item()))
        outcome = Outcome(cast("float", loss.item()), cast("float", norm.item()), 0.0, learned, tokens)
        if not outcome.finite:
            return outcome
        self.optimizer.update(self.model, gradients)
        mx.eval(self.model.trainable_parameters(), self.optimizer.state)
        # the optimiser has set its rate for this very update
        return replace(outcome, learning_rate=float(cast("float", mx.array(self.optimizer.learning_rate).item())))

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

    def mean_loss(self, rows: Sequence[Row]) -> float:
        """The loss of a learned token of `rows`, as they are now predicted."""
        batches = make_batches(rows, self.plan.layout)
        learned = max(sum(batch.learned_tokens for batch in batches), 1)
        return sum(cast("float", self._batch_loss(batch, learned).item()) for batch in batches if len(batch.positions))

    def _batch_loss(self, batch: Batch, learned: int) -> mx.array:
        segments = None if batch.segments is None else mx.array(batch.segments)
        cache = boundaries(self.plan.packing, segments, self.plan.layers)
        with adapter_in(self.model, self.plan.adapter_dtype):
            hidden = self.plan.model.hidden(mx.array(batch.ids), cache)  # (B, T, D)
        states = hidden.reshape(-1, hidden.shape[-1])[mx.array(batch.positions)]  # (N, D)
        targets, weights = mx.array(batch.targets), mx.array(batch.weights)
        return self.loss(self.plan.model.logits, states, targets, weights, self.plan.chunk) / learned


def divergence(step: Step, rows: Sequence[Row], chosen: Sequence[int], number: int, outcome: Outcome) -> str:
    """What went wrong at update `number` (from 0), with the rows whose own loss is not finite, if it is some."""
    bad = set()
    for index in dict.fromkeys(chosen):
        if not math.isfinite(step.mean_loss([rows[index]])):
            bad.add(rows[index].source + 1)
    what = f"training diverged at update {number + 1} (loss {outcome.loss}, gradient norm {outcome.norm})"
    if 0 < len(bad) < len({rows[index].source for index in chosen}):
        return (
            f"{what}, from line {', '.join(map(str, sorted(bad)))} of the data; look there, or lower the learning rate"
        )
    return f"{what}; lower the learning rate"
