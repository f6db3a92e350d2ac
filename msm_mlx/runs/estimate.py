"""Figures with their intervals, and how they are written. Imports nothing that takes time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval, over `n` items."""

    value: float
    ci_low: float
    ci_high: float
    n: int

    def __str__(self) -> str:
        return share_text(self.value, self.ci_low, self.ci_high) if self.n else "-"

    @property
    def signed(self) -> str:
        """Of a mean that may be negative."""
        return signed_text(self.value, self.ci_low, self.ci_high)

    @property
    def as_difference(self) -> str:
        return difference_text(self.value, self.ci_low, self.ci_high)


def share_text(value: float, low: float, high: float) -> str:
    """`0.48 [0.35, 0.60]`."""
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def signed_text(value: float, low: float, high: float) -> str:
    """`+0.12 [-0.01, +0.25]`."""
    return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"


def difference_text(value: float, low: float, high: float) -> str:
    """`+0.12 [-0.01, +0.25]`, with a star behind where the interval is clear of zero."""
    return signed_text(value, low, high) + (" *" if is_clear_of_zero(low, high) else "")


def is_clear_of_zero(low: float, high: float) -> bool:
    return low > 0 or high < 0
