"""Intervals over seeds and items together.

A crossed bootstrap: each resample draws as many seeds as there are and, independently, as many items as there are, with
replacement, and takes the mean over the drawn seeds crossed with the drawn items (Owen, "The pigeonhole bootstrap",
Annals of Applied Statistics 1, 2007, which shows it to be mildly conservative for crossed random effects). The interval
holds the middle 95 % of these means. With one seed only the items vary, and the interval says nothing of other seeds;
with few seeds it is too narrow about them, because a draw of three from three cannot show all that seeds might do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

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
    return crossed_mean(np.asarray(values, dtype=np.float64)[None], resamples, seed)


def crossed_mean(values: np.ndarray, resamples: int, seed: int = 0) -> Estimate:
    """The mean of `values` (seeds, items), with the interval of seeds and items each drawn anew `resamples` times."""
    values = np.asarray(values, dtype=np.float64)
    if values.size == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    seeds, items = _weights(*values.shape, resamples, seed)
    means = np.einsum("rn,rn->r", seeds @ values, items) / values.size  # (R,)
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(values.mean()), float(low), float(high), values.shape[1])


def paired_difference(a: np.ndarray, b: np.ndarray, resamples: int, seed: int = 0) -> Estimate:
    """The mean of `a` minus `b`, both (seeds, items), paired by item and, where they have equally many, by seed."""
    if len(a) != len(b):
        a, b = a.mean(axis=0, keepdims=True), b.mean(axis=0, keepdims=True)
    return crossed_mean(a - b, resamples, seed)


@lru_cache(maxsize=64)
def _weights(seeds: int, items: int, resamples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each seed (R, S) and each item (R, N) is drawn in each resample. Whole numbers, so that means of equal
    values are exactly that value."""
    rng = np.random.default_rng(seed)
    drawn_items = rng.multinomial(items, np.full(items, 1 / items), size=resamples)
    drawn_seeds = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples)
    return drawn_seeds.astype(np.float64), drawn_items.astype(np.float64)
