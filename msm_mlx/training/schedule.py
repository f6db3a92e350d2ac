"""The learning-rate schedule."""

from __future__ import annotations

import math
from collections.abc import Callable

import mlx.core as mx

from msm_mlx.recipe.schema import TrainSettings


def learning_rate(settings: TrainSettings, updates: int) -> Callable[[mx.array], mx.array]:
    """Linear warm-up over `settings.warmup` updates, then a cosine that reaches zero at the last of `updates`.

    The function returned takes the optimiser's step, a scalar array counted from 0.
    """

    def rate_at(step: mx.array) -> mx.array:
        step = step.astype(mx.float32)  # mlx counts steps in unsigned integers, which a subtraction would wrap around
        warmup = mx.minimum(1.0, (step + 1) / max(settings.warmup, 1))
        progress = mx.clip((step - settings.warmup) / max(updates - settings.warmup, 1), 0.0, 1.0)
        return settings.learning_rate * warmup * 0.5 * (1 + mx.cos(math.pi * progress))

    return rate_at
