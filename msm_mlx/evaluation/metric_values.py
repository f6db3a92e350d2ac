"""The values of a metric as an array, from the answers of an arm's seeds, and whether they mean anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from msm_mlx.evaluation.statistics import estimate_share
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.kinds import KINDS

MAX_UNREADABLE = 0.5

ByItem = Mapping[str, Answer]
Answers = Mapping[Variant, ByItem]  # by item id


def with_metric(items: Sequence[Item], seeds: Sequence[ByItem], metric: str) -> list[Item]:
    """The items that all of these answers have and the metric applies to."""
    return [
        item for item in items if all(item.id in by_item and metric in by_item[item.id].metrics for by_item in seeds)
    ]


def domains_of(items: Sequence[Item]) -> list[str | None]:
    return [item.domain for item in items]


def metric_values(items: Sequence[Item], seeds: Sequence[ByItem], metric: str) -> np.ndarray:
    """The metric's values, (seeds, items), of the items that all of these answers have."""
    ids = [item.id for item in with_metric(items, seeds, metric)]
    return np.array([[by_item[id].metrics[metric] for id in ids] for by_item in seeds], dtype=np.float64)


def by_label(answers: Answers) -> dict[str, list[Variant]]:
    """The variants of each arm, one a seed."""
    groups: dict[str, list[Variant]] = {}
    for variant in answers:
        groups.setdefault(variant.label, []).append(variant)
    return groups


def failure_of(suite: Suite, items: Sequence[Item], seeds: Sequence[ByItem], metric: str) -> str | None:
    """Why a figure of these answers means nothing, if it does not: most of the written replies that it is read from
    cannot be read, or the variant cannot answer in the suite's form."""
    kind = KINDS[suite.kind]
    if kind.unreadable and kind.is_written(metric):
        values = metric_values(items, seeds, kind.unreadable)
        if values.size and values.mean() > MAX_UNREADABLE:
            return f"{values.mean():.0%} of the written replies are {kind.unreadable}"
    if kind.format_control and metric == kind.main_metric:
        values = metric_values(suite.items, seeds, kind.format_control)
        chances = [item.chance for item in suite.items if item.is_format_control]
        if values.size and (right := estimate_share(values)).ci_low <= sum(chances) / len(chances):
            return f"the format control is right in {right}, which may be chance"
    return None
