"""Trains one adapter from start to finish: fresh or continued, and saved in mlx-lm's layout."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn

from msm_mlx.engine.adapters import (
    LoraShape,
    adapter_weights,
    add_lora,
    has_adapter,
    load_adapter,
    save_adapter,
    set_adapter,
)
from msm_mlx.engine.loaded_model import LoadedModel
from msm_mlx.engine.ranks import SINGLE_RANK, Ranks
from msm_mlx.errors import MsmError
from msm_mlx.files import make_folder
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.runs.layout import CHECKPOINT, METRICS, snapshot_folder
from msm_mlx.runs.outcome import TrainingOutcome
from msm_mlx.training.broadcast import broadcast_adapter, check_same_adapter
from msm_mlx.training.metrics import MetricsLog
from msm_mlx.training.tokenize import TokenRow
from msm_mlx.training.trainer import NO_CALLBACKS, TrainingCallbacks, train
from msm_mlx.training.trial import AdapterWeights

NO_ROWS = TrainingOutcome(
    updates=0, rows=0, held_out=False, problems=("There was no row to learn, so that the adapter is as it started.",)
)


def train_adapter(
    loaded: LoadedModel,
    rows: Sequence[TokenRow],
    settings: TrainSettings,
    shape: LoraShape,
    folder: Path,
    *,
    seed: int,
    base: str,
    start: Path | None = None,
    callbacks: TrainingCallbacks = NO_CALLBACKS,
    ranks: Ranks = SINGLE_RANK,
) -> TrainingOutcome | None:
    """Train an adapter on `rows` and save it in `folder`. Without rows the adapter is saved as it starts.

    Args:
        base: the name of the base model, for the adapter's configuration.
        start: the folder of an adapter to continue from, with a fresh optimiser; None starts from a fresh adapter,
            which changes nothing yet.

    Returns:
        What training changed, on rank 0.

    Raises:
        MsmError: if training diverges, if `start` does not fit the model, or if ranks disagree about the result.
        KeyboardInterrupt: after the checkpoint is written, if `callbacks.should_stop` said so.
    """
    metrics = None
    if ranks.is_rank_zero:
        metrics = MetricsLog(make_folder(folder) / METRICS, time.monotonic)
        if not rows:
            metrics.start(0)
    start_adapter(loaded, shape, seed, start)
    broadcast_adapter(ranks, loaded.model)
    checkpoint = folder / CHECKPOINT

    def on_snapshot(update: int) -> None:
        if ranks.is_rank_zero:
            save_adapter(folder / snapshot_folder(update), adapter_weights(loaded.model), shape, base)

    outcome: TrainingOutcome | None = NO_ROWS
    if rows:
        outcome = train(
            loaded.model,
            rows,
            settings,
            seed=seed,
            checkpoint=checkpoint,
            start=lambda: starting_weights(loaded.model, seed, start),
            metrics=metrics,
            callbacks=replace(callbacks, on_snapshot=on_snapshot),
            ranks=ranks,
        )
    check_same_adapter(ranks, loaded.model)
    if outcome and not math.isfinite(outcome.after):  # only now, since the other ranks wait for this one until here
        raise MsmError("; ".join(outcome.problems))
    if ranks.is_rank_zero:
        save_adapter(folder, adapter_weights(loaded.model), shape, base)
        checkpoint.unlink(missing_ok=True)
    return outcome


def start_adapter(loaded: LoadedModel, shape: LoraShape, seed: int, start: Path | None) -> None:
    """Give the model the adapter in `start`, or a fresh one that depends on `shape` and `seed` alone.

    Raises:
        MsmError: if `start` cannot be read or does not fit the model.
    """
    if not has_adapter(loaded.model):
        add_lora(loaded.model, shape, seed)
    set_adapter(loaded.model, starting_weights(loaded.model, seed, start))


def starting_weights(model: nn.Module, seed: int, start: Path | None) -> AdapterWeights:
    """The adapter in `start`, or a fresh one of the shape that `model` has, which depends on `seed` alone.

    Raises:
        MsmError: if `start` cannot be read.
    """
    if start is not None:
        return load_adapter(start)
    weights = sorted(adapter_weights(model).items())
    fresh = {}
    for key, (name, value) in zip(mx.random.split(mx.random.key(seed), len(weights)), weights, strict=True):
        # the initialisation of mlx-lm; lora_a is (inputs, rank), or (experts, rank, inputs) in a mixture of experts
        inputs = value.shape[0] if value.ndim == 2 else value.shape[-1]
        bound = inputs**-0.5
        uniform = mx.random.uniform(-bound, bound, value.shape, key=key)
        fresh[name] = uniform if name.endswith("lora_a") else mx.zeros_like(value)
    return fresh
