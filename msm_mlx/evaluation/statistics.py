"""Means over seeds and items, with intervals that hold for items of one domain that go together.

Symbols:

    x[s, i]   the value of item i with seed s; there are S seeds and I items
    m         the mean of x over all seeds and items
    r[i]      the residual of item i: its mean over the seeds, less m
    e[s, i]   the interaction: x[s, i], less the mean of its seed, less r[i]
    G         the number of clusters, which are the domains of the items, or the items where there are few domains

The variance of m. Seeds and clusters of items are drawn apart from each other, so both add to it; the interaction is in
both, and comes off once (Cameron, Gelbach and Miller, "Robust inference with multiway clustering", Journal of Business
& Economic Statistics 29, 2011, with their factor G / (G - 1) for few clusters):

    V_interaction = sum of e[s, i]^2 / ((S - 1) (I - 1) S I)
    V_items = max(0, G / (G - 1) * sum over clusters of (sum of r[i] in the cluster)^2 / I^2 - V_interaction)
    V_seeds = sum over seeds of (mean of the seed - m)^2 / ((S - 1) S)
    V = V_items + V_seeds

With one seed V_seeds and V_interaction are 0, and all of this speaks of the items only. The means of few seeds may be
equal by chance, so V is never so small that an interval is shorter than m +- the root of V_items + V_interaction.

The interval of a difference is m +- t * sqrt(V). Where few seeds differ much, the degrees of freedom that Satterthwaite
(Biometrics Bulletin 2, 1946) gives V leave it too short, for they are themselves estimated from few seeds. So t is a
mean of the 97.5 % quantiles of Student's distribution with G - 1 and with S - 1 degrees of freedom, as Cochran and Cox
have it ("Experimental Designs", 2nd edition, 1957, section 4.14), with the weights that Satterthwaite's formula gives
the two parts, V_items^2 and V_seeds^2. `benchmarks/word_share.py` measures how often the interval holds the truth. The
p value is 1 less the level of the widest interval of this kind that does not hold 0.

The interval of a share is Wilson's with the number of independent items that V amounts to, so that it stays between 0
and 1 and a share of 0 or 1 is not certain (Franco, Little, Louis and Slud, "Comparative study of confidence intervals
for proportions in complex sample surveys", Journal of Survey Statistics and Methodology 7, 2019):

    n = m (1 - m) / V
    (m + t^2 / 2n +- t sqrt(m (1 - m) / n + t^2 / 4n^2)) / (1 + t^2 / n)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from msm_mlx.runs.estimate import Estimate

# Holm's correction and Wilson's interval are written out here: statsmodels has both, but takes 2.6 s to import (this
# module takes 0.8 s with scipy) and 150 MB with pandas, and its Wilson's interval takes no degrees of freedom.
CONFIDENCE = 0.95
POWER = 0.8
BISECTIONS = 60  # of a p value
MIN_CLUSTERS = 5
"""With fewer domains, how much they differ cannot be told, and every item is a cluster of its own."""


@dataclass(frozen=True)
class ClusteredMean:
    """The mean m of values over seeds and items, with what its variance is made of."""

    mean: float
    items_variance: float
    seeds_variance: float
    clusters: int
    seeds: int
    least_half_width: float
    """Of an interval."""

    @property
    def standard_error(self) -> float:
        """The root of V."""
        root = math.sqrt(self.items_variance + self.seeds_variance)
        return max(root, self.least_half_width / self._critical)

    @property
    def p(self) -> float:
        """Of a two-sided test that the mean is 0; of a sign test over the clusters where all values are equal."""
        if self.standard_error == 0:
            return 1.0 if self.mean == 0 else 2.0 ** (1 - self.clusters)
        distance = abs(self.mean) / self.standard_error
        of_items, of_seeds = (float(2 * stdtr(df, -distance)) for df in (self._items_df, self._seeds_df))
        if self.seeds_variance == 0:
            return of_items
        low, high = sorted((of_items, of_seeds))
        for _ in range(BISECTIONS):
            middle = math.sqrt(low * high)
            low, high = (low, middle) if self._quantile(1 - middle / 2) < distance else (middle, high)
        return high

    @property
    def detectable(self) -> float:
        """The minimum detectable effect: the difference that a test finds with a power of 80 %."""
        if self.standard_error == 0:
            return 1 - self._lower_end_of_certainty
        return (self._critical + self._quantile(POWER)) * self.standard_error

    def interval(self, limit: float = math.inf) -> tuple[float, float]:
        """Of a difference, which may be negative.

        Where all values are equal, V is 0 although other items might have differed. The interval then reaches towards 0
        as far as Wilson's interval of a share of 1 does, and to 0 itself if a sign test can tell nothing. Where all are
        0, it reaches as far to both sides.

        Args:
            limit: how far from 0 a value can be. Where there is no limit, nothing can be said of a mean without spread.
        """
        if self.standard_error == 0 and self.mean == 0:
            reach = 0.0 if math.isinf(limit) else limit * (1 - self._lower_end_of_certainty)
            return 0.0 - reach, reach  # and not -0.0
        if self.standard_error == 0:
            end = self.mean * self._lower_end_of_certainty if self.p < 1 - CONFIDENCE else 0.0
            return min(self.mean, end), max(self.mean, end)
        half_width = self._critical * self.standard_error
        return max(-limit, self.mean - half_width), min(limit, self.mean + half_width)

    def wilson(self, items: int) -> tuple[float, float]:
        """Of a share, which is between 0 and 1. `items` counts where V is 0, as it is at a share of 0 or 1."""
        variance_of_one = self.mean * (1 - self.mean)
        if self.standard_error == 0 and variance_of_one > 0:  # every item is at the same share: there is no spread
            return self.mean, self.mean
        effective = variance_of_one / self.standard_error**2 if variance_of_one > 0 else items
        ratio = self._critical**2 / effective  # t^2 / n
        centre = (self.mean + ratio / 2) / (1 + ratio)
        half_width = math.sqrt(ratio * (variance_of_one + ratio / 4)) / (1 + ratio)
        return max(0.0, centre - half_width), min(1.0, centre + half_width)

    @property
    def _lower_end_of_certainty(self) -> float:
        """The lower end of Wilson's interval where all clusters have a share of 1: G / (G + t^2)."""
        return self.clusters / (self.clusters + self._critical**2)

    @property
    def _critical(self) -> float:
        return self._quantile(0.5 + CONFIDENCE / 2)

    def _quantile(self, probability: float) -> float:
        """Of the distribution of m / sqrt(V) about 0."""
        items = float(stdtrit(self._items_df, probability))
        if self.seeds_variance == 0:
            return items
        seeds = float(stdtrit(self._seeds_df, probability))
        part = self.seeds_variance / (self.items_variance + self.seeds_variance)
        weight = part**2 / (part**2 + (1 - part) ** 2)
        return (1 - weight) * items + weight * seeds

    @property
    def _items_df(self) -> int:
        return max(1, self.clusters - 1)  # one cluster has none, and is taken as if it had one

    @property
    def _seeds_df(self) -> int:
        return max(1, self.seeds - 1)


def clustered_mean(values: np.ndarray, clusters: Sequence[str | None] = ()) -> ClusteredMean:
    """The mean of `values` (S, I), with the variance that the module describes.

    Args:
        clusters: (I,) the cluster of each item. Where one has none, or they are fewer than `MIN_CLUSTERS`, every item
            is a cluster of its own.
    """
    numbers = _cluster_numbers(values.shape[1], clusters)
    count = int(numbers.max()) + 1
    with_interaction = _items_variance(values, numbers) * count / max(1, count - 1)
    seeds_variance, interaction = _seeds_variance(values)
    return ClusteredMean(
        mean=float(values.mean()),
        items_variance=max(0.0, with_interaction - interaction),
        seeds_variance=seeds_variance,
        clusters=count,
        seeds=len(values),
        least_half_width=math.sqrt(with_interaction),
    )


def _cluster_numbers(items: int, clusters: Sequence[str | None]) -> np.ndarray:
    """(I,) the number of each item's cluster, from 0."""
    if len(clusters) == items and None not in clusters and len(set(clusters)) >= MIN_CLUSTERS:
        numbers: np.ndarray = np.unique([str(cluster) for cluster in clusters], return_inverse=True)[1]
        return numbers
    return np.arange(items)


def _items_variance(values: np.ndarray, cluster_numbers: np.ndarray) -> float:
    """V_items with the interaction and without its factor: how far the clusters' sums of residuals are from 0."""
    residuals = values.mean(axis=0) - float(values.mean())  # (I,)
    sums = np.bincount(cluster_numbers, weights=residuals)  # (G,)
    return float((sums**2).sum() / values.shape[1] ** 2)


def _seeds_variance(values: np.ndarray) -> tuple[float, float]:
    """V_seeds and V_interaction."""
    seeds, items = values.shape
    if seeds == 1:
        return 0.0, 0.0
    seed_means = values.mean(axis=1)  # (S,)
    variance = float(seed_means.var(ddof=1) / seeds)
    if items == 1:  # the interaction cannot be told from the seeds
        return variance, 0.0
    interaction = values - seed_means[:, None] - values.mean(axis=0)[None] + float(values.mean())  # (S, I)
    return variance, float((interaction**2).sum() / ((seeds - 1) * (items - 1) * seeds * items))


def estimate_share(values: np.ndarray, clusters: Sequence[str | None] = ()) -> Estimate:
    """The mean of `values` (S, I), all between 0 and 1, with its interval; NaN where there are no values."""
    if values.size == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    items = values.shape[1]
    mean = clustered_mean(values, clusters)
    return Estimate(mean.mean, *mean.wilson(items), items)


def paired_differences(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`a` minus `b`, both (S, I), paired by item and, where they have equally many, by seed."""
    if len(a) != len(b):
        a, b = a.mean(axis=0, keepdims=True), b.mean(axis=0, keepdims=True)
    differences: np.ndarray = a - b
    return differences


def group_difference(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Values (S, I) whose `clustered_mean` is that of the difference between two groups of the items of `values`.

    Each item counts by how far it is from its own group, so a domain with items in both is one cluster.

    Args:
        first: (I,) whether an item is of the first group, from which the other is taken away. Both have items.
    """
    weights = np.where(first, 1 / first.sum(), -1 / (~first).sum()) * values.shape[1]  # (I,)
    means = [values[:, group].mean(axis=1, keepdims=True) for group in (first, ~first)]  # each (S, 1)
    differences: np.ndarray = weights * (values - np.where(first, *means)) + means[0] - means[1]
    return differences


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values with Holm's correction for reading all of them (Scandinavian Journal of Statistics 6, 1979).

    The k-th smallest of K, counted from 0, becomes the largest of (K - j) p_j over j <= k, and at most 1.
    """
    adjusted, largest = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
