"""The table of what each suite measures of each arm, computed from the answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType

from msm_mlx.console.tables import ConsoleTable
from msm_mlx.errors import RecipeError
from msm_mlx.evaluation.statistics import estimate_share
from msm_mlx.runs.answers import AnswerRow
from msm_mlx.runs.results import ASK_AGAIN, MeasuredSuite, Share
from msm_mlx.suites.kinds import KINDS, is_main_metric
from msm_mlx.text.terminal import literal


def by_label(rows: Sequence[AnswerRow]) -> dict[str, list[AnswerRow]]:
    """Answers by the label of their arm, in the order of the file."""
    several = len({row.spec for row in rows if row.spec}) > 1
    groups: dict[str, list[AnswerRow]] = {}
    for row in rows:
        groups.setdefault(row.label(several), []).append(row)
    return groups


def score_table(
    rows: Sequence[AnswerRow], measured: Sequence[MeasuredSuite] = (), pooled: Sequence[Share] = ()
) -> RenderableType:
    """What each suite measures of each arm, with the 95 % interval over its seeds and the items.

    Below it stands what each share is of, as far as it is `measured`, and why those that mean nothing by their `pooled`
    figures are left out.

    Raises:
        RecipeError: if one seed of an arm has answered more than another.
    """
    suites = list(dict.fromkeys(row.suite for row in rows))
    table = ConsoleTable(title="Shares, with 95 % intervals over seeds and items", title_justify="left")
    table.add_column("arm")
    for suite in suites:
        table.add_column(literal(suite), justify="right")
    several = len({row.spec for row in rows if row.spec}) > 1
    main = [row for row in pooled if is_main_metric(row.metric)]
    failures = {(row.label(several), row.suite): row.failure for row in main if row.failure}
    for label, own in by_label(rows).items():
        cells = [
            "no finding" if (label, suite) in failures else _share([row for row in own if row.suite == suite])
            for suite in suites
        ]
        table.add_row(literal(label), *cells)
    measures = {suite.name: suite.measures for suite in measured}
    notes = [literal(f"{suite}: {measures[suite]}", "quiet") for suite in suites if suite in measures]
    notes += [literal(f"no finding of {label} on {suite}: {why}", "quiet") for (label, suite), why in failures.items()]
    return Group(table, *notes)


def _share(rows: Sequence[AnswerRow]) -> str:
    by_item: dict[str, dict[int | None, AnswerRow]] = {}
    for row in rows:
        by_item.setdefault(row.item, {})[row.seed] = row
    seeds = {row.seed for row in rows}
    for item, by_seed in by_item.items():
        if by_seed.keys() != seeds:
            missing = next(seed for seed in seeds if seed not in by_seed)
            arm = rows[0].label(several_specs=True)
            raise RecipeError(f"{arm}: has not answered {item} with seed {missing}; {ASK_AGAIN}")
    # what a judge rates has no score where it is unclear, nor where there is no judge
    scores = {item: [_score(row) for row in by_seed.values()] for item, by_seed in by_item.items()}
    scored = [item for item, values in scores.items() if None not in values]
    if not scored:
        return "-"
    values = np.array([scores[item] for item in scored], dtype=np.float64).T  # (seeds, items)
    domains = [next(iter(by_item[item].values())).domain for item in scored]
    return str(estimate_share(values, domains))


def _score(row: AnswerRow) -> float | None:
    return row.answer.metrics.get(KINDS[row.kind].main_metric)
