"""The learning rate over the updates."""

from __future__ import annotations

import math

import mlx.core as mx
import numpy as np
import pytest
from helpers.tiny_models import train_settings

from msm_mlx.training.schedule import learning_rate


def rates(**changes: object) -> list[float]:
    settings = train_settings(learning_rate=0.1, **changes)
    return [
        float(np.array(learning_rate(settings, settings.updates or 0)(mx.array(step, dtype=mx.uint64))))
        for step in range((settings.updates or 0) + 1)
    ]


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine_to_zero() -> None:
    assert rates(updates=10, warmup=4)[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    falling = [0.05 * (1 + math.cos(math.pi * step / 6)) for step in range(7)]
    assert rates(updates=10, warmup=4)[4:] == pytest.approx(falling, abs=1e-8)
    assert rates(updates=10, warmup=4)[10] == pytest.approx(0, abs=1e-9)


def test_without_warm_up_the_rate_starts_at_its_peak() -> None:
    assert rates(updates=8, warmup=0)[0] == pytest.approx(0.1)
    assert rates(updates=8, warmup=0)[4] == pytest.approx(0.05)
    assert all(0 < rate <= 0.1 for rate in rates(updates=3, warmup=9))
