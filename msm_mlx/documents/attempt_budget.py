"""How long a writer is tried: as many attempts as the share that passes asks for, and no more than are worth it."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z = 2.0  # standard errors from the estimate to the upper end of its interval


@dataclass
class AttemptBudget:
    """Attempts so far: all of them, and those that were the first at their document."""

    made: int = 0
    kept: int = 0
    first: int = 0
    kept_at_first: int = 0

    def add(self, number: int, *, kept: bool) -> None:
        """Count the attempt of that number at some document."""
        self.made += 1
        self.kept += kept
        self.first += number == 1
        self.kept_at_first += kept and number == 1

    def limit(self, documents: int, each: float, least: float) -> int:
        """How many attempts so many documents may take: `each` times as many as the pass rate asks for.

        That is the rate of first attempts, which documents that never succeed do not pull down. It counts as `least`
        if it is lower, so that there always is an end.
        """
        rate = max(self.kept_at_first / self.first, least) if self.first else 1.0
        return round(documents * each / rate)

    def hopeless(self, least: float, z: float = Z) -> bool:
        """Whether the upper end of the Wilson interval of the pass rate, `z` standard errors wide, lies under `least`.

        With n attempts, a pass rate p and z standard errors that is
        (p + z^2 / 2n + z * sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n). It says something even where nothing has
        passed: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
        """
        if not self.made:
            return False
        n, p = self.made, self.kept / self.made
        half_width = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        return (p + z**2 / (2 * n) + half_width) / (1 + z**2 / n) < least
