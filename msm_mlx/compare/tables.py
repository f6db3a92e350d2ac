"""Rich tables of contrasts and answers. Everything that a model wrote is shown as the text that it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from msm_mlx.console.tables import Table
from msm_mlx.runs.results import Contrast
from msm_mlx.text.terminal import literal

MIN_COLUMN = 20  # narrower columns break words


def contrast_table(contrasts: Sequence[Contrast]) -> Table:
    """Differences between trained arms, paired over items. Those whose interval is clear of zero are marked."""
    title = "Differences between arms, paired over items (*: clear of zero)"
    # without a frame, so that the longest names of arms fit into a line of 80 columns
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("a - b", overflow="fold")
    columns = ["difference", "95 % interval"]
    if any(contrast.log_odds for contrast in contrasts):
        columns.append("log-odds (nats)")
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for suite, rows in groupby(contrasts, key=lambda contrast: contrast.suite):
        table.add_row()
        table.add_row(literal(suite, "bold"))
        for row in rows:
            table.add_row(literal(f"{row.a} - {row.b}"), *_figures(row)[: len(columns)])
            if row.failure:
                table.add_row(literal(f"no finding: {row.failure}", "italic"))
    return table


def _figures(contrast: Contrast) -> tuple[str, ...]:
    """The cells of a difference, its interval and its log-odds; none of a difference that means nothing."""
    log_odds = contrast.log_odds.as_difference if contrast.log_odds else ""
    if contrast.failure:
        return "no finding", "", log_odds
    difference = f"{contrast.difference:+.2f}{' *' if contrast.is_clear else '  '}"
    return difference, f"[{contrast.ci_low:+.2f}, {contrast.ci_high:+.2f}]", log_odds


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
            grid.add_row(literal(label, "name"), literal(text))
        parts += [Text(), literal(prompt, "bold"), Padding(grid, (0, 0, 0, 2))]
    return Group(*parts, Text())
