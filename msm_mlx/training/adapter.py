"""One adapter from start to finish: fresh or continued, trained on rows, saved in mlx-lm's layout."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import mlx.core as mx

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
from msm_mlx.engine.ranks import ALONE, Ranks
from msm_mlx.files import make_folder
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.runs.layout import CHECKPOINT, METRICS
from msm_mlx.training.broadcast import check_together, share_adapter
from msm_mlx.training.metrics import MetricsLog, Update
from msm_mlx.training.tokenize import Row
from msm_mlx.training.trainer import train


def train_adapter(
    loaded: LoadedModel,
    rows: Sequence[Row],
    settings: TrainSettings,
    shape: LoraShape,
    folder: Path,
    *,
    seed: int,
    base: str,
    start: Path | None = None,
    on_update: Callable[[Update], None] = lambda update: None,
    say: Callable[[str], None] = lambda line: None,
    stopping: Callable[[], bool] = lambda: False,
    ranks: Ranks = ALONE,
) -> None:
    """Train an adapter on `rows` into `folder`. Without rows the adapter stays as it starts.

    `start` is the folder of an adapter to go on from, with a fresh optimiser; None starts from no change at all.
    """
    metrics = None
    if ranks.leads:
        metrics = MetricsLog(make_folder(folder) / METRICS, time.monotonic)
        if not rows:
            metrics.start(0)
    start_adapter(loaded, shape, seed, start)
    share_adapter(ranks, loaded.model)
    checkpoint = folder / CHECKPOINT
    if rows:
        train(
            loaded.model,
            rows,
            settings,
            seed=seed,
            checkpoint=checkpoint,
            metrics=metrics,
            on_update=on_update,
            say=say,
            stopping=stopping,
            ranks=ranks,
        )
    check_together(ranks, loaded.model)
    if ranks.leads:
        save_adapter(folder, adapter_weights(loaded.model), shape, base)
        checkpoint.unlink(missing_ok=True)


def start_adapter(loaded: LoadedModel, shape: LoraShape, seed: int, start: Path | None) -> None:
    """Give the model the adapter in `start`, or a fresh one that depends on `seed` alone."""
    if not has_adapter(loaded.model):
        add_lora(loaded.model, shape, seed)
    if start is not None:
        set_adapter(loaded.model, load_adapter(start))
        return
    keys = mx.random.split(mx.random.key(seed), len(adapter_weights(loaded.model)))
    fresh = {}
    for key, (name, value) in zip(keys, sorted(adapter_weights(loaded.model).items()), strict=True):
        # as mlx-lm initialises: lora_a is (inputs, rank), or (experts, rank, inputs) in a mixture
        inputs = value.shape[0] if value.ndim == 2 else value.shape[-1]
        bound = inputs**-0.5
        random = mx.random.uniform(-bound, bound, value.shape, key=key)
        fresh[name] = random if name.endswith("lora_a") else mx.zeros_like(value)
    set_adapter(loaded.model, fresh)
