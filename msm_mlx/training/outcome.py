"""What a training changed: the loss of a few rows with the adapter as it started and as it ended.

It takes two passes over those rows. Only where the loss did not fall is the cause looked for, which takes some more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import cast

import mlx.core as mx

from msm_mlx.recipe.schema import TrainSettings
from msm_mlx.runs.outcome import TrainingOutcome
from msm_mlx.training.causes import Evidence, describe_overfitting, find_cause
from msm_mlx.training.divergence import describe_overshoot
from msm_mlx.training.packing import batch_rows
from msm_mlx.training.schedule import learning_rate
from msm_mlx.training.step import TrainingStep
from msm_mlx.training.tokenize import TokenRow
from msm_mlx.training.trial import AdapterWeights, LossChange, Reach, Trial, adapter_scale

SMALLEST_RATE = 1e-37  # that float32 holds; a smaller one becomes zero
LEARNED_ROWS = 8  # that are measured where none are held out


@dataclass(frozen=True)
class FinishedTraining:
    """A training whose adapter is on the model."""

    step: TrainingStep
    settings: TrainSettings
    planned: int
    """Updates that the schedule of the learning rate is made for."""
    updates: int
    """Those that were made."""
    rows: Sequence[TokenRow]
    held_out: Sequence[TokenRow]
    seed: int

    def first_rows(self) -> list[TokenRow]:
        """Up to `LEARNED_ROWS` of the rows that were learned first, without those that have nothing to learn."""
        first: dict[int, TokenRow] = {}
        for update in range(self.updates):
            for index in batch_rows(len(self.rows), self.settings.batch_size, update, self.seed):
                if any(self.rows[index].supervised[1:]):
                    first[index] = self.rows[index]
                if len(first) == LEARNED_ROWS:
                    return list(first.values())
        return list(first.values())

    def rates(self) -> list[float]:
        """The learning rate of each update."""
        rates = learning_rate(self.settings, self.planned)(mx.arange(self.updates))  # (updates,)
        return cast("list[float]", rates.tolist())


def measure_outcome(training: FinishedTraining, start: AdapterWeights) -> TrainingOutcome:
    """Hold the adapter that was trained against `start`, the one that it was made from.

    The loss may not be finite with it, which the outcome's problem says then.
    """
    held_out = [row for row in training.held_out if any(row.supervised[1:])]
    rows = held_out or training.first_rows()
    outcome = TrainingOutcome(updates=training.updates, rows=len(rows), held_out=bool(held_out))
    if not training.updates:
        return outcome.model_copy(update={"problems": ("No update was made, so that the adapter is as it started.",)})
    trial = Trial(training.step, rows or training.rows[:1], start)
    change = LossChange(trial.losses(start), trial.losses())
    outcome = outcome.model_copy(
        update={
            "before": fmean(change.before),
            "after": fmean(change.after),
            "standard_error": change.standard_error,
        }
    )
    if not change.is_finite:
        problem = describe_overshoot(trial, training.settings.learning_rate)
        return outcome.model_copy(update={"problems": (problem,)})
    if change.fell:
        return outcome
    trial = trial.over(training.first_rows() or training.rows[:1])
    overfitting = _find_overfitting(training, trial) if held_out else ""
    verb = "The loss rose" if change.is_clear else "No better than before" if overfitting else "Learned nothing"
    why = overfitting or _find_cause(training, trial)
    problem = f"{verb}: {outcome.text} (standard error {change.standard_error:.2g}). {why}"
    return outcome.model_copy(update={"problems": (problem,)})


def _find_overfitting(training: FinishedTraining, learned: Trial) -> str:
    """What to say if the loss fell on rows that were learned, and not on those that were held out."""
    change = LossChange(learned.losses(learned.start), learned.losses())
    seen = training.updates * training.settings.batch_size
    return describe_overfitting(training.rows, seen, change) if change.fell else ""


def _find_cause(training: FinishedTraining, trial: Trial) -> str:
    """Why the loss of the trial's rows did not fall."""
    rates, settings = training.rates(), training.settings
    highest = max(*rates, SMALLEST_RATE)
    reach = Reach(highest, training.updates, adapter_scale(trial.step.model), trial.step.plan.adapter_dtype)
    supervised = sum(sum(row.supervised[1:]) for row in training.rows)
    return find_cause(Evidence(settings, reach, sum(rates) * settings.weight_decay, supervised, trial))
