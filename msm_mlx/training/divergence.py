"""Why a loss or gradient is not finite, as far as that can be measured."""

from __future__ import annotations

import math

import mlx.core as mx

from msm_mlx.engine.adapters import adapter_weights
from msm_mlx.recipe.schema import LoraSettings
from msm_mlx.training.step import StepResult
from msm_mlx.training.tokenize import PLAIN
from msm_mlx.training.trial import Trial, adapter_scale, norm

LOSS_SCALE = 2.0**-12  # that brings gradients below the largest number of float16
ORDINARY_SCALE = LoraSettings().scale
LARGE_SCALE = 3 * ORDINARY_SCALE


def describe_divergence(trial: Trial, update: int, result: StepResult, rate: float) -> str:
    """The error message for an update (counted from 0) over the trial's rows whose `result` is not finite.

    It names the lines of the data whose own loss is not finite, if some but not all of them are so, and a cause if one
    is established.

    Args:
        rate: the recipe's learning rate.
    """
    problem = f"training diverged at update {update + 1} (loss {result.loss}, gradient norm {result.gradient_norm})"
    losses = zip(trial.rows, trial.losses(), strict=True)
    bad = trial.over([row for row, loss in losses if not math.isfinite(loss)])
    lines = sorted({row.source + 1 for row in bad.rows if row.source != PLAIN})
    if 0 < len(lines) < len({row.source for row in trial.rows}):
        problem += f", from line {', '.join(map(str, lines))} of the data"
    return f"{problem}; {_explain_loss(bad, rate) if bad.rows else _explain_gradient(trial)}"


def describe_overshoot(trial: Trial, rate: float) -> str:
    """The error message for a training after whose last update the loss of the trial's rows is not finite."""
    return f"the loss is not finite after the last update; {_explain_loss(trial, rate)}"


def _explain_loss(bad: Trial, rate: float) -> str:
    """Why the loss of these rows is not finite."""
    if not all(map(math.isfinite, bad.losses(bad.start))):
        return _explain_start(bad)
    scale = adapter_scale(bad.step.model)
    settings = f"learning_rate (now {rate:g})" + (f" or lora.scale (now {scale:g})" if scale > LARGE_SCALE else "")
    return f"with the adapter as it started it is finite, so the updates were too large: lower {settings}"


def _explain_start(bad: Trial) -> str:
    """Why the loss of these rows is not finite before any update."""
    scale, dtype = adapter_scale(bad.step.model), bad.step.plan.adapter_dtype
    for problem, changed in (
        ("adapter_dtype: float32", (scale, mx.float32)),
        (f"lora.scale {ORDINARY_SCALE:g} in place of {scale:g}", (ORDINARY_SCALE, dtype)),
    ):
        with bad.changed(*changed) as trial:
            if changed != (scale, dtype) and all(map(math.isfinite, trial.losses(bad.start))):
                return f"it is not finite before any update either, but it is with {problem}"
    return (
        "it is not finite with the adapter as it started either, so that no setting of the training is the cause: look "
        "at these texts, or take another model or one in another precision"
    )


def _explain_gradient(trial: Trial) -> str:
    """Why the gradient of these rows was not finite, while their loss is."""
    weights = adapter_weights(trial.step.model)
    if math.isfinite(norm(trial.gradients(weights))):
        return "measured again, loss and gradient are finite; why they were not is not established"
    if math.isfinite(norm(trial.gradients(weights, LOSS_SCALE))):
        return (
            f"the gradient is finite when the loss is computed {1 / LOSS_SCALE:.0f} times smaller, so it does not fit "
            "into the model's 16 bits: take the model in bfloat16, as mlx_lm.convert --dtype makes it"
        )
    return "the loss itself is finite; why the gradient is not is not established"
