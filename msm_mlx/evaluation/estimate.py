"""A figure with its interval. Imports nothing that takes time, for screens that only show one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval, over `n` items."""

    value: float
    ci_low: float
    ci_high: float
    n: int
