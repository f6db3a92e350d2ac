"""The training loop: LoRA updates over rows, checkpointed so that a killed run ends in the same bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

from msm_mlx.engine.adapters import adapter_weights, load_arrays, save_arrays
from msm_mlx.engine.boundaries import packing_in_force
from msm_mlx.engine.checkpointing import checkpointed_layers
from msm_mlx.engine.ranks import ALONE, Ranks
from msm_mlx.errors import MsmError
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.runs.layout import BEST
from msm_mlx.training.broadcast import share_adapter, share_state
from msm_mlx.training.checkpoint import Progress, load_state, save_state
from msm_mlx.training.loss import chunked_cross_entropy
from msm_mlx.training.metrics import MetricsLog, Update, Validation
from msm_mlx.training.packing import batch_rows
from msm_mlx.training.plan import plan_training
from msm_mlx.training.schedule import learning_rate
from msm_mlx.training.step import Loss, Outcome, Step, divergence
from msm_mlx.training.tokenize import Row


def train(
    model: nn.Module,
    rows: Sequence[Row],
    settings: TrainSettings,
    *,
    seed: int,
    checkpoint: Path,
    metrics: MetricsLog | None = None,
    on_update: Callable[[Update], None] = lambda update: None,
    say: Callable[[str], None] = lambda line: None,
    stopping: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
    loss: Loss = chunked_cross_entropy,
    ranks: Ranks = ALONE,
) -> None:
    """Train the adapter that `model` has, in place, for the updates or epochs that `settings` ask for.

    Continues from the file `checkpoint` if it is there. The caller removes that file when it has saved the result.
    When `stopping` says so, the state is saved after the running update and KeyboardInterrupt is raised.
    With validation, the best adapter so far is in BEST beside the checkpoint. Of several `ranks`, each goes through its
    share of an update's rows, and rank 0 alone writes.

    Raises:
        MsmError: if the loss or the gradient is no longer finite, naming the update and the line of the data.
    """
    learned, held = hold_out(rows, settings.validation)
    updates = settings.planned_updates(len(learned))
    plan = plan_training(model, learned, settings)
    for reason in (*plan.reasons, f"Plan: {updates} updates of {settings.batch_size} rows, {len(learned)} in all."):
        say(reason)
    rate = learning_rate(settings, updates)
    optimizer = optim.AdamW(rate, weight_decay=settings.weight_decay, bias_correction=True)
    optimizer.init(model.trainable_parameters())
    progress = load_state(checkpoint, model, optimizer) if ranks.leads and checkpoint.exists() else Progress()
    progress = share_state(ranks, model, optimizer, progress)
    if metrics:
        metrics.start(progress.updates)
    step = Step(model, plan, loss, optimizer, settings.max_grad_norm, ranks)
    loop = _Loop(step, settings, updates, learned, held, seed, checkpoint, metrics, on_update, stopping, clock)
    try:
        with packing_in_force(model, plan.packing), checkpointed_layers(model, settings.gradient_checkpointing):
            loop.run(progress)
    finally:
        if metrics:
            metrics.flush()
    best = checkpoint.with_name(BEST)
    if settings.keep == "best" and progress.best_update and best.exists():
        say(f"Kept: the adapter after update {progress.best_update}, validation loss {progress.best_loss:.4f}.")
        model.load_weights(list(load_arrays(best)[0].items()), strict=False)
    share_adapter(ranks, model)


def hold_out(rows: Sequence[Row], count: int) -> tuple[list[Row], list[Row]]:
    """Rows to learn and, from `count` texts that no seed changes, rows to validate on."""
    sources = sorted({row.source for row in rows})
    if not count:
        return list(rows), []
    if count >= len(sources):
        raise MsmError(f"validation holds out {count} of {len(sources)} texts, which leaves nothing to learn")
    held = {sources[i] for i in np.random.default_rng(0).permutation(len(sources))[:count]}
    return [row for row in rows if row.source not in held], [row for row in rows if row.source in held]


@dataclass(frozen=True)
class _Loop:
    """The updates that are left, one after another."""

    step: Step
    settings: TrainSettings
    updates: int
    rows: Sequence[Row]
    held: Sequence[Row]
    seed: int
    checkpoint: Path
    metrics: MetricsLog | None
    on_update: Callable[[Update], None]
    stopping: Callable[[], bool]
    clock: Callable[[], float]

    def run(self, progress: Progress) -> None:
        started = self.clock()
        for number in range(progress.updates, self.updates):
            chosen = batch_rows(len(self.rows), self.settings.batch_size, number, self.seed)
            outcome = self.step([self.rows[i] for i in chosen])
            if not outcome.finite:
                raise MsmError(divergence(self.step, self.rows, chosen, number, outcome))
            now = self.clock()
            self._tell(outcome, number + 1, now - started)
            started = now
            progress.updates = number + 1
            if self._should_stop_early(progress):
                return
            stop = self.step.ranks.any(self.stopping())
            if progress.updates < self.updates and (stop or progress.updates % self.settings.checkpoint_every == 0):
                self._save(progress)
                if stop:
                    raise KeyboardInterrupt

    def _tell(self, outcome: Outcome, number: int, seconds: float) -> None:
        update = Update(
            number,
            outcome.loss,
            outcome.norm,
            outcome.learning_rate,
            outcome.learned,
            outcome.tokens,
            seconds,
            mx.get_peak_memory(),
            mx.get_cache_memory(),
        )
        if self.metrics:
            self.metrics.update(update)
        self.on_update(update)

    def _should_stop_early(self, progress: Progress) -> bool:
        """Validate if it is time, keep what is best, and say whether to stop because it no longer gets better."""
        every, patience = self.settings.validate_every, self.settings.patience
        if not self.held or (progress.updates % every and progress.updates != self.updates):
            return False
        loss = self.step.mean_loss(self.held)
        if loss < progress.best_loss:
            progress.best_loss, progress.best_update = loss, progress.updates
            if self.step.ranks.leads:
                save_arrays(self.checkpoint.with_name(BEST), adapter_weights(self.step.model), {"format": "mlx"})
        if self.metrics:
            self.metrics.validation(Validation(progress.updates, loss, progress.best_update))
        return bool(patience) and progress.updates - progress.best_update >= patience * every

    def _save(self, progress: Progress) -> None:
        if self.metrics:
            self.metrics.flush()  # before the state, so that no update it has done is missing from the metrics
        if self.step.ranks.leads:
            save_state(self.checkpoint, self.step.model, self.step.optimizer, progress)
