"""Puts `results.json` together from answers: shares of each variant, and contrasts between trained arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from types import MappingProxyType
from typing import Any

import numpy as np

from msm_mlx.evaluation.durability import Course, measure_durability, trace_curves
from msm_mlx.evaluation.metric_values import (
    Answers,
    ByItem,
    by_label,
    domains_of,
    failure_of,
    metric_values,
    with_metric,
)
from msm_mlx.evaluation.position_bias import position_biases
from msm_mlx.evaluation.statistics import clustered_mean, estimate_share, holm, paired_differences
from msm_mlx.recipe.arms import BASE, CONTEXT, Variant, arm_of
from msm_mlx.recipe.contrasts import rank
from msm_mlx.runs.answers import AnswerRow
from msm_mlx.runs.estimate import Estimate
from msm_mlx.runs.results import SCHEMA, Contrast, Domains, JudgeReport, MeasuredSuite, PerplexityRow, RunResults, Share
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.kinds import KINDS
from msm_mlx.suites.kinds.pairs import PAIRS, pairs_of

EFFECT_OF_INTEREST = 0.1
"""A difference that a run should be able to see."""


def build_results(
    run: str,
    suites: Sequence[Suite],
    answers: Answers,
    judge: JudgeReport | None = None,
    perplexity: Sequence[PerplexityRow] = (),
    courses: Mapping[str, Course] = MappingProxyType({}),
) -> RunResults:
    """What these answers come to.

    Args:
        answers: of arms at the end of their training and, for curves, of the same along their last stage.
        judge: None where nobody judged, or what was found of the judge.
        courses: how long the last stage is, of the arms that curves or durability are about.
    """
    along, answers = answers, {variant: by_item for variant, by_item in answers.items() if variant.update is None}
    parts = [(suite, domain, items) for suite in suites for domain, items in _domains(suite).items()]
    return RunResults(
        schema=SCHEMA,
        run=run,
        records=[row for suite in suites for row in _records(suite, answers)],
        pooled=[row for suite in suites for row in _pooled(suite, suite.items, answers)],
        contrasts=_corrected([row for suite in suites for row in _contrasts(suite, suite.items, answers)]),
        domains=Domains(
            records=[
                row.model_copy(update={"domain": domain})
                for suite, domain, items in parts
                for row in _pooled(suite, items, answers)
            ],
            contrasts=[
                row.model_copy(update={"domain": domain})
                for suite, domain, items in parts
                for row in _contrasts(suite, items, answers)
            ],
        ),
        biases=[row for suite in suites for row in position_biases(suite, answers)],
        suites=[
            MeasuredSuite(
                name=suite.name,
                kind=suite.kind,
                measures=suite.measures,
                file=suite.file,
                added=suite.added,
                at_rest=suite.at_rest,
                pressure=suite.pressure,
            )
            for suite in suites
        ],
        judge=judge,
        perplexity=list(perplexity),
        curves=[row for suite in suites for row in trace_curves(suite, along, courses)],
        durability=[row for suite in suites for row in measure_durability(suite, along, courses)],
    )


def grid_results(
    run: str, grid: Mapping[str, Sequence[Any]], cells: Sequence[tuple[Mapping[str, Any], RunResults]]
) -> RunResults:
    """What the runs of a grid come to: `cells` are the settings and results of each."""
    labelled = [({"cell": dict(settings)}, results) for settings, results in cells]
    return RunResults(
        schema=SCHEMA,
        run=run,
        grid={key: list(values) for key, values in grid.items()},
        records=[row.model_copy(update=cell) for cell, results in labelled for row in results.records],
        pooled=[row.model_copy(update=cell) for cell, results in labelled for row in results.pooled],
        contrasts=[row.model_copy(update=cell) for cell, results in labelled for row in results.contrasts],
        suites=cells[0][1].suites if cells else [],
    )


def answer_rows(suites: Sequence[Suite], answers: Answers) -> Iterator[AnswerRow]:
    """Every answer with what was asked, and of whom."""
    items = {item.id: (suite.kind, item) for suite in suites for item in suite.items}
    for variant, by_item in answers.items():
        for answer in by_item.values():
            kind, item = items[answer.item]
            yield AnswerRow(
                suite=item.suite,
                kind=kind,
                domain=item.domain,
                prompt=item.prompts()[0],
                arm=variant.arm,
                spec=variant.spec,
                seed=variant.seed,
                answer=answer,
                details={**item.row(), **item.pressure()},
            )


def _domains(suite: Suite) -> dict[str, list[Item]]:
    """The suite's items by domain, where they are not all of one."""
    domains: dict[str, list[Item]] = {}
    for item in suite.items:
        if item.domain is not None:
            domains.setdefault(item.domain, []).append(item)
    return domains if len(domains) > 1 else {}


def _records(suite: Suite, answers: Answers) -> Iterator[Share]:
    for variant, by_item in answers.items():
        yield from _shares(suite, suite.items, variant, variant.seed, [by_item])


def _pooled(suite: Suite, items: Sequence[Item], answers: Answers) -> Iterator[Share]:
    for group in by_label(answers).values():
        yield from _shares(suite, items, group[0], None, [answers[variant] for variant in group])


def _shares(
    suite: Suite, items: Sequence[Item], variant: Variant, seed: int | None, seeds: Sequence[ByItem]
) -> Iterator[Share]:
    """One row for each metric that these answers have."""
    for metric in _metrics(suite, items, seeds):
        values = metric_values(items, seeds, metric)
        if values.size:
            applicable = with_metric(items, seeds, metric)
            yield Share(
                suite=suite.name,
                arm=variant.arm,
                spec=variant.spec,
                seed=seed,
                metric=metric,
                **asdict(estimate_share(values, domains_of(applicable))),
                seeds=len(seeds),
                failure=failure_of(suite, applicable, seeds, metric),
                log_odds=_log_odds(suite, applicable, [seeds], metric),
            )


def _metrics(suite: Suite, items: Sequence[Item], seeds: Sequence[ByItem]) -> list[str]:
    """The metrics of the suite's kind, then those at one of several temperatures, in the order of the answers."""
    answers = (by_item[item.id] for by_item in seeds for item in items if item.id in by_item)
    first = next(answers, None)
    return list(dict.fromkeys((*KINDS[suite.kind].metrics, *(first.metrics if first else ()))))


def _log_odds(suite: Suite, items: Sequence[Item], arms: Sequence[Sequence[ByItem]], metric: str) -> Estimate | None:
    """The mean log-odds of the target (nats) of one arm, or by how much the first of two arms has more, where the
    metric is the choice that they decide."""
    if metric != PAIRS.main_metric or not pairs_of(suite):
        return None
    margins = [
        np.array([[sum(by_item[item.id].margins) / 2 for item in items] for by_item in seeds], dtype=np.float64)
        for seeds in arms
    ]  # each (seeds, items); both orders count half
    values = paired_differences(*margins) if len(margins) == 2 else margins[0]
    mean = clustered_mean(values, domains_of(items))
    return Estimate(mean.mean, *mean.interval(), len(items))


def _contrasts(suite: Suite, items: Sequence[Item], answers: Answers) -> Iterator[Contrast]:
    """Every pair of arms that are trained or have documents in the prompt, the one that has seen more first, on the
    suite's main metric; first those that the recipe asks about. With nothing but the documents, it is against the base
    too."""
    metric = KINDS[suite.kind].main_metric
    arms = {label: [answers[v] for v in group] for label, group in by_label(answers).items()}
    pairs = [(b, a) for b, a in combinations(arms, 2) if b != BASE or arm_of(a) == CONTEXT]
    for b, a in sorted(pairs, key=lambda pair: rank(pair[1], pair[0])):
        common = with_metric(items, [*arms[a], *arms[b]], metric)
        pair = [metric_values(common, arms[label], metric) for label in (a, b)]
        if pair[0].size:
            seeds = min(len(arms[a]), len(arms[b]))
            failures = [f"of {x}, {reason}" for x in (a, b) if (reason := failure_of(suite, common, arms[x], metric))]
            yield Contrast(
                suite=suite.name,
                a=a,
                b=b,
                metric=metric,
                paired=True,
                seeds=seeds,
                **_difference(paired_differences(*pair), domains_of(common), seeds),
                failure="; ".join(failures) or None,
                log_odds=_log_odds(suite, common, [arms[a], arms[b]], metric),
            )


def _difference(values: np.ndarray, clusters: Sequence[str | None], seeds: int) -> dict[str, Any]:
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


def _corrected(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """The contrasts with Holm's correction over the suites that the same two arms are compared on."""
    by_arms: dict[tuple[str, str], list[int]] = {}
    for index, row in enumerate(contrasts):
        by_arms.setdefault((row.a, row.b), []).append(index)
    corrected: dict[int, float] = {}
    for indices in by_arms.values():
        corrected |= zip(indices, holm([contrasts[index].p for index in indices]), strict=True)
    return [row.model_copy(update={"p_holm": corrected[index]}) for index, row in enumerate(contrasts)]
