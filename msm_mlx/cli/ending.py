"""What a run shows at its end: three lines, some answers, the tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from msm_mlx.compare.plain import show_scores
from msm_mlx.compare.tables import answer_view
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.report.conclusion import Conclusion, conclude
from msm_mlx.report.effects import effect_tables
from msm_mlx.report.examples import Examples, Side, choose_examples, reply_of
from msm_mlx.report.verdict import verdict_lines
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.results import RunResults
from msm_mlx.text.terminal import literal
from msm_mlx.text.wording import cut

LARGEST, ORDINARY = 3, 2  # prompts with their answers
MAX_CHARACTERS = 160  # of an answer
MIN_WIDTH = 60  # columns from which the labels stand beside the lines


def show_ending(console: Console, run: FinishedRun) -> None:
    """Print what an evaluated run comes to, some of its answers, and its tables."""
    conclusion = conclude(run)
    if console.is_terminal:
        console.print()  # between what was said of the run and what came out
    show_conclusion(console, conclusion)
    if run.results.grid:
        show_effects(console, run.results)
        return
    if examples := choose_examples(run, LARGEST, ORDINARY):
        _show_answers(console, examples)
    show_scores(console, [run])
    for line in verdict_lines(run.results):
        if line not in conclusion.answer:
            console.print(literal(line), soft_wrap=not console.is_terminal)


def show_conclusion(console: Console, conclusion: Conclusion) -> None:
    """The three lines, whole where nobody wraps them; an empty one after them."""
    if console.is_terminal and console.width >= MIN_WIDTH:
        grid = ConsoleTable.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="bold", no_wrap=True)
        for label, text in conclusion.parts:
            grid.add_row(literal(label), literal(text))
        console.print(grid)
    else:
        for label, text in conclusion.parts:
            line = Text.assemble((f"{label}:", "bold"), " ", literal(text))
            console.print(line, soft_wrap=not console.is_terminal)
    console.print()


def show_effects(console: Console, results: RunResults) -> None:
    """The differences that a grid found, as a table for each suite."""
    for effects in effect_tables(results):
        table = ConsoleTable(title=Text(f"Differences on {effects.suite}, with 95 % intervals"), title_justify="left")
        for name in effects.header:
            table.add_column(Text(name), justify="right")
        for cell in effects.cells:
            table.add_row(*map(Text, (*cell.settings, *cell.effects)))
        console.print(table)


def _show_answers(console: Console, examples: Examples) -> None:
    """The prompts with what the two arms answered; those that were drawn apart from the others."""
    groups = ((examples.rule_of_largest, examples.largest), (examples.rule_of_ordinary, examples.ordinary))
    for rule, sides in groups:
        if sides:
            console.print(answer_view(rule, _replies(sides, (examples.b, examples.a))))
            console.print()


def _replies(sides: Sequence[Side], labels: Sequence[str]) -> dict[str, dict[str, str]]:
    return {side[labels[0]].prompt: {label: _short(reply_of(side[label])) for label in labels} for side in sides}


def _short(text: str) -> str:
    return cut(" ".join(text.split()), MAX_CHARACTERS)
