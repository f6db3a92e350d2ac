"""Measures two real updates, to hold an estimate of memory and time against."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.training.metrics import ProbedTraining, Update
from msm_mlx.training.tokenize import TokenRow
from msm_mlx.training.trainer import TrainingCallbacks, train

UPDATES = 2  # of which the first one compiles
PROBE_SECONDS = 10.0  # for one kind of training, besides the start of its process and the loading of the model


def probe_training(
    model: nn.Module,
    vocabulary: int,
    settings: TrainSettings,
    on_update: Callable[[Update], None] = lambda update: None,
    updates: int = UPDATES,
) -> tuple[int, float]:
    """Peak memory in bytes, and seconds of the last of `updates`, measured on rows as long as the settings allow.

    The adapter of `model` is changed by this.
    """
    rng = np.random.default_rng(0)
    length = settings.max_length + 1  # the last token is only a target, so `max_length` go through the model
    rows = [
        TokenRow(tuple(int(i) for i in rng.integers(0, vocabulary, length)), (True,) * length)
        for _ in range(settings.batch_size)
    ]
    seconds: list[float] = []

    def record(update: Update) -> None:
        seconds.append(update.seconds)
        on_update(update)

    few_updates = settings.model_copy(
        update={"updates": updates, "epochs": None, "validation": 0, "checkpoint_every": 10**9}
    )
    gc.collect()  # or what earlier work left in cycles would count, if it is still there
    mx.clear_cache()
    mx.reset_peak_memory()
    train(model, rows, few_updates, seed=0, checkpoint=Path("unused"), callbacks=TrainingCallbacks(record))
    return mx.get_peak_memory(), seconds[-1]


def probe_within(
    model: nn.Module,
    vocabulary: int,
    settings: TrainSettings,
    seconds: float = PROBE_SECONDS,
    clock: Callable[[], float] = time.perf_counter,
) -> ProbedTraining:
    """What `probe_training` measures, of as many rows as fit into `seconds`.

    One row is trained on first. Where nothing is left of the time, that is all there is to go by.
    """
    start = clock()
    one = settings.model_copy(update={"batch_size": 1})
    peak, each = probe_training(model, vocabulary, one, updates=1)
    if clock() - start > seconds / 2:
        return ProbedTraining(peak, each, 1, 1)
    peak, each = probe_training(model, vocabulary, one, updates=1)  # all is compiled now
    spent = clock() - start
    rows = min(settings.batch_size, int((seconds - spent) / 2 / max(each, 1e-6)))
    if rows < 1:
        return ProbedTraining(peak, each, 1, 2)
    peak, each = probe_training(model, vocabulary, settings.model_copy(update={"batch_size": rows}))
    return ProbedTraining(peak, each, rows, UPDATES)
