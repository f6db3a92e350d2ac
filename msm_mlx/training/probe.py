"""Measures two real updates, to hold an estimate of memory and time against."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.training.metrics import Update
from msm_mlx.training.tokenize import TokenRow
from msm_mlx.training.trainer import TrainingCallbacks, train


def probe_training(
    model: nn.Module,
    vocabulary: int,
    settings: TrainSettings,
    on_update: Callable[[Update], None] = lambda update: None,
) -> tuple[int, float]:
    """Peak memory in bytes, and seconds of an update, measured on rows as long as the settings allow.

    The adapter of `model` is changed by this.
    """
    rng = np.random.default_rng(0)
    length = settings.max_length + 1  # the last token is only a target, so `max_length` go through the model
    rows = [
        TokenRow(tuple(int(i) for i in rng.integers(0, vocabulary, length)), (True,) * length)
        for _ in range(settings.batch_size)
    ]
    updates: list[Update] = []

    def record(update: Update) -> None:
        updates.append(update)
        on_update(update)

    two_updates = settings.model_copy(update={"updates": 2, "epochs": None, "validation": 0, "checkpoint_every": 10**9})
    gc.collect()  # or what earlier work left in cycles would count, if it is still there
    mx.clear_cache()
    mx.reset_peak_memory()
    train(model, rows, two_updates, seed=0, checkpoint=Path("unused"), callbacks=TrainingCallbacks(record))
    return mx.get_peak_memory(), updates[-1].seconds
