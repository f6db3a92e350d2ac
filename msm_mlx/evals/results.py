"""`results.json`: what each variant scored, arms with their seeds pooled, and the contrasts between trained arms.

`records` and `contrasts` are about whole suites, a record for each variant and metric, a contrast for each pair of
trained arms. `pooled` has the same records with the seeds of an arm together. `domains` has the pooled records and the
contrasts for each domain of a suite taken alone. Every interval is over seeds and items together, where there are
several seeds; `seeds` says how many there were. `suites` says what each suite measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np

from msm_mlx.evals.answers import Answer
from msm_mlx.evals.items import MAIN_METRIC, Item, Kind, Pair, Question, Scene, Suite, asked
from msm_mlx.evals.statistics import crossed_mean, paired_difference
from msm_mlx.variants import Variant

SCHEMA = 1
METRICS: dict[Kind, tuple[str, ...]] = {
    "pairs": ("choice", "written_choice", "unclear"),
    "questions": ("choice", "written_choice", "unclear"),
    "open": ("fits",),
    "scenes": ("harmful", "no_action", "unparsed", "harmful_choice"),
}

ByItem = Mapping[str, Answer]
Answers = Mapping[Variant, ByItem]  # by item id
Row = dict[str, Any]


def build_results(run: str, suites: Sequence[Suite], answers: Answers, resamples: int) -> dict[str, Any]:
    """The content of `results.json`."""
    parts = [(suite, domain, items) for suite in suites for domain, items in _domains(suite).items()]
    return {
        "schema": SCHEMA,
        "run": run,
        "records": [row for suite in suites for row in _records(suite, answers, resamples)],
        "contrasts": [row for suite in suites for row in _contrasts(suite, suite.items, answers, resamples)],
        "pooled": [row for suite in suites for row in _pooled(suite, suite.items, answers, resamples)],
        "domains": {
            "records": [
                {"domain": domain, **row}
                for suite, domain, items in parts
                for row in _pooled(suite, items, answers, resamples)
            ],
            "contrasts": [
                {"domain": domain, **row}
                for suite, domain, items in parts
                for row in _contrasts(suite, items, answers, resamples)
            ],
        },
        "suites": [{"name": suite.name, "kind": suite.kind, "metric": suite.metric} for suite in suites],
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
                "prompt": asked(item)[0],
                **_of_kind(item),
                "arm": variant.arm,
                "spec": variant.spec,
                "seed": variant.seed,
                **asdict(answer),
            }


def _of_kind(item: Item) -> Row:
    match item:
        case Pair():
            return {"target": item.target, "other": item.other}
        case Question():
            return {"right": item.right}
        case Scene():
            return {"condition": item.condition}
    return {}


def _domains(suite: Suite) -> dict[str, list[Item]]:
    """The suite's items by domain, where they are not all of one."""
    domains: dict[str, list[Item]] = {}
    for item in suite.items:
        if item.domain is not None:
            domains.setdefault(item.domain, []).append(item)
    return domains if len(domains) > 1 else {}


def _records(suite: Suite, answers: Answers, resamples: int) -> Iterable[Row]:
    for variant, by_item in answers.items():
        yield from _shares(suite, suite.items, variant, variant.seed, [by_item], resamples)


def _pooled(suite: Suite, items: Sequence[Item], answers: Answers, resamples: int) -> Iterable[Row]:
    for group in _by_label(answers).values():
        yield from _shares(suite, items, group[0], None, [answers[variant] for variant in group], resamples)


def _shares(
    suite: Suite, items: Sequence[Item], variant: Variant, seed: int | None, seeds: Sequence[ByItem], resamples: int
) -> Iterable[Row]:
    """One row for each metric that these answers have."""
    for metric in METRICS[suite.kind]:
        values = _matrix(items, seeds, metric)
        if values.size:
            yield {
                "suite": suite.name,
                "arm": variant.arm,
                "spec": variant.spec,
                "seed": seed,
                "metric": metric,
                **asdict(crossed_mean(values, resamples)),
                "seeds": len(seeds),
            }


def _contrasts(suite: Suite, items: Sequence[Item], answers: Answers, resamples: int) -> Iterable[Row]:
    """Every pair of trained arms, the one that has seen more first, on the suite's main metric."""
    metric = MAIN_METRIC[suite.kind]
    arms = {label: [answers[v] for v in group] for label, group in _by_label(answers).items() if group[0].is_trained}
    for b, a in combinations(arms, 2):
        common = [item for item in items if item.id in arms[a][0] and item.id in arms[b][0]]
        pair = [_matrix(common, arms[label], metric) for label in (a, b)]
        if pair[0].size:
            estimate = asdict(paired_difference(pair[0], pair[1], resamples))
            difference = estimate.pop("value")
            yield {"suite": suite.name, "a": a, "b": b, "difference": difference, **estimate} | {
                "paired": True,
                "seeds": min(len(arms[a]), len(arms[b])),
                "metric": metric,
            }


def _matrix(items: Sequence[Item], seeds: Sequence[ByItem], metric: str) -> np.ndarray:
    """(seeds, items), of the items that these answers have and the metric applies to."""
    known = [item.id for item in items if item.id in seeds[0] and metric in seeds[0][item.id].metrics]
    return np.array([[by_item[name].metrics[metric] for name in known] for by_item in seeds], dtype=np.float64)


def _by_label(answers: Answers) -> dict[str, list[Variant]]:
    """The variants of each arm, one a seed."""
    groups: dict[str, list[Variant]] = {}
    for variant in answers:
        groups.setdefault(variant.label, []).append(variant)
    return groups
