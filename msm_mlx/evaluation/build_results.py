"""Puts `results.json` together from answers: shares of each variant, and contrasts between trained arms."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from msm_mlx.evaluation.contrasts import (
    ArmPair,
    arm_pairs,
    contrast_on,
    correct,
    has_margins,
    margin_values,
    mean_log_odds,
)
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
from msm_mlx.evaluation.pressure import pressure_changes
from msm_mlx.evaluation.statistics import estimate_share
from msm_mlx.evaluation.word_share import contrasts_by_words, count_words
from msm_mlx.recipe.arms import Variant
from msm_mlx.runs.answers import AnswerRow
from msm_mlx.runs.results import (
    SCHEMA,
    Contrast,
    Domains,
    JudgeReport,
    MeasuredSuite,
    PerplexityRow,
    RunResults,
    Share,
    WordShares,
)
from msm_mlx.suites.items import Item, Suite
from msm_mlx.suites.kinds import KINDS


def build_results(
    run: str,
    suites: Sequence[Suite],
    answers: Answers,
    judge: JudgeReport | None = None,
    perplexity: Sequence[PerplexityRow] = (),
    courses: Mapping[str, Course] = MappingProxyType({}),
    words_read: Mapping[str, frozenset[str]] = MappingProxyType({}),
    stand_ins: Collection[str] = (),
) -> RunResults:
    """What these answers come to.

    Args:
        answers: of arms at the end of their training and, for curves, of the same along their last stage.
        judge: None where nobody judged, or what was found of the judge.
        courses: how long the last stage is, of the arms that curves or durability are about.
        words_read: the stems of the documents about each spec and of the demonstrations.
        stand_ins: the training stages of the recipe's own that learn documents.
    """
    along, answers = answers, {variant: by_item for variant, by_item in answers.items() if variant.update is None}
    pairs = arm_pairs(answers, stand_ins)
    words = [row for suite in suites for row in count_words(suite, words_read)]
    parts = [(suite, domain, items) for suite in suites for domain, items in _domains(suite).items()]
    return RunResults(
        schema=SCHEMA,
        run=run,
        records=[row for suite in suites for row in _records(suite, answers)],
        pooled=[row for suite in suites for row in pool_shares(suite, suite.items, answers)],
        contrasts=correct([row for suite in suites for row in _contrasts(suite, suite.items, pairs)]),
        domains=Domains(
            records=[
                row.model_copy(update={"domain": domain})
                for suite, domain, items in parts
                for row in pool_shares(suite, items, answers)
            ],
            contrasts=[
                row.model_copy(update={"domain": domain})
                for suite, domain, items in parts
                for row in _contrasts(suite, items, pairs)
            ],
        ),
        word_shares=WordShares(
            items=words,
            contrasts=[row for suite in suites for row in contrasts_by_words(suite, answers, words, stand_ins)],
        ),
        pressure=list(_pressure(suites, answers, stand_ins)),
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


def pool_shares(suite: Suite, items: Sequence[Item], answers: Answers) -> Iterator[Share]:
    """Every metric of each arm on these items, its seeds together."""
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
                log_odds=mean_log_odds(margin_values(applicable, seeds), domains_of(applicable))
                if has_margins(suite) and metric == KINDS[suite.kind].main_metric
                else None,
            )


def _metrics(suite: Suite, items: Sequence[Item], seeds: Sequence[ByItem]) -> list[str]:
    """The metrics of the suite's kind, then those at one of several temperatures, in the order of the answers."""
    answers = (by_item[item.id] for by_item in seeds for item in items if item.id in by_item)
    first = next(answers, None)
    return list(dict.fromkeys((*KINDS[suite.kind].metrics, *(first.metrics if first else ()))))


def _contrasts(suite: Suite, items: Sequence[Item], pairs: Sequence[ArmPair]) -> Iterator[Contrast]:
    for pair in pairs:
        if row := contrast_on(suite, items, pair):
            yield row


def _pressure(suites: Sequence[Suite], answers: Answers, stand_ins: Collection[str]) -> Iterator[Contrast]:
    by_name = {suite.name: suite for suite in suites}
    for suite in suites:
        if suite.at_rest in by_name:
            yield from pressure_changes(by_name[suite.at_rest], suite, answers, stand_ins)
