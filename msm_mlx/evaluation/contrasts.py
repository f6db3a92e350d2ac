"""Differences between two arms on the same items, paired by item and by seed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from msm_mlx.evaluation.metric_values import (
    Answers,
    ByItem,
    by_label,
    domains_of,
    failure_of,
    metric_values,
    with_metric,
)
from msm_mlx.evaluation.statistics import clustered_mean, holm, paired_differences
from msm_mlx.recipe.arms import BASE, CONTEXT, arm_of
from msm_mlx.recipe.contrasts import rank
from msm_mlx.runs.estimate import Estimate
from msm_mlx.runs.results import Contrast
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.kinds import KINDS
from msm_mlx.suites.kinds.pairs import PAIRS, pairs_of

EFFECT_OF_INTEREST = 0.1
"""A difference that a run should be able to see."""


@dataclass(frozen=True)
class ArmPair:
    """Two arms that are compared, by their labels, with the answers of their seeds. `a` has seen more than `b`."""

    a: str
    b: str
    answers_a: Sequence[ByItem]
    answers_b: Sequence[ByItem]

    @property
    def seeds(self) -> int:
        return min(len(self.answers_a), len(self.answers_b))

    def common(self, items: Sequence[Item], metric: str) -> list[Item]:
        """The items that both have answered and the metric applies to."""
        return with_metric(items, [*self.answers_a, *self.answers_b], metric)

    def differences(self, items: Sequence[Item], metric: str) -> np.ndarray:
        """The metric of `a` less that of `b`, (S, I), on items that are common to both."""
        return paired_differences(*(metric_values(items, seeds, metric) for seeds in (self.answers_a, self.answers_b)))

    def margin_differences(self, items: Sequence[Item]) -> np.ndarray:
        """The same of the log-odds of the target, (S, I) in nats."""
        return paired_differences(*(margin_values(items, seeds) for seeds in (self.answers_a, self.answers_b)))

    def failure(self, suite: Suite, items: Sequence[Item], metric: str) -> str | None:
        """Why a difference of these means nothing, if it does not."""
        arms = ((self.a, self.answers_a), (self.b, self.answers_b))
        failures = [f"of {name}, {why}" for name, seeds in arms if (why := failure_of(suite, items, seeds, metric))]
        return "; ".join(failures) or None


def arm_pairs(answers: Answers, stand_ins: Collection[str] = ()) -> list[ArmPair]:
    """Every pair of arms that are trained or have documents in the prompt, the one that has seen more first; first
    those that the recipe asks about. With nothing but the documents, it is against the base too."""
    arms = {label: [answers[variant] for variant in group] for label, group in by_label(answers).items()}
    pairs = [(a, b) for b, a in combinations(arms, 2) if b != BASE or arm_of(a) == CONTEXT]
    return [
        ArmPair(a, b, arms[a], arms[b]) for a, b in sorted(pairs, key=lambda pair: rank(pair[0], pair[1], stand_ins))
    ]


def contrast_on(suite: Suite, items: Sequence[Item], pair: ArmPair) -> Contrast | None:
    """The difference on the suite's main metric; None if there is no item that both have answered."""
    metric = KINDS[suite.kind].main_metric
    common = pair.common(items, metric)
    if not common:
        return None
    margins = pair.margin_differences(common) if has_margins(suite) else None
    return make_contrast(suite, pair, common, pair.differences(common, metric), margins)


def make_contrast(
    suite: Suite,
    pair: ArmPair,
    items: Sequence[Item],
    values: np.ndarray,
    margins: np.ndarray | None,
    limit: float = 1.0,
    **part: Any,
) -> Contrast:
    """What is said of differences.

    Args:
        values: (S, I), of these items.
        margins: the same in nats, where the main metric is the choice that they decide.
        limit: how large a difference can be.
        part: what it is a difference of, if not of the whole suite.
    """
    metric, clusters = KINDS[suite.kind].main_metric, domains_of(items)
    difference = clustered_mean(values, clusters)
    low, high = difference.interval(limit)
    return Contrast(
        suite=suite.name,
        a=pair.a,
        b=pair.b,
        metric=metric,
        paired=True,
        difference=difference.mean,
        ci_low=low,
        ci_high=high,
        n=len(items),
        seeds=pair.seeds,
        clusters=difference.clusters,
        p=difference.p,
        detectable=difference.detectable,
        notes=_notes(difference.detectable, pair.seeds),
        failure=pair.failure(suite, items, metric),
        log_odds=None if margins is None else mean_log_odds(margins, clusters),
        **part,
    )


def has_margins(suite: Suite) -> bool:
    """Whether the main metric is a choice that the log-odds of two options decide."""
    return KINDS[suite.kind].main_metric == PAIRS.main_metric and bool(pairs_of(suite))


def margin_values(items: Sequence[Item], seeds: Sequence[ByItem]) -> np.ndarray:
    """The log-odds of the target, (S, I) in nats; both orders count half."""
    margins = [[sum(by_item[item.id].margins) / 2 for item in items] for by_item in seeds]
    return np.array(margins, dtype=np.float64)


def mean_log_odds(margins: np.ndarray, clusters: Sequence[str | None]) -> Estimate:
    """The mean of log-odds, or of their differences, (S, I)."""
    mean = clustered_mean(margins, clusters)
    return Estimate(mean.mean, *mean.interval(), margins.shape[1])


def _notes(detectable: float, seeds: int) -> list[str]:
    notes = []
    if seeds == 1:
        notes.append("one seed: the interval says nothing of what another seed would give")
    if detectable > EFFECT_OF_INTEREST:
        notes.append(
            f"too few items or seeds to see a difference of {EFFECT_OF_INTEREST}: {detectable:.2f} is what would show"
        )
    return notes


def correct(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """The contrasts with Holm's correction over the suites that the same two arms are compared on."""
    by_arms: dict[tuple[str, str], list[int]] = {}
    for index, row in enumerate(contrasts):
        by_arms.setdefault((row.a, row.b), []).append(index)
    corrected: dict[int, float] = {}
    for indices in by_arms.values():
        corrected |= zip(indices, holm([contrasts[index].p for index in indices]), strict=True)
    return [row.model_copy(update={"p_holm": corrected[index]}) for index, row in enumerate(contrasts)]
