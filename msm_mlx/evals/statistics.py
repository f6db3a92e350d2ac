"""Intervals over items, seeds pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval, over `n` items."""

    value: float
    ci_low: float
    ci_high: float
    n: int


def bootstrap_mean(values: Sequence[float], resamples: int, seed: int = 0) -> Estimate:
    """The mean of `values`, one an item, with the percentile interval of the items drawn anew `resamples` times."""
    items = np.asarray(values, dtype=np.float64)  # (n,)
    if items.size == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    draws = np.random.default_rng(seed).integers(0, items.size, size=(resamples, items.size))
    low, high = np.quantile(items[draws].mean(axis=1), (0.025, 0.975))
    return Estimate(float(items.mean()), float(low), float(high), int(items.size))


def paired_difference(a: np.ndarray, b: np.ndarray, resamples: int, seed: int = 0) -> Estimate:
    """The mean of `a` minus `b`, both (seeds, items) of the same items; seeds are averaged, then items are drawn."""
    return bootstrap_mean(list(a.mean(axis=0) - b.mean(axis=0)), resamples, seed)
