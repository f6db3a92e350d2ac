"""Whether a training could have lowered the loss with other settings: a step from the adapter as it started."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import cast

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten

from msm_mlx.engine.adapters import adapter_weights, lora_layers, set_adapter
from msm_mlx.training.packing import make_batches
from msm_mlx.training.step import TrainingStep
from msm_mlx.training.tokenize import TokenRow

AdapterWeights = dict[str, mx.array]
SMALL_CHANGE = 0.005  # of the loss: less counts as nothing, however sure it is
STEPS = 5  # sizes of a step that are tried


@dataclass(frozen=True)
class LossChange:
    """The loss of each of some rows before and after, in nats a token."""

    before: Sequence[float]
    after: Sequence[float]

    @property
    def standard_error(self) -> float:
        """Of the mean difference, over rows; 0 of a single row, and where a loss is not finite."""
        if len(self.before) < 2 or not self.is_finite:
            return 0.0
        return stdev(b - a for b, a in zip(self.before, self.after, strict=True)) / math.sqrt(len(self.before))

    @property
    def is_finite(self) -> bool:
        return all(map(math.isfinite, (*self.before, *self.after)))

    @property
    def is_clear(self) -> bool:
        """Whether the mean differs by more than its standard error, and by enough to matter."""
        difference, least = fmean(self.after) - fmean(self.before), SMALL_CHANGE * fmean(self.before)
        return abs(difference) > max(self.standard_error, least)

    @property
    def fell(self) -> bool:
        return self.is_finite and self.is_clear and fmean(self.after) < fmean(self.before)


@dataclass(frozen=True)
class Reach:
    """How far a training can take the adapter, and what of that reaches the model."""

    rate: float
    """The highest learning rate."""
    updates: int
    scale: float
    """The factor on the low-rank product."""
    adapter_dtype: mx.Dtype

    @property
    def steps(self) -> Sequence[float]:
        """Sizes of a step of every weight: of one update, of all of them in one direction, and between.

        AdamW moves a weight by about the rate in each update; a schedule with a cosine halves the sum.
        """
        return [float(size) for size in np.geomspace(self.rate, self.rate * max(self.updates / 2, 1), STEPS)]


@dataclass(frozen=True)
class Trial:
    """Measures rows with adapters other than the one that was trained, which is put back afterwards."""

    step: TrainingStep
    rows: Sequence[TokenRow]
    start: AdapterWeights
    """The adapter as it started."""

    def over(self, rows: Sequence[TokenRow]) -> Trial:
        """The same over other rows."""
        return Trial(self.step, rows, self.start)

    def losses(self, weights: AdapterWeights | None = None) -> list[float]:
        """The loss of each row, in nats a token, with these weights of the adapter; by default those that it has."""
        with _weights(self.step.model, weights):
            return [self.step.mean_loss([row]) for row in self.rows]

    @contextmanager
    def changed(self, scale: float, adapter_dtype: mx.Dtype) -> Iterator[Trial]:
        """The same with another scale of the adapter, and with what it computes in."""
        step = replace(self.step, plan=replace(self.step.plan, adapter_dtype=adapter_dtype))
        with _scale(self.step.model, scale):
            yield replace(self, step=step)

    def lowers(self, reach: Reach) -> bool:
        """Whether a step from the start against the sign of the gradient, as AdamW's first is, lowers the loss clearly,
        at any size within `reach`."""
        before = self.losses(self.start)
        with self.changed(reach.scale, reach.adapter_dtype) as trial:
            gradients = trial.gradients(self.start)
            for size in reach.steps:
                moved = {name: weight - size * mx.sign(gradients[name]) for name, weight in self.start.items()}
                if LossChange(before, trial.losses(moved)).fell:
                    return True
        return False

    def gradients(self, weights: AdapterWeights, factor: float = 1.0) -> AdapterWeights:
        """The gradient at `weights` of the mean loss, times `factor`, over the supervised tokens of the rows."""
        batches = make_batches(self.rows, self.step.plan.layout)
        supervised = sum(batch.supervised_tokens for batch in batches)
        with _weights(self.step.model, weights):
            _, gradients = self.step.gradients(batches, supervised / factor)
        return dict(tree_flatten(gradients))


def norm(gradients: AdapterWeights) -> float:
    """The L2 norm of all of them together."""
    return float(
        np.sqrt(sum(cast("float", (value.astype(mx.float32) ** 2).sum().item()) for value in gradients.values()))
    )


def adapter_scale(model: nn.Module) -> float:
    """The factor on the low-rank product, which all layers of the adapter have in common."""
    return float(next(lora_layers(model)).scale)


@contextmanager
def _weights(model: nn.Module, weights: AdapterWeights | None) -> Iterator[None]:
    if weights is None:
        yield
        return
    trained = adapter_weights(model)
    set_adapter(model, weights)
    try:
        yield
    finally:
        set_adapter(model, trained)


@contextmanager
def _scale(model: nn.Module, scale: float) -> Iterator[None]:
    layers = list(lora_layers(model))
    before = [layer.scale for layer in layers]
    try:
        for layer in layers:
            layer.scale = scale
        yield
    finally:
        for layer, value in zip(layers, before, strict=True):
            layer.scale = value
