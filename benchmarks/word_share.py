"""How often the intervals of effects by word share hold the true effect, where it is known.

    python benchmarks/word_share.py --trials 4000 [--json]

Two arms choose: one that has read documents, and one that has not. Items are in three groups by how many of their words
the documents have, unevenly many of each in a domain, and the documents move each group by a number of logits of its
own. Items lean to one side, the items of a domain together, and what the documents do differs from item to item. Every
seed of every arm leans too. The true effect of a group is the expected one, over all seeds and items.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msm_mlx.evaluation.statistics import clustered_mean, group_difference

DOMAINS, LEAN, UNEVEN = 10, 0.7, 0.4  # standard deviations in logits: of a domain and of an item, and of what is moved
REFERENCE = -0.5  # logits of the arm without documents
NOISE = 0.3  # of log-odds
Values = Mapping[str, np.ndarray]
"""By group of items."""


@dataclass(frozen=True)
class Setting:
    """How far the documents move each group, how far seeds differ, and how many there are of everything."""

    name: str
    moved: Mapping[str, float]  # logits
    items: Mapping[str, int]
    seeds: int
    seed_spread: float  # standard deviation in logits
    log_odds: bool = False


WORDING = {"none": 0.0, "some": 0.8, "many": 1.6}
CONCEPT = {"none": 1.2, "some": 1.2, "many": 1.2}
USUAL = {"none": 24, "some": 34, "many": 12}
SETTINGS = (
    Setting("one seed", WORDING, USUAL, 1, 0.0),
    *(
        Setting(f"{seeds} seeds that differ {much}", WORDING, USUAL, seeds, spread)
        for seeds in (2, 3, 5)
        for much, spread in (("little", 0.1), ("much", 1.0))
    ),
    Setting("3 seeds, words do not matter", CONCEPT, USUAL, 3, 0.35),
    Setting("3 seeds, many items", WORDING, {"none": 80, "some": 90, "many": 40}, 3, 0.35),
    Setting("2 seeds, log-odds", WORDING, USUAL, 2, 0.5, log_odds=True),
    Setting("3 seeds, log-odds", WORDING, USUAL, 3, 0.5, log_odds=True),
)


def measure_coverage(setting: Setting, trials: int, rng: np.random.Generator) -> dict[str, float]:
    """Of each group, and of the difference between those with shared words and those without, how often the interval
    holds the truth."""
    group, domain = place_items(setting)
    first, clusters = group != "none", [f"domain {number}" for number in domain]
    true = true_effects(setting)
    share = {name: float((group[first] == name).mean()) for name in setting.moved}
    true["any less none"] = sum(share[name] * true[name] for name in share) - true["none"]
    covered = dict.fromkeys(true, 0)
    for _ in range(trials):
        values = draw_differences(setting, group, domain, rng)
        parts: dict[str, tuple[np.ndarray, Sequence[str]]] = {
            name: (values[:, group == name], [clusters[at] for at in np.flatnonzero(group == name)])
            for name in setting.moved
        }
        parts["any less none"] = group_difference(values, first), clusters
        for name, part in parts.items():
            low, high = clustered_mean(*part).interval()
            covered[name] += low <= true[name] <= high
    return {name: count / trials for name, count in covered.items()}


def place_items(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """The group and the domain of each item, (I,): those of a group come two, one and one to a domain."""
    group = np.concatenate([np.repeat(name, count) for name, count in setting.items.items()])
    domain = np.concatenate([np.arange(count) * 3 // 4 % DOMAINS for count in setting.items.values()])
    return group, domain


def draw_differences(setting: Setting, group: np.ndarray, domain: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The choices of the arm with documents less those of the other, or the log-odds, (S, I)."""
    shape = (setting.seeds, len(group))
    lean = rng.normal(size=DOMAINS)[domain] * LEAN + rng.normal(size=len(group)) * LEAN
    moved = np.vectorize(setting.moved.__getitem__)(group) + rng.normal(size=len(group)) * UNEVEN
    own = rng.normal(size=(2, setting.seeds, 1)) * setting.seed_spread
    logits = np.stack([REFERENCE + lean + moved + own[0], REFERENCE + lean + own[1]])
    if setting.log_odds:
        logits += rng.normal(size=(2, *shape)) * NOISE
        log_odds: np.ndarray = logits[0] - logits[1]
        return log_odds
    chosen: np.ndarray = (rng.random((2, *shape)) < 1 / (1 + np.exp(-logits))).astype(float)
    gap: np.ndarray = chosen[0] - chosen[1]
    return gap


def true_effects(setting: Setting) -> dict[str, float]:
    """The expected difference of each group."""
    if setting.log_odds:
        return dict(setting.moved)
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)

    def share(logit: float, spread: float) -> float:
        return float((weights / (1 + np.exp(-(logit + spread * nodes)))).sum() / weights.sum())

    plain = 2 * LEAN**2 + setting.seed_spread**2
    other = share(REFERENCE, np.sqrt(plain))
    return {name: share(REFERENCE + moved, np.sqrt(plain + UNEVEN**2)) - other for name, moved in setting.moved.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--json", action="store_true", help="one object, by setting")
    options = parser.parse_args(arguments)
    coverages = {
        setting.name: measure_coverage(setting, options.trials, np.random.default_rng(number))
        for number, setting in enumerate(SETTINGS)
    }
    if options.json:
        print(json.dumps(coverages))
        return
    for name, coverage in coverages.items():
        print(f"{name}: {', '.join(f'{group} {share:.3f}' for group, share in coverage.items())}")


if __name__ == "__main__":
    main()
