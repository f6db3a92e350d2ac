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

    V_items = G / (G - 1) * sum over clusters of (sum of r[i] in the cluster)^2 / I^2
    V_seeds = sum over seeds of (mean of the seed - m)^2 / ((S - 1) S) - sum of e[s, i]^2 / ((S - 1) (I - 1) S I)
    V = V_items + max(0, V_seeds)

With one seed V_seeds is 0, and all of this speaks of the items only. The degrees of freedom of V (Satterthwaite,
Biometrics Bulletin 2, 1946), so that few clusters or few seeds that differ widen the interval as they should:

    df = V^2 / (V_items^2 / (G - 1) + V_seeds^2 / (S - 1))

The interval of a difference is m +- t * sqrt(V), with t the 97.5 % quantile of Student's distribution with df. The
interval of a share is Wilson's with the number of independent items that V amounts to, so that it stays between 0 and 1
and a share of 0 or 1 is not certain (Franco, Little, Louis and Slud, "Comparative study of confidence intervals for
proportions in complex sample surveys", Journal of Survey Statistics and Methodology 7, 2019):

    n = m (1 - m) / V
    (m + t^2 / 2n +- t sqrt(m (1 - m) / n + t^2 / 4n^2)) / (1 + t^2 / n)

The interval by parts is for a difference in which few seeds may differ much. V_seeds is then often 0 by chance and V
too small, so the interaction comes off the items, of which there are more, and each part has a quantile with degrees of
freedom of its own (Howe, "Approximate confidence limits on the mean of X + Y where X and Y are two tabled independent
random variables", Journal of the American Statistical Association 69, 1974):

    V_means = sum over seeds of (mean of the seed - m)^2 / ((S - 1) S)
    V_interaction = sum of e[s, i]^2 / ((S - 1) (I - 1) S I)
    m +- sqrt(t[G - 1]^2 max(0, V_items - V_interaction) + t[S - 1]^2 V_means)

It is no shorter than m +- sqrt(V_items), for the means of all seeds may be equal by chance.
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
MIN_CLUSTERS = 5
"""With fewer domains, how much they differ cannot be told, and every item is a cluster of its own."""


@dataclass(frozen=True)
class ClusteredMean:
    """The mean m of values over seeds and items, with sqrt(V), df and G."""

    mean: float
    standard_error: float
    degrees_of_freedom: float
    clusters: int
    half_width_by_parts: float
    """Of the interval by parts."""

    @property
    def p(self) -> float:
        """Of a two-sided t test that the mean is 0; of a sign test over the clusters where all values are equal."""
        if self.standard_error == 0:
            return 1.0 if self.mean == 0 else 2.0 ** (1 - self.clusters)
        return float(2 * stdtr(self.degrees_of_freedom, -abs(self.mean) / self.standard_error))

    @property
    def detectable(self) -> float:
        """The minimum detectable effect: the difference that a test finds with a power of 80 %."""
        if self.standard_error == 0:
            return 1 - self._lower_end_of_certainty
        return (self._critical + self._quantile(POWER)) * self.standard_error

    def interval(self) -> tuple[float, float]:
        """Of a difference, which may be negative.

        Where all values are equal, V is 0 although other items might have differed. The interval then reaches towards 0
        as far as Wilson's interval of a share of 1 does, and to 0 itself if a sign test can tell nothing.
        """
        if self.standard_error == 0:
            end = self.mean * self._lower_end_of_certainty if self.p < 1 - CONFIDENCE else 0.0
            return min(self.mean, end), max(self.mean, end)
        half_width = self._critical * self.standard_error
        return self.mean - half_width, self.mean + half_width

    def interval_by_parts(self) -> tuple[float, float]:
        """Of a difference, where few seeds may differ much."""
        if self.standard_error == 0:
            return self.interval()
        return self.mean - self.half_width_by_parts, self.mean + self.half_width_by_parts

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
        return _critical(self.degrees_of_freedom)

    def _quantile(self, probability: float) -> float:
        return float(stdtrit(self.degrees_of_freedom, probability))


def clustered_mean(values: np.ndarray, clusters: Sequence[str | None] = ()) -> ClusteredMean:
    """The mean of `values` (S, I), with the variance that the module describes.

    Args:
        clusters: (I,) the cluster of each item. Where one has none, or they are fewer than `MIN_CLUSTERS`, every item
            is a cluster of its own.
    """
    mean = float(values.mean())
    numbers = _cluster_numbers(values.shape[1], clusters)
    count = int(numbers.max()) + 1
    items_df = max(1, count - 1)  # one cluster has none, and is taken as if it had one
    items_variance = _items_variance(values, numbers) * count / items_df
    seeds_df = max(1, len(values) - 1)
    means_variance, interaction = _seeds_variance(values)
    seeds_variance = max(0.0, means_variance - interaction)
    variance = items_variance + seeds_variance
    parts = items_variance**2 / items_df + seeds_variance**2 / seeds_df
    degrees_of_freedom = variance**2 / parts if parts > 0 else float(items_df)
    items_part, seeds_part = max(0.0, items_variance - interaction), means_variance
    by_parts = _critical(items_df) ** 2 * items_part + _critical(seeds_df) ** 2 * seeds_part
    by_parts = max(by_parts, items_variance)
    return ClusteredMean(mean, math.sqrt(variance), degrees_of_freedom, count, math.sqrt(by_parts))


def _critical(degrees_of_freedom: float) -> float:
    return float(stdtrit(degrees_of_freedom, 0.5 + CONFIDENCE / 2))


def _cluster_numbers(items: int, clusters: Sequence[str | None]) -> np.ndarray:
    """(I,) the number of each item's cluster, from 0."""
    if len(clusters) == items and None not in clusters and len(set(clusters)) >= MIN_CLUSTERS:
        numbers: np.ndarray = np.unique([str(cluster) for cluster in clusters], return_inverse=True)[1]
        return numbers
    return np.arange(items)


def _items_variance(values: np.ndarray, cluster_numbers: np.ndarray) -> float:
    """V_items without its factor: how far the clusters' sums of residuals are from 0."""
    residuals = values.mean(axis=0) - float(values.mean())  # (I,)
    sums = np.bincount(cluster_numbers, weights=residuals)  # (G,)
    return float((sums**2).sum() / values.shape[1] ** 2)


def _seeds_variance(values: np.ndarray) -> tuple[float, float]:
    """V_means, and how much of it is the interaction."""
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


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values with Holm's correction for reading all of them (Scandinavian Journal of Statistics 6, 1979).

    The k-th smallest of K, counted from 0, becomes the largest of (K - j) p_j over j <= k, and at most 1.
    """
    adjusted, largest = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
