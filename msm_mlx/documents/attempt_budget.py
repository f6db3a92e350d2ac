"""How long a writer is tried: as many attempts as the share that passes asks for, and no more than are worth it."""

from __future__ import annotations

import math
from dataclasses import dataclass

SURE = 2.0  # standard errors by which a pass rate has to lie under the least


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

    def limit(self, wanted: int, each: float, least: float) -> int:
        """How many attempts `wanted` documents may take: `each` times as many as the share that passes asks for.

        That is the share of first attempts, which documents that never succeed do not pull down, and `least` at the
        least, so that there always is an end.
        """
        rate = max(self.kept_at_first / self.first, least) if self.first else 1.0
        return round(wanted * each / rate)

    def hopeless(self, least: float) -> bool:
        """Whether the writer passes less often than `least`, as surely as so few attempts can tell.

        The upper end of the interval of Wilson, "Probable inference, the law of succession, and statistical
        inference", 1927: it says something even where nothing has passed.
        """
        if not self.made:
            return False
        n, rate = self.made, self.kept / self.made
        spread = SURE * math.sqrt(rate * (1 - rate) / n + SURE**2 / (4 * n**2))
        return (rate + SURE**2 / (2 * n) + spread) / (1 + SURE**2 / n) < least
