"""How the learning rate goes over a stage."""

from __future__ import annotations

import math
from collections.abc import Callable

import mlx.core as mx

from msm_mlx.recipe.schema import TrainSettings


def learning_rate(settings: TrainSettings, updates: int) -> Callable[[mx.array], mx.array]:
    """Linear warm-up, then a cosine to zero at the last of `updates`."""

    def at(step: mx.array) -> mx.array:
        step = step.astype(mx.float32)  # optimisers count in unsigned integers, from which nothing may be taken away
        rise = mx.minimum(1.0, (step + 1) / max(settings.warmup, 1))
        done = mx.clip((step - settings.warmup) / max(updates - settings.warmup, 1), 0.0, 1.0)
        return settings.learning_rate * rise * 0.5 * (1 + mx.cos(math.pi * done))

    return at
