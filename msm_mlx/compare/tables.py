"""Rich tables of scores, contrasts and answers. Everything that a model wrote is shown as the text that it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from msm_mlx.evals.items import MAIN_METRIC
from msm_mlx.evals.statistics import share
from msm_mlx.variants import variant_label
from msm_mlx.visible import visible

MIN_COLUMN = 20  # narrower columns break words
Rows = Sequence[Mapping[str, Any]]


def literal(text: str, style: str = "") -> Text:
    """Text that no terminal takes for a command: control, formatting and separator characters appear as escapes."""
    return Text(visible(text), style, overflow="fold")


def labels(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Answer rows by the label of their arm, in the order of the file."""
    several = len({row["spec"] for row in rows if row["spec"]}) > 1
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(variant_label(row, several), []).append(row)
    return groups


def score_table(rows: Rows, measured: Rows = ()) -> RenderableType:
    """What each suite measures of each arm, with the 95 % interval over its seeds and the items.

    Below it is said what that is, by `measured`: the `suites` of results.json, with the name and metric of each.
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
    metrics = {suite["name"]: suite["metric"] for suite in measured}
    notes = [literal(f"{suite}: {metrics[suite]}", "dim") for suite in suites if suite in metrics]
    return Group(table, *notes)


def _share(answers: Rows) -> str:
    by_seed: dict[int | None, list[float]] = {}
    for answer in answers:
        by_seed.setdefault(answer["seed"], []).append(answer["metrics"][MAIN_METRIC[answer["kind"]]])
    if not by_seed:
        return "-"
    one_seed = [answer.get("domain") for answer in answers if answer["seed"] == answers[0]["seed"]]
    estimate = share(np.array(list(by_seed.values())), one_seed)
    return f"{estimate.value:.2f} [{estimate.ci_low:.2f}, {estimate.ci_high:.2f}]"


def contrast_table(contrasts: Rows) -> Table:
    """Differences between trained arms, paired over items. Those whose interval is clear of zero are marked."""
    table = Table(title="Differences between arms, paired over items (*: clear of zero)", title_justify="left")
    for name in ("suite", "a - b"):
        table.add_column(name)
    table.add_column("difference", justify="right")
    table.add_column("95 % interval", justify="right")
    for contrast in contrasts:
        named = literal(contrast["suite"]), literal(f"{contrast['a']} - {contrast['b']}")
        if contrast.get("failure"):
            table.add_row(*named, "no finding", literal(contrast["failure"]))
            continue
        clear = contrast["ci_low"] > 0 or contrast["ci_high"] < 0
        table.add_row(
            *named,
            f"{contrast['difference']:+.2f}{' *' if clear else '  '}",
            f"[{contrast['ci_low']:+.2f}, {contrast['ci_high']:+.2f}]",
        )
    return table


def answer_view(title: str, answers: Mapping[str, Mapping[str, str]], width: int) -> RenderableType:
    """Answers to prompts: `answers[prompt][label]` is what the arm `label` wrote.

    A column for each arm where `width` has room for them, else one arm below the other.
    """
    columns = list(dict.fromkeys(label for by_label in answers.values() for label in by_label))
    if width >= MIN_COLUMN * (len(columns) + 2):
        return _side_by_side(title, answers, columns)
    return _one_below_the_other(title, answers)


def _side_by_side(title: str, answers: Mapping[str, Mapping[str, str]], columns: Sequence[str]) -> Table:
    table = Table(title=literal(title, "table.title"), title_justify="left", show_lines=True)
    table.add_column("prompt", ratio=3, overflow="fold")
    for label in columns:
        table.add_column(literal(label), ratio=2, overflow="fold")
    for prompt, by_label in answers.items():
        table.add_row(literal(prompt), *(literal(by_label.get(label, "")) for label in columns))
    return table


def _one_below_the_other(title: str, answers: Mapping[str, Mapping[str, str]]) -> RenderableType:
    parts: list[RenderableType] = [literal(title, "table.title")]
    for prompt, by_label in answers.items():
        grid = Table.grid(padding=(0, 2))
        for label, text in by_label.items():
            grid.add_row(literal(label, "cyan"), literal(text))
        parts += [Text(), literal(prompt, "bold"), Padding(grid, (0, 0, 0, 2))]
    return Group(*parts, Text())
