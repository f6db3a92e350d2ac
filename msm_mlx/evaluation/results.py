"""`results.json`: what each variant scored, arms with their seeds pooled, and the contrasts between trained arms.

`records` and `contrasts` are about whole suites, a record for each variant and metric, a contrast for each pair of
trained arms. `pooled` has the same records with the seeds of an arm together. `domains` has the pooled records and the
contrasts for each domain of a suite taken alone. Every interval is over seeds and items together, where there are
several seeds, items of one domain drawn together; `seeds` says how many seeds there were, `clusters` how many domains,
or items where those were too few. A contrast has its p value, alone (`p`) and corrected for reading all suites of the
same two arms (`p_holm`), the difference that these items could have shown with a power of 80 % (`detectable`), and
`notes` on what to be careful about. A record or contrast whose variant wrote more replies than not that cannot be read
says so under `failure`, which is null otherwise: its figures are then no finding. `suites` says what each suite
measures, and whether it was added after the run. `biases` says how far each variant goes by the place of an option in
place of what it is. `judge` is null, or what the judge was and how far it agrees with labels by hand, for each of its
tasks; of one that is not usable no verdict is among the figures. `perplexity` has that of each variant on neutral text,
if the capability suite was asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np

from msm_mlx.evaluation.position_bias import position_biases
from msm_mlx.evaluation.statistics import clustered_mean, estimate_share, holm, paired_differences
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import Answer
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.kinds import KINDS

SCHEMA = 1
MAX_UNREADABLE = 0.5
EFFECT_OF_INTEREST = 0.1
"""A difference that a run should be able to see."""

ByItem = Mapping[str, Answer]
Answers = Mapping[Variant, ByItem]  # by item id
Row = dict[str, Any]


def build_results(
    run: str, suites: Sequence[Suite], answers: Answers, judge: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The content of `results.json`."""
    parts = [(suite, domain, items) for suite in suites for domain, items in _domains(suite).items()]
    return {
        "schema": SCHEMA,
        "run": run,
        "records": [row for suite in suites for row in _records(suite, answers)],
        "contrasts": _corrected([row for suite in suites for row in _contrasts(suite, suite.items, answers)]),
        "pooled": [row for suite in suites for row in _pooled(suite, suite.items, answers)],
        "domains": {
            "records": [
                {"domain": domain, **row} for suite, domain, items in parts for row in _pooled(suite, items, answers)
            ],
            "contrasts": [
                {"domain": domain, **row} for suite, domain, items in parts for row in _contrasts(suite, items, answers)
            ],
        },
        "biases": [row for suite in suites for row in position_biases(suite, answers)],
        "suites": [
            {
                "name": suite.name,
                "kind": suite.kind,
                "measures": suite.measures,
                "file": suite.file,
                "added": suite.added,
            }
            for suite in suites
        ],
        "judge": judge,
        "perplexity": [],
    }


def answer_rows(suites: Sequence[Suite], answers: Answers) -> Iterator[Row]:
    """The lines of `answers.jsonl`: every answer with what was asked, and of whom."""
    items = {item.id: (suite.kind, item) for suite in suites for item in suite.items}
    for variant, by_item in answers.items():
        for answer in by_item.values():
            kind, item = items[answer.item]
            yield {
                "suite": item.suite,
                "kind": kind,
                "domain": item.domain,
                "prompt": item.prompts()[0],
                **item.row(),
                "arm": variant.arm,
                "spec": variant.spec,
                "seed": variant.seed,
                **asdict(answer),
            }


def _domains(suite: Suite) -> dict[str, list[Item]]:
    """The suite's items by domain, where they are not all of one."""
    domains: dict[str, list[Item]] = {}
    for item in suite.items:
        if item.domain is not None:
            domains.setdefault(item.domain, []).append(item)
    return domains if len(domains) > 1 else {}


def _records(suite: Suite, answers: Answers) -> Iterable[Row]:
    for variant, by_item in answers.items():
        yield from _shares(suite, suite.items, variant, variant.seed, [by_item])


def _pooled(suite: Suite, items: Sequence[Item], answers: Answers) -> Iterable[Row]:
    for group in _by_label(answers).values():
        yield from _shares(suite, items, group[0], None, [answers[variant] for variant in group])


def _shares(
    suite: Suite, items: Sequence[Item], variant: Variant, seed: int | None, seeds: Sequence[ByItem]
) -> Iterable[Row]:
    """One row for each metric that these answers have."""
    failure = _failure(suite, items, seeds)
    for metric in _metrics(suite, items, seeds):
        values = _matrix(items, seeds, metric)
        if values.size:
            yield {
                "suite": suite.name,
                "arm": variant.arm,
                "spec": variant.spec,
                "seed": seed,
                "metric": metric,
                **asdict(estimate_share(values, [item.domain for item in _with_metric(items, seeds, metric)])),
                "seeds": len(seeds),
                "failure": failure,
            }


def _metrics(suite: Suite, items: Sequence[Item], seeds: Sequence[ByItem]) -> list[str]:
    """The metrics of the suite's kind, then those at one of several temperatures, in the order of the answers."""
    answers = (by_item[item.id] for by_item in seeds for item in items if item.id in by_item)
    first = next(answers, None)
    return list(dict.fromkeys((*KINDS[suite.kind].metrics, *(first.metrics if first else ()))))


def _failure(suite: Suite, items: Sequence[Item], seeds: Sequence[ByItem]) -> str | None:
    """Why the figures of these answers mean nothing, if they do not: most written replies cannot be read."""
    metric = KINDS[suite.kind].unreadable
    if metric is None:
        return None
    values = _matrix(items, seeds, metric)
    if not values.size or values.mean() <= MAX_UNREADABLE:
        return None
    return f"{values.mean():.0%} of the written replies are {metric}"


def _contrasts(suite: Suite, items: Sequence[Item], answers: Answers) -> Iterable[Row]:
    """Every pair of trained arms, the one that has seen more first, on the suite's main metric."""
    metric = KINDS[suite.kind].main_metric
    arms = {label: [answers[v] for v in group] for label, group in _by_label(answers).items() if group[0].is_trained}
    for b, a in combinations(arms, 2):
        common = _with_metric(items, [*arms[a], *arms[b]], metric)
        pair = [_matrix(common, arms[label], metric) for label in (a, b)]
        if pair[0].size:
            seeds = min(len(arms[a]), len(arms[b]))
            failures = [f"of {arm}, {why}" for arm in (a, b) if (why := _failure(suite, common, arms[arm]))]
            yield {
                "suite": suite.name, "a": a, "b": b, "metric": metric, "paired": True, "seeds": seeds,
                **_difference(paired_differences(*pair), [item.domain for item in common], seeds),
                "failure": "; ".join(failures) or None,
            }  # fmt: skip


def _difference(values: np.ndarray, clusters: Sequence[str | None], seeds: int) -> Row:
    """What is said of the difference whose (seeds, items) values these are."""
    difference = clustered_mean(values, clusters)
    low, high = difference.interval()
    return {
        "difference": difference.mean,
        "ci_low": max(-1.0, low),
        "ci_high": min(1.0, high),
        "n": values.shape[1],
        "clusters": difference.clusters,
        "p": difference.p,
        "detectable": difference.detectable,
        "notes": _notes(difference.detectable, seeds),
    }


def _notes(detectable: float, seeds: int) -> list[str]:
    notes = []
    if seeds == 1:
        notes.append("one seed: the interval says nothing of what another seed would give")
    if detectable > EFFECT_OF_INTEREST:
        notes.append(
            f"too few items or seeds to see a difference of {EFFECT_OF_INTEREST}: {detectable:.2f} is what would show"
        )
    return notes


def _corrected(contrasts: list[Row]) -> list[Row]:
    """The contrasts with Holm's correction over the suites that the same two arms are compared on."""
    by_arms: dict[tuple[str, str], list[Row]] = {}
    for row in contrasts:
        by_arms.setdefault((row["a"], row["b"]), []).append(row)
    for rows in by_arms.values():
        for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
            row["p_holm"] = p
    return contrasts


def _with_metric(items: Sequence[Item], seeds: Sequence[ByItem], metric: str) -> list[Item]:
    """The items that all of these answers have and the metric applies to."""
    return [
        item for item in items if all(item.id in by_item and metric in by_item[item.id].metrics for by_item in seeds)
    ]


def _matrix(items: Sequence[Item], seeds: Sequence[ByItem], metric: str) -> np.ndarray:
    """The metric's values, (seeds, items), of the items that all of these answers have."""
    ids = [item.id for item in _with_metric(items, seeds, metric)]
    return np.array([[by_item[id].metrics[metric] for id in ids] for by_item in seeds], dtype=np.float64)


def _by_label(answers: Answers) -> dict[str, list[Variant]]:
    """The variants of each arm, one a seed."""
    groups: dict[str, list[Variant]] = {}
    for variant in answers:
        groups.setdefault(variant.label, []).append(variant)
    return groups
