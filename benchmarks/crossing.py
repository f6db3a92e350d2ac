"""How often the interval of `find_crossing` holds the true place, on curves whose true place is known.

    python benchmarks/crossing.py --trials 4000 [--json]

Choices are drawn: an arm with documents and an arm without them, at several doses. Items lean to one side, the items of
a domain together, and so does every seed of every arm. The true place is where the expected difference is zero.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from msm_mlx.evaluation.crossing import find_crossing
from msm_mlx.evaluation.statistics import clustered_mean

DOMAINS, SPREAD, SEED_SPREAD = 10, 0.7, 0.35  # standard deviations in logits: of a domain and of an item, and of a seed


@dataclass(frozen=True)
class Scenario:
    """Logits of an arm at each dose, and of the arm that it may come back to."""

    name: str
    doses: tuple[float, ...]
    logits: tuple[float, ...]
    reference: float
    seeds: int
    items: int


SCENARIOS = (
    Scenario("early, three seeds", (0, 4, 16, 40), (2.0, -0.4, -1.6, -2.4), -0.5, 3, 60),
    Scenario("late, three seeds", (0, 4, 16, 40), (1.4, 1.0, 0.5, -1.2), -0.5, 3, 60),
    Scenario("late, five seeds, many items", (0, 8, 16, 24, 32, 40), (1.8, 1.2, 0.6, 0.1, -0.5, -1.1), -0.4, 5, 150),
    Scenario("one seed", (0, 8, 16, 24, 32, 40), (1.8, 1.2, 0.6, 0.1, -0.5, -1.1), -0.4, 1, 100),
    Scenario("beyond the last dose", (0, 4, 16, 40), (2.0, 1.6, 1.0, 0.2), -0.5, 3, 60),
    Scenario("a saturated start", (0, 4, 16, 40), (6.0, 3.0, 0.5, -1.5), -1.0, 3, 60),
)


@dataclass(frozen=True)
class Coverage:
    """Of all trials: those whose difference at dose 0 is clear of zero, and of these, what share holds the truth."""

    counted: int
    covered: float
    censored: float
    """The share whose interval has no upper end."""


def measure_coverage(scenario: Scenario, trials: int, rng: np.random.Generator) -> Coverage:
    """Draw `trials` data sets and look for the place in each."""
    true, clusters = true_place(scenario), [f"domain {item % DOMAINS}" for item in range(scenario.items)]
    covered, censored = [], []
    for _ in range(trials):
        gaps = draw_gaps(scenario, rng)
        if clustered_mean(gaps[0], clusters).interval()[0] <= 0:
            continue
        found = find_crossing(scenario.doses, gaps, clusters)
        below = found.high is None or (true is not None and true <= found.high)
        covered.append(below and (true is None or found.low <= true))
        censored.append(found.high is None)
    return Coverage(len(covered), float(np.mean(covered)), float(np.mean(censored)))


def draw_gaps(scenario: Scenario, rng: np.random.Generator) -> list[np.ndarray]:
    """The difference from the reference at each dose, (S, I), the choices being 0 or 1."""
    seeds, items = scenario.seeds, scenario.items
    domain = rng.normal(size=(1, DOMAINS))[:, np.arange(items) % DOMAINS] * SPREAD
    lean = domain + rng.normal(size=(1, items)) * SPREAD  # (1, I), the same for all arms
    arm, other = (rng.normal(size=(seeds, 1)) * (SEED_SPREAD if seeds > 1 else 0) for _ in range(2))

    def choices(logit: float, own: np.ndarray) -> np.ndarray:
        drawn: np.ndarray = rng.random((seeds, items)) < 1 / (1 + np.exp(-(logit + lean + own)))
        return drawn.astype(float)

    reference = choices(scenario.reference, other)
    return [choices(logit, arm) - reference for logit in scenario.logits]


def true_place(scenario: Scenario) -> float | None:
    """Where the line through the expected differences is zero; None if that is beyond the last dose."""
    spread = np.sqrt(2 * SPREAD**2 + (SEED_SPREAD**2 if scenario.seeds > 1 else 0))
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)

    def share(logit: float) -> float:
        return float((weights / (1 + np.exp(-(logit + spread * nodes)))).sum() / weights.sum())

    gaps = [share(logit) - share(scenario.reference) for logit in scenario.logits]
    for left, right, before, after in zip(scenario.doses, scenario.doses[1:], gaps, gaps[1:], strict=False):
        if after <= 0:
            return left + (right - left) * before / (before - after)
    return None


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--json", action="store_true", help="one object, by scenario")
    options = parser.parse_args(arguments)
    coverages = {
        scenario: measure_coverage(scenario, options.trials, np.random.default_rng(number))
        for number, scenario in enumerate(SCENARIOS)
    }
    if options.json:
        print(json.dumps({scenario.name: asdict(found) for scenario, found in coverages.items()}))
        return
    for scenario, found in coverages.items():
        true = true_place(scenario)
        where = "beyond the last dose" if true is None else f"at {true:.1f}"
        print(
            f"{scenario.name}: {where}; covered in {found.covered:.3f} of {found.counted}, "
            f"no upper end in {found.censored:.2f}"
        )


if __name__ == "__main__":
    main()
