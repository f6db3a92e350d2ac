"""The bodies of the pages: scores with intervals, training curves, spec sections, votes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise

from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.text import Text

from msm_mlx.compare.screens.run_files import SpecPassage, TrainingCurve
from msm_mlx.compare.tables import contrast_table
from msm_mlx.compare.votes import VoteSummary
from msm_mlx.console.drawings import TextDrawing
from msm_mlx.console.tables import ConsoleTable
from msm_mlx.runs.estimate import Estimate
from msm_mlx.runs.layout import METRICS
from msm_mlx.runs.results import RunResults, Share
from msm_mlx.suites.kinds import is_main_metric
from msm_mlx.text.terminal import literal

SCALE_CELLS = 20  # cells of an interval's line
CURVE_ROWS = 6  # of a curve
BLOCKS = " ▁▂▃▄▅▆▇█"


def score_page(results: Sequence[RunResults]) -> RenderableType:
    """Shares of choices with their intervals by suite, seeds pooled, then the differences between arms."""
    parts: list[RenderableType] = []
    for result in results:
        rows = [row for row in result.pooled if is_main_metric(row.metric)]
        several = len({row.spec for row in rows if row.spec}) > 1
        parts += [literal(f"Run {result.run}", "bold"), Text()]
        for name, group in groupby(rows, key=lambda row: row.suite):
            suite = result.suite(name)
            parts.append(_suite_table(name, list(group), several))
            parts += [literal(suite.measures, "dim italic"), Text()] if suite else [Text()]
        if result.contrasts:
            parts += [contrast_table(result.contrasts), Text()]
    return Group(*parts) if parts else Text("These runs have no finished evaluation yet.")


def _suite_table(suite: str, rows: Sequence[Share], several_specs: bool) -> ConsoleTable:
    table = ConsoleTable(title=literal(suite), title_justify="left", box=None, padding=(0, 1), pad_edge=False)
    table.add_column("arm", overflow="fold")
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="right", no_wrap=True)
    table.add_column(TextDrawing(Text(f"0{'0.5':^{SCALE_CELLS - 2}}1")), width=SCALE_CELLS)
    for row in rows:
        interval = f"[{row.ci_low:.2f}, {row.ci_high:.2f}]"
        # there is no finding where most replies could not be read
        line = TextDrawing(interval_line(row.value, row.ci_low, row.ci_high))
        last = literal(row.failure, "italic") if row.failure else line
        table.add_row(literal(row.label(several_specs)), f"{row.value:.2f}", Text(interval), last)
    return table


def interval_line(value: float, low: float, high: float) -> Text:
    """A share and its interval on a line from 0 to 1."""
    first, at, last = (min(max(round(x * (SCALE_CELLS - 1)), 0), SCALE_CELLS - 1) for x in (low, value, high))
    cells = ["─" if first <= i <= last else "·" for i in range(SCALE_CELLS)]
    cells[at] = "●"
    return Text("".join(cells))


def vote_page(summary: VoteSummary) -> RenderableType:
    """Win rates of the arms against each other, and whether the left side had an advantage."""
    if not summary.votes:
        return Text(
            "No votes yet. b begins a blind comparison: you see two answers, and vote before you see the names."
        )
    table = ConsoleTable(title="Who was preferred", title_justify="left", box=None, padding=(0, 1))
    for name in ("arms", "wins", "ties", "both bad", "share of the first, 95 %"):
        table.add_column(name, justify="left" if name == "arms" else "right")
    for duel in summary.duels:
        pair = literal(f"{duel.a} against {duel.b}")
        counts = (f"{duel.a_wins}:{duel.b_wins}", str(duel.ties), str(duel.both_bad))
        table.add_row(pair, *counts, Text(str(duel.rate)))
    lines = [
        f"votes: {summary.votes}, of which ties: {summary.ties}",
        f"both bad: {summary.both_bad}",
        f"left side preferred: {summary.left}{_side_note(summary.left)}",
    ]
    return Group(table, Text(), *(Text(line) for line in lines))


def _side_note(left: Estimate) -> str:
    if left.n and (left.ci_low > 0.5 or left.ci_high < 0.5):
        return "  (a bias for one side: be wary of these votes)"
    return ""


def passage_page(passages: Sequence[SpecPassage]) -> RenderableType:
    """Spec sections, each with why it is this one."""
    parts: list[RenderableType] = []
    for passage in passages:
        parts += [literal(passage.spec, "bold"), literal(f"{passage.heading}  ({passage.because})", "italic"), Text()]
        parts += [Markdown(literal(passage.text).plain, hyperlinks=False), Text()]
    return Group(*parts) if parts else Text("The specs of these runs are no longer where the recipes say they are.")


def curve_page(trainings: Mapping[str, TrainingCurve], width: int) -> RenderableType:
    """A curve of the losses of each arm."""
    parts: list[RenderableType] = []
    for label, training in trainings.items():
        if training.losses:
            title = literal(label, "bold").append(f"  {_in_words(training)}", "not bold")
            parts += [title, curve(training.losses, width), Text()]
    if parts:
        return Group(*parts)
    return Text(
        f"No losses are on file: the adapters' folders hold no {METRICS}, so these runs have no curves to show."
    )


def _in_words(training: TrainingCurve) -> str:
    seconds = f" in {training.seconds:.0f} s" if training.seconds else ""
    parts = [f"{len(training.losses)} updates{seconds}, loss {_from_to(training.losses)}"]
    if training.held_out:
        parts.append(f"held out {_from_to(training.held_out)}")
    return ", ".join(parts)


def _from_to(values: Sequence[float]) -> str:
    return f"{values[0]:.2f} → {values[-1]:.2f}"


def curve(values: Sequence[float], width: int, rows: int = CURVE_ROWS) -> Text:
    """Values over time in block characters, averaged where there are more than columns; lowest and highest in front."""
    finite = [value if math.isfinite(value) else 0.0 for value in values]
    columns = min(max(width - 8, 1), len(finite))
    edges = [round(i * len(finite) / columns) for i in range(columns + 1)]
    means = [sum(finite[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(means), max(means)
    steps = [round((value - low) / ((high - low) or 1.0) * (rows * 8 - 1)) + 1 for value in means]
    lines = []
    for row in reversed(range(rows)):
        mark = f"{high:7.2f}" if row == rows - 1 else f"{low:7.2f}" if row == 0 else " " * 7
        lines.append(f"{mark} " + "".join(BLOCKS[min(max(step - row * 8, 0), 8)] for step in steps))
    return Text("\n".join(lines), no_wrap=True)
