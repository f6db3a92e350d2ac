"""Where a curve comes to zero, with an interval for the place.

A curve is a difference between two arms at several doses, for the same seeds and items at each. Between two doses it is
taken to go in a straight line. The interval holds every dose at which the interval of the difference has zero in it (a
confidence set by inversion of a test, as in Fieller, "Some problems in interval estimation", Journal of the Royal
Statistical Society B 16, 1954), and all doses between them. It covers as well as the interval of a difference does.
Where it reaches beyond the last dose, it has no upper end: how far the place is nobody has tried.

How often the interval holds the true place, over curves of several shapes with seeds, domains and items that differ:

    python benchmarks/crossing.py --trials 4000
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msm_mlx.evaluation.statistics import clustered_mean

STEPS = 16
"""Places between two doses at which the interval of the difference is computed; between them it goes straight."""


@dataclass(frozen=True)
class Crossing:
    """The dose at which a difference is gone, with its 95 % interval."""

    value: float | None
    """None if the difference is there at every dose."""
    low: float
    high: float | None
    """None if the last dose may be too small."""


def find_crossing(doses: Sequence[float], gaps: Sequence[np.ndarray], clusters: Sequence[str | None] = ()) -> Crossing:
    """Where the mean of the gaps first comes to zero, from above.

    Args:
        doses: two or more in ascending order.
        gaps: the difference at each dose, (S, I), with a positive mean at the first.
        clusters: (I,) as in `clustered_mean`.
    """
    places, means, lows, highs = [], [], [], []
    for place, values in _between(doses, gaps):
        mean = clustered_mean(values, clusters)
        low, high = mean.interval(1.0)
        places.append(place)
        means.append(mean.mean)
        lows.append(low)
        highs.append(high)
    first_low = _first_at_most_zero(places, lows)
    turned = [-high for high in reversed(highs)]
    last_high = _first_at_most_zero(places[::-1], turned)
    return Crossing(
        value=_first_at_most_zero(places, means),
        low=places[-1] if first_low is None else first_low,
        high=None if highs[-1] >= 0 else last_high,
    )


def _between(doses: Sequence[float], gaps: Sequence[np.ndarray]) -> list[tuple[float, np.ndarray]]:
    """The gaps at the doses and at places between them."""
    places = [(doses[0], gaps[0])]
    for left, right, before, after in zip(doses, doses[1:], gaps, gaps[1:], strict=False):
        for weight in np.linspace(0, 1, STEPS + 1)[1:]:
            places.append((left + weight * (right - left), (1 - weight) * before + weight * after))
    return places


def _first_at_most_zero(places: Sequence[float], values: Sequence[float]) -> float | None:
    """The first place at which the line through these values is at or below zero."""
    for number, (place, value) in enumerate(zip(places, values, strict=True)):
        if value <= 0:
            if number == 0 or value == values[number - 1]:
                return place
            weight = values[number - 1] / (values[number - 1] - value)
            return float(places[number - 1] + weight * (place - places[number - 1]))
    return None
