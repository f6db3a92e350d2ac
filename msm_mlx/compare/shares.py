"""The table of what each suite measures of each arm, computed from the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table

from msm_mlx.compare.tables import Rows
from msm_mlx.evaluation.statistics import estimate_share
from msm_mlx.recipe.arms import variant_label
from msm_mlx.suites.kinds import KINDS
from msm_mlx.text.terminal import literal


def labels(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Answer rows by the label of their arm, in the order of the file."""
    several = len({row["spec"] for row in rows if row["spec"]}) > 1
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(variant_label(row, several), []).append(row)
    return groups


def score_table(rows: Rows, measured: Rows = ()) -> RenderableType:
    """What each suite measures of each arm, with the 95 % interval over its seeds and the items.

    Below it stands what each share is of, from `measured`: the `suites` of results.json.
    """
    arms = labels(rows)
    suites = list(dict.fromkeys(row["suite"] for row in rows))
    table = Table(title="Shares, with 95 % intervals over seeds and items", title_justify="left")
    table.add_column("arm")
    for suite in suites:
        table.add_column(literal(suite), justify="right")
    for label, answers in arms.items():
        cells = [_share([a for a in answers if a["suite"] == suite]) for suite in suites]
        table.add_row(literal(label), *cells)
    measures = {suite["name"]: suite["measures"] for suite in measured}
    notes = [literal(f"{suite}: {measures[suite]}", "dim") for suite in suites if suite in measures]
    return Group(table, *notes)


def _share(answers: Rows) -> str:
    by_item: dict[str, list[Mapping[str, Any]]] = {}
    for answer in answers:
        by_item.setdefault(answer["item"], []).append(answer)
    # what a judge rates has no score where it is unclear, nor where there is no judge
    known = [own for own in by_item.values() if all(KINDS[a["kind"]].main_metric in a["metrics"] for a in own)]
    if not known:
        return "-"
    values = np.array([[answer["metrics"][KINDS[answer["kind"]].main_metric] for answer in own] for own in known]).T
    estimate = estimate_share(values, [own[0].get("domain") for own in known])
    return f"{estimate.value:.2f} [{estimate.ci_low:.2f}, {estimate.ci_high:.2f}]"
