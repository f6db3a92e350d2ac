"""Intervals over seeds and items together, items clustered by topic.

Intervals of a mean are t intervals from a cluster-robust variance: the items of a topic are drawn together, seeds are
drawn apart from them, and the two variances add (Cameron, Gelbach and Miller, "Robust inference with multiway
clustering", Journal of Business & Economic Statistics 29, 2011). The degrees of freedom are Satterthwaite's (Biometrics
Bulletin 2, 1946) over both, so that few topics or few seeds that differ widen the interval as they should. Intervals of
a share are Wilson's with the effective number of items that this variance amounts to (Franco, Little, Louis and Slud,
"Comparative study of confidence intervals for proportions in complex sample surveys", Journal of Survey Statistics and
Methodology 7, 2019), so that a share of 0 or 1 is not certain. With one seed all of these speak of the items only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from msm_mlx.evaluation.estimate import Estimate as Estimate

LEVEL = 0.95
POWER = 0.8
FEWEST_TOPICS = 5
"""With fewer, their spread cannot be told, and the items are taken one by one."""


@dataclass(frozen=True)
class Spread:
    """A mean, its standard error, the degrees of freedom of that, and how many units the items were taken as."""

    mean: float
    error: float
    freedom: float
    units: int

    @property
    def p(self) -> float:
        """Two-sided, of the mean being 0; a sign test where all values are equal."""
        if self.error == 0:
            return 1.0 if self.mean == 0 else 2.0 ** (1 - self.units)
        return float(2 * stdtr(self.freedom, -abs(self.mean) / self.error))

    @property
    def detectable(self) -> float:
        """The difference that would be told from 0 with a power of 80 %."""
        if self.error == 0:
            return 1 - self._sure
        return (self._quantile(0.5 + LEVEL / 2) + self._quantile(POWER)) * self.error

    def interval(self) -> tuple[float, float]:
        """Of a difference. Values that are all equal may be 0 where nobody looked: as often as Wilson's interval of a
        share of 1 has it, and everywhere if a sign test can tell nothing."""
        if self.error == 0:
            end = self.mean * self._sure if self.p < 1 - LEVEL else 0.0
            return min(self.mean, end), max(self.mean, end)
        half = self._quantile(0.5 + LEVEL / 2) * self.error
        return self.mean - half, self.mean + half

    def wilson(self, items: int) -> tuple[float, float]:
        """The interval of a share, which stays between 0 and 1."""
        free = self.mean * (1 - self.mean)
        if self.error == 0 and free > 0:
            return self.mean, self.mean
        effective = free / self.error**2 if free > 0 else items
        square = self._quantile(0.5 + LEVEL / 2) ** 2 / effective
        middle = (self.mean + square / 2) / (1 + square)
        half = math.sqrt(square * (free + square / 4)) / (1 + square)
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def _sure(self) -> float:
        """The lower end of Wilson's interval of a share of 1, of all units."""
        return self.units / (self.units + self._quantile(0.5 + LEVEL / 2) ** 2)

    def _quantile(self, probability: float) -> float:
        return float(stdtrit(self.freedom, probability))


def spread(values: np.ndarray, topics: Sequence[str | None] = ()) -> Spread:
    """The mean of `values` (seeds, items) over seeds and items, of which those with one topic are drawn together."""
    seeds, items = values.shape
    mean = float(values.mean())
    units = _units(items, topics)
    count = int(units.max()) + 1
    residuals = np.bincount(units, weights=values.mean(axis=0) - mean, minlength=count)  # summed over each unit
    of_items = float((residuals**2).sum()) / items**2 * count / max(1, count - 1)
    by_seed = values.mean(axis=1)
    of_seeds = float(by_seed.var(ddof=1)) / seeds if seeds > 1 else 0.0
    if seeds > 1 and items > 1:  # what differs by chance between items is counted with them already
        alone = values - by_seed[:, None] - values.mean(axis=0)[None] + mean
        of_seeds = max(0.0, of_seeds - float((alone**2).sum()) / ((seeds - 1) * (items - 1) * seeds * items))
    variance = of_items + of_seeds
    parts = of_items**2 / max(1, count - 1) + (of_seeds**2 / (seeds - 1) if seeds > 1 else 0.0)
    return Spread(mean, math.sqrt(variance), variance**2 / parts if parts > 0 else max(1, count - 1), count)


def _units(items: int, topics: Sequence[str | None]) -> np.ndarray:
    """(items,) the number of the unit that each is drawn with."""
    if len(topics) == items and None not in topics and len(set(topics)) >= FEWEST_TOPICS:
        units: np.ndarray = np.unique([str(topic) for topic in topics], return_inverse=True)[1]
        return units
    return np.arange(items)


def share(values: np.ndarray, topics: Sequence[str | None] = ()) -> Estimate:
    """The mean of `values` (seeds, items), all between 0 and 1, with its interval."""
    if values.size == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    found = spread(values, topics)
    return Estimate(found.mean, *found.wilson(values.shape[1]), values.shape[1])


def pair_by_seed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`a` minus `b`, both (seeds, items), paired by item and, where they have equally many, by seed."""
    if len(a) != len(b):
        a, b = a.mean(axis=0, keepdims=True), b.mean(axis=0, keepdims=True)
    difference: np.ndarray = a - b
    return difference


def holm(probabilities: Sequence[float]) -> list[float]:
    """The p values with Holm's correction for reading all of them (Scandinavian Journal of Statistics 6, 1979)."""
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    corrected, least = [1.0] * len(order), 0.0
    for rank, at in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * probabilities[at]))
        corrected[at] = least
    return corrected
