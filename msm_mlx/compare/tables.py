"""Rich tables of contrasts and answers. Everything that a model wrote is shown as the text that it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from msm_mlx.console.tables import ConsoleTable
from msm_mlx.runs.results import Contrast
from msm_mlx.text.terminal import literal

MIN_COLUMN = 20  # columns of an answer; in fewer it is hard to read


def contrast_table(contrasts: Sequence[Contrast]) -> ConsoleTable:
    """Differences between trained arms, paired over items. Those whose interval is clear of zero are marked."""
    title = "Differences between arms, paired over items (*: clear of zero)"
    # without a frame, so that the longest names of arms fit into a line of 80 columns
    table = ConsoleTable(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False)
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


def answer_view(title: str, answers: Mapping[str, Mapping[str, str]]) -> ConsoleTable:
    """Answers to prompts: `answers[prompt][label]` is what the arm `label` wrote.

    A column for each arm where the console has room for them, else one arm below the other.
    """
    table = ConsoleTable(title=literal(title, "table.title"), title_justify="left", show_lines=True)
    labels = dict.fromkeys(label for by_label in answers.values() for label in by_label)
    for name in ("prompt", *labels):
        table.add_column(literal(name), min_width=MIN_COLUMN)
    for prompt, by_label in answers.items():
        table.add_row(literal(prompt), *(literal(by_label.get(label, "")) for label in labels))
    return table
