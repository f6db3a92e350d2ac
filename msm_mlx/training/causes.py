"""Why a training did not lower the loss. A cause is named only where it was established by a measurement."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

import mlx.core as mx
from mlx.utils import tree_flatten

from msm_mlx.recipe.schema import MIN_UPDATES, LoraSettings, TrainSettings
from msm_mlx.training.tokenize import TokenRow
from msm_mlx.training.trial import LossChange, Reach, Trial, norm

KNOWN = 0.02  # nats a token below which rows are known: the model gives their tokens a probability of 98 %
FALLS = 3.0  # times that a setting must be above or below an ordinary one to be tried
ORDINARY_RATES = (1e-4, 1e-3)  # of LoRA; Biderman et al. 2024 sweep 1e-5 to 5e-4 at 7B, and smaller models take more
EPSILON = 1e-8  # of AdamW: a gradient below it moves a weight by less than the rate
LOSS_SCALE = 4096.0  # that lifts gradients out of the numbers which float16 rounds to zero


@dataclass(frozen=True)
class Evidence:
    """What is known of a training whose loss did not fall, and what can be measured of it."""

    settings: TrainSettings
    reach: Reach
    """Of the training as it was."""
    decay: float
    """The sum of rate times weight decay over all updates."""
    supervised: int
    """Supervised tokens of all rows."""
    trial: Trial
    """Over rows that were learned."""

    @cached_property
    def before(self) -> float:
        """The mean loss of the trial's rows at the start."""
        return fmean(self.trial.losses(self.trial.start))

    @cached_property
    def can_learn(self) -> bool:
        """Whether a step within the reach that the training had lowers the loss."""
        return self.trial.lowers(self.reach)

    @cached_property
    def gradient_norm(self) -> float:
        """Of the trial's rows, at the start."""
        return norm(self.trial.gradients(self.trial.start))


def find_cause(evidence: Evidence) -> str:
    """The first cause that is established, as a sentence; else what is known."""
    established = (cause(evidence) for cause in CAUSES)
    return next(filter(None, established), None) or _no_cause(evidence)


def _all_masked(evidence: Evidence) -> str | None:
    if evidence.supervised:
        return None
    return "No token of its rows is supervised, so there was nothing to learn: give it chats with replies of the model."


def _known_before(evidence: Evidence) -> str | None:
    if evidence.before >= KNOWN:
        return None
    return f"The model knew its rows before: their loss was {evidence.before:.2g}, which leaves nothing to learn."


def _settings(evidence: Evidence) -> str | None:
    """A setting that is far from an ordinary one, if with the ordinary one the loss falls."""
    if evidence.can_learn:
        return None
    changes = sorted(_changes(evidence), key=lambda change: -change.distance)
    for change in changes:
        if evidence.trial.lowers(change.apply(evidence.reach)):
            return f"{change.problem}: a trial step with {change.remedy} lowers the loss."
    together = evidence.reach
    for change in changes:
        together = change.apply(together)
    if len(changes) > 1 and evidence.trial.lowers(together):
        problems = ", and ".join(change.problem for change in changes)
        remedies = " and ".join(change.remedy for change in changes)
        return f"{problems}: a trial step with {remedies} lowers the loss."
    return None


def _gradients_vanish(evidence: Evidence) -> str | None:
    parameters = tree_flatten(evidence.trial.step.model.parameters())
    if all(value.dtype != mx.float16 for _, value in parameters):
        return None
    lifted = norm(evidence.trial.gradients(evidence.trial.start, LOSS_SCALE)) / LOSS_SCALE
    if not lifted > 2 * evidence.gradient_norm:
        return None
    return (
        f"Gradients round to zero in float16: their norm is {evidence.gradient_norm:.2g}, and {lifted:.2g} when the "
        f"loss is computed {LOSS_SCALE:.0f} times as large. Take the model in bfloat16."
    )


def _clipped_away(evidence: Evidence) -> str | None:
    limit = evidence.settings.max_grad_norm
    weights = sum(value.size for value in evidence.trial.start.values())
    if not (evidence.can_learn and evidence.gradient_norm > limit and limit / math.sqrt(weights) < EPSILON):
        return None
    return (
        f"max_grad_norm {limit:g} clips gradients of norm {evidence.gradient_norm:.2g} to less than AdamW can see; the "
        "default is 1."
    )


def _decayed_away(evidence: Evidence) -> str | None:
    if evidence.decay <= 1 or not evidence.can_learn:
        return None
    return (
        f"weight_decay {evidence.settings.weight_decay:g} takes the adapter away as fast as it is learned: by a factor "
        f"of {math.exp(min(evidence.decay, 99)):.2g} over the training. A usual value is 0.01."
    )


CAUSES: Sequence[Callable[[Evidence], str | None]] = (
    _all_masked, _known_before, _settings, _gradients_vanish, _clipped_away, _decayed_away,
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """An ordinary value in place of one that is far from it."""

    problem: str
    remedy: str
    distance: float
    """How many times the value is above or below the ordinary one."""
    apply: Callable[[Reach], Reach]


def _changes(evidence: Evidence) -> Iterator[Change]:
    settings, reach, ordinary = evidence.settings, evidence.reach, LoraSettings().scale
    low, high = ORDINARY_RATES
    if reach.adapter_dtype != mx.float32:
        name = str(reach.adapter_dtype).removeprefix("mlx.core.")
        yield Change(
            f"The adapter rounds its part away in {name} (adapter_dtype: model)", "adapter_dtype: float32",
            math.inf, lambda reach: replace(reach, adapter_dtype=mx.float32),
        )  # fmt: skip
    if (distance := _distance(reach.scale, ordinary, ordinary)) > FALLS:
        yield Change(
            f"lora.scale {reach.scale:g} is too {_size(reach.scale < ordinary)}", f"{ordinary:g}",
            distance, lambda reach: replace(reach, scale=ordinary),
        )  # fmt: skip
    peak = settings.learning_rate
    if reach.rate < peak / FALLS:
        yield Change(
            f"The learning rate rose to {reach.rate:.2g} only, because warmup is {settings.warmup} updates long",
            f"the whole {peak:g}", peak / reach.rate, lambda reach: replace(reach, rate=max(peak, reach.rate)),
        )  # fmt: skip
    if (distance := _distance(peak, low, high)) > FALLS:
        yield Change(
            f"learning_rate {peak:g} is too {_size(peak < low)}", f"{low:g} to {high:g}",
            distance, lambda reach: replace(reach, rate=low, updates=round(reach.updates * high / low)),
        )  # fmt: skip
    if reach.updates < MIN_UPDATES / FALLS:
        yield Change(
            f"{reach.updates} updates are too few", f"{MIN_UPDATES}",
            MIN_UPDATES / reach.updates, lambda reach: replace(reach, updates=MIN_UPDATES),
        )  # fmt: skip


def _distance(value: float, low: float, high: float) -> float:
    return max(low / value, value / high)


def _size(small: bool) -> str:
    return "small" if small else "large"


def _no_cause(evidence: Evidence) -> str:
    reach = evidence.reach
    return (
        f"The cause is not established. Known are the highest learning rate {reach.rate:.2g}, lora.scale "
        f"{reach.scale:g}, {reach.updates} updates and, at the start, a gradient of norm {evidence.gradient_norm:.2g}."
    )


def describe_overfitting(rows: Sequence[TokenRow], seen: int, change: LossChange) -> str:
    """For a training whose loss fell on rows that it learned, and not on those that were held out.

    Args:
        rows: all that it learned from.
        seen: rows of all updates together.
        change: that of some of them.
    """
    return (
        f"It learned its rows and nothing that carries over: their loss fell from {fmean(change.before):.4g} to "
        f"{fmean(change.after):.4g}. There are {len(rows)}, each seen {seen / len(rows):.3g} times: give it "
        "more rows, fewer updates, or keep: best."
    )
