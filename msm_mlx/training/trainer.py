"""The training loop: LoRA updates over rows, with checkpoints, so that a killed run ends in the same bytes."""

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
from msm_mlx.engine.boundaries import packed_attention
from msm_mlx.engine.checkpointing import checkpointed_layers
from msm_mlx.engine.cpu_kernels import cpu_kernels
from msm_mlx.engine.ranks import SINGLE_RANK, Ranks
from msm_mlx.engine.trainable import training_mode
from msm_mlx.errors import MsmError
from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.runs.layout import BEST
from msm_mlx.runs.outcome import TrainingOutcome
from msm_mlx.training.broadcast import broadcast_adapter, broadcast_state
from msm_mlx.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from msm_mlx.training.divergence import describe_divergence
from msm_mlx.training.loss import chunked_cross_entropy
from msm_mlx.training.metrics import MetricsLog, Update, Validation
from msm_mlx.training.outcome import FinishedTraining, measure_outcome
from msm_mlx.training.packing import batch_rows
from msm_mlx.training.plan import plan_training
from msm_mlx.training.schedule import learning_rate
from msm_mlx.training.step import Loss, StepResult, TrainingStep
from msm_mlx.training.tokenize import PLAIN, TokenRow
from msm_mlx.training.trial import AdapterWeights, Trial


@dataclass(frozen=True)
class TrainingCallbacks:
    """Each does nothing by default."""

    on_update: Callable[[Update], None] = lambda update: None
    """Called after every update."""
    say: Callable[[str], None] = lambda line: None
    """Takes lines for the log."""
    should_stop: Callable[[], bool] = lambda: False
    """Asked after every update; if it says yes, the checkpoint is written and training ends with KeyboardInterrupt."""
    on_resume: Callable[[int], None] = lambda updates: None
    """Called once before the first update with the number of updates that the checkpoint holds; 0 without one."""
    on_snapshot: Callable[[int], None] = lambda update: None
    """Called after each update that the settings' `evaluate_at` names, while the model has that adapter."""


NO_CALLBACKS = TrainingCallbacks()


def train(
    model: nn.Module,
    rows: Sequence[TokenRow],
    settings: TrainSettings,
    *,
    seed: int,
    checkpoint: Path,
    start: Callable[[], AdapterWeights] | None = None,
    metrics: MetricsLog | None = None,
    callbacks: TrainingCallbacks = NO_CALLBACKS,
    clock: Callable[[], float] = time.monotonic,
    loss: Loss = chunked_cross_entropy,
    ranks: Ranks = SINGLE_RANK,
) -> TrainingOutcome | None:
    """Train the adapter of `model` in place, for the updates or epochs that `settings` ask for.

    Training continues from the file `checkpoint` if there is one; the caller removes that file once the result is
    saved. With validation, the best adapter so far is in `BEST` beside the checkpoint. Of several `ranks`, each
    computes its share of the rows of an update, and rank 0 alone writes files.

    Args:
        start: gives the adapter that training starts from, which is compared with the result; None compares nothing.
        clock: seconds, for the metrics.

    Returns:
        What training changed, on rank 0 if there is a `start`.

    Raises:
        MsmError: if the loss or the gradient is not finite, naming the update and, if possible, the line of the data.
        KeyboardInterrupt: after the checkpoint is written, if `callbacks.should_stop` said so.
    """
    training_rows, validation_rows = hold_out(rows, settings.validation)
    updates = settings.planned_updates(len(training_rows))
    plan = plan_training(model, training_rows, settings)
    summary = f"Plan: {updates} updates of {settings.batch_size} rows, {len(training_rows)} in all."
    for line in (*plan.reasons, summary):
        callbacks.say(line)
    optimizer = _optimizer(model, settings, updates)
    progress = _resume(checkpoint, model, optimizer, ranks)
    callbacks.on_resume(progress.updates)
    if metrics:
        metrics.start(progress.updates)
    loop = _Loop(
        step=TrainingStep(model, plan, loss, optimizer, settings.max_grad_norm, ranks),
        settings=settings,
        updates=updates,
        training_rows=training_rows,
        validation_rows=validation_rows,
        seed=seed,
        checkpoint=checkpoint,
        start=start,
        metrics=metrics,
        callbacks=callbacks,
        clock=clock,
    )
    checkpointing = checkpointed_layers(model, settings.gradient_checkpointing)
    kernels = cpu_kernels(model, plan.cpu_kernels)
    with training_mode(model), packed_attention(model, plan.packing), kernels, checkpointing:
        try:
            loop.run(progress)
        finally:
            if metrics:
                metrics.flush()
        best = checkpoint.with_name(BEST)
        if settings.keep == "best" and progress.best_update and best.exists():
            callbacks.say(
                f"Kept: the adapter after update {progress.best_update}, validation loss {progress.best_loss:.4f}."
            )
            model.load_weights(list(load_arrays(best)[0].items()), strict=False)
        broadcast_adapter(ranks, model)
        if start is None or not ranks.is_rank_zero:
            return None
        finished = FinishedTraining(
            loop.step, settings, updates, progress.updates, training_rows, validation_rows, seed
        )
        return measure_outcome(finished, start())


def _optimizer(model: nn.Module, settings: TrainSettings, updates: int) -> optim.Optimizer:
    """AdamW over the adapter of `model`, with the learning rate's schedule over all updates."""
    rate = learning_rate(settings, updates)
    optimizer = optim.AdamW(rate, weight_decay=settings.weight_decay, bias_correction=True)
    optimizer.init(model.trainable_parameters())
    return optimizer


def _resume(checkpoint: Path, model: nn.Module, optimizer: optim.Optimizer, ranks: Ranks) -> Progress:
    """How far the checkpoint had come, with its adapter and state in `model` and `optimizer`, on every rank."""
    resumes = ranks.is_rank_zero and checkpoint.exists()
    progress = load_checkpoint(checkpoint, model, optimizer) if resumes else Progress()
    return broadcast_state(ranks, model, optimizer, progress)


def hold_out(rows: Sequence[TokenRow], count: int) -> tuple[list[TokenRow], list[TokenRow]]:
    """Training rows and validation rows. Validation takes all rows of `count` texts, the same ones for every seed.

    Plain text that is mixed among documents is not held out.

    Raises:
        MsmError: if nothing would be left to train on.
    """
    sources = sorted({row.source for row in rows} - {PLAIN})
    if not count:
        return list(rows), []
    if count >= len(sources):
        raise MsmError(f"validation holds out {count} of {len(sources)} texts, which leaves nothing to learn; lower it")
    validation = {sources[i] for i in np.random.default_rng(0).permutation(len(sources))[:count]}
    return [row for row in rows if row.source not in validation], [row for row in rows if row.source in validation]


@dataclass(frozen=True, kw_only=True)
class _Loop:
    """All that the updates have in common; `run` does those that are left."""

    step: TrainingStep
    settings: TrainSettings
    updates: int
    training_rows: Sequence[TokenRow]
    validation_rows: Sequence[TokenRow]
    seed: int
    checkpoint: Path
    start: Callable[[], AdapterWeights] | None
    metrics: MetricsLog | None
    callbacks: TrainingCallbacks
    clock: Callable[[], float]

    def run(self, progress: Progress) -> None:
        started = self.clock()
        for update in range(progress.updates, self.updates):
            indices = batch_rows(len(self.training_rows), self.settings.batch_size, update, self.seed)
            result = self.step([self.training_rows[i] for i in indices])
            if not result.is_finite:
                rows = [self.training_rows[i] for i in dict.fromkeys(indices)]
                start = self.start() if self.start else adapter_weights(self.step.model)
                rate = self.settings.learning_rate
                raise MsmError(describe_divergence(Trial(self.step, rows, start), update, result, rate))
            now = self.clock()
            self._report(result, update + 1, now - started)
            started = now
            progress.updates = update + 1
            if progress.updates in self.settings.evaluate_at:
                self.callbacks.on_snapshot(progress.updates)  # before the checkpoint, so that none is skipped
            if self._should_stop_early(progress):
                return
            stop = self.step.ranks.any(self.callbacks.should_stop())
            if progress.updates < self.updates and (stop or progress.updates % self.settings.checkpoint_every == 0):
                self._save(progress)
                if stop:
                    raise KeyboardInterrupt

    def _report(self, result: StepResult, number: int, seconds: float) -> None:
        update = Update(
            number=number,
            loss=result.loss,
            gradient_norm=result.gradient_norm,
            learning_rate=result.learning_rate,
            supervised_tokens=result.supervised_tokens,
            tokens=result.tokens,
            seconds=seconds,
            peak_memory=mx.get_peak_memory(),
            cache_memory=mx.get_cache_memory(),
        )
        if self.metrics:
            self.metrics.update(update)
        self.callbacks.on_update(update)

    def _should_stop_early(self, progress: Progress) -> bool:
        """Validate if it is due, save the adapter if it is the best so far, and say whether patience has run out."""
        every, patience = self.settings.validate_every, self.settings.patience
        if not self.validation_rows or (progress.updates % every and progress.updates != self.updates):
            return False
        loss = self.step.mean_loss(self.validation_rows)
        if loss < progress.best_loss:
            progress.best_loss, progress.best_update = loss, progress.updates
            if self.step.ranks.is_rank_zero:
                save_arrays(self.checkpoint.with_name(BEST), adapter_weights(self.step.model), {"format": "mlx"})
        if self.metrics:
            self.metrics.validation(Validation(progress.updates, loss, progress.best_update))
        return bool(patience) and progress.updates - progress.best_update >= patience * every

    def _save(self, progress: Progress) -> None:
        if self.metrics:
            self.metrics.flush()  # before the checkpoint, so that the metrics lack none of the updates in it
        if self.step.ranks.is_rank_zero:
            save_checkpoint(self.checkpoint, self.step.model, self.step.optimizer, progress)
