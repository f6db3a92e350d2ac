"""What two updates really take: the measurement that an estimate is held against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.training.metrics import Update
from msm_mlx.training.tokenize import Row
from msm_mlx.training.trainer import train


def probe_training(
    model: nn.Module,
    vocabulary: int,
    settings: TrainSettings,
    on_update: Callable[[Update], None] = lambda update: None,
) -> tuple[int, float]:
    """The peak of memory in bytes and the seconds of an update, of two updates over rows as long as they may be.

    The adapter that `model` has is changed.
    """
    rng = np.random.default_rng(0)
    rows = [
        Row(
            tuple(int(i) for i in rng.integers(0, vocabulary, settings.max_length + 1)),
            (True,) * (settings.max_length + 1),
        )
        for _ in range(settings.batch_size)
    ]
    updates: list[Update] = []

    def note(update: Update) -> None:
        updates.append(update)
        on_update(update)

    short = settings.model_copy(update={"updates": 2, "epochs": None, "validation": 0, "checkpoint_every": 10**9})
    mx.clear_cache()
    mx.reset_peak_memory()
    train(model, rows, short, seed=0, checkpoint=Path("unused"), on_update=note)
    return mx.get_peak_memory(), updates[-1].seconds
