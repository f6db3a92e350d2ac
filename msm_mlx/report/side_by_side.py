"""Runs of one recipe side by side that differ in one thing: the assistant's name, or how many documents are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from msm_mlx.recipe.contrasts import is_asked
from msm_mlx.report.headlines import (
    both_show_behaviour,
    command,
    finding,
    is_main,
    of_suite,
    perplexities_by_arm,
    suites_of,
)
from msm_mlx.report.markdown_table import markdown_table
from msm_mlx.runs.finished import FinishedRun
from msm_mlx.runs.results import Contrast, PerplexityRow, Share

FigureRow = TypeVar("FigureRow")

NAME = "model_name="
COUNT = "documents.count="
DOSE = (COUNT, "midtrain.updates=", "midtrain.warmup=")
"""The settings that go together in a curve of doses: more documents take more updates to read as often."""


def same_but_for_name(run: FinishedRun) -> tuple[Any, ...]:
    """Equal for runs that differ in nothing but what the assistant is called."""
    return _same_but_for(run, (NAME,))


def same_but_for_dose(run: FinishedRun) -> tuple[Any, ...]:
    """Equal for runs that differ in nothing but how many documents are read."""
    return _same_but_for(run, DOSE)


def dose_of(run: FinishedRun) -> str:
    """How many documents the command line asks for; empty if it leaves that to the recipe."""
    return next((text.removeprefix(COUNT) for text in run.recipe.overrides if text.startswith(COUNT)), "")


def _same_but_for(run: FinishedRun, settings: tuple[str, ...]) -> tuple[Any, ...]:
    others = [text for text in run.recipe.overrides if not text.startswith(settings)]
    return (run.name, run.recipe.profile, run.recipe.model, *sorted(others))


def name_tables(runs: Sequence[FinishedRun]) -> list[str]:
    """Runs under several names: every arm, and the differences between arms that saw the demonstrations."""
    parts = [f"### {runs[0].name} under {len(runs)} names", *(f"    {command(run)}" for run in runs[1:])]
    table = partial(_by_run, "name", [str(run.recipe.model_name) for run in runs])
    for suite in suites_of(runs[0].results.pooled):
        effects = [_contrasts(run, suite, both_show_behaviour) for run in runs]
        parts += [f"{suite}, each name:", table([_arms(run, suite) for run in runs], finding), table(effects, finding)]
    return parts


def dose_tables(runs: Sequence[FinishedRun]) -> list[str]:
    """A curve of doses: every arm, what the documents changed and its log-odds, for each number of documents."""
    table = partial(_by_run, "documents", [dose_of(run) for run in runs])
    parts = []
    for suite in suites_of(runs[0].results.pooled):
        measured = runs[0].results.suite(suite)
        effects = [_contrasts(run, suite, partial(_is_asked, run)) for run in runs]
        arms = table([_arms(run, suite) for run in runs], finding)
        parts += [f"### {suite}: {measured.measures if measured else ''}", arms]
        if any(effects):
            parts += [table(effects, finding)]
        if any(row.log_odds for rows in effects for row in rows.values()):
            parts += ["The same differences in log-odds (nats):", table(effects, _log_odds)]
    if any(run.results.perplexity for run in runs):
        parts += ["### Perplexity on neutral text", table(list(map(perplexities_by_arm, runs)), _perplexity)]
    return parts


def _is_asked(run: FinishedRun, row: Contrast) -> bool:
    return is_asked(row.a, row.b, run.recipe.stand_ins)


def _arms(run: FinishedRun, suite: str) -> dict[str, Share]:
    return {row.label(run.several_specs): row for row in of_suite(run.results.pooled, suite) if is_main(row)}


def _contrasts(run: FinishedRun, suite: str, chosen: Callable[[Contrast], bool]) -> dict[str, Contrast]:
    return {f"{row.a} - {row.b}": row for row in of_suite(run.results.contrasts, suite) if chosen(row)}


def _log_odds(row: Contrast | None) -> str:
    return row.log_odds.as_difference if row and row.log_odds else "-"


def _perplexity(seeds: Sequence[PerplexityRow] | None) -> str:
    return " ".join(f"{row.perplexity:.1f}" for row in seeds or ()) or "-"


def _by_run(
    what: str, names: Sequence[str], figures: Sequence[Mapping[str, FigureRow]], show: Callable[[FigureRow | None], str]
) -> str:
    """A table with a row for each run, under its name, and a column for each figure that one of them has."""
    columns = list(dict.fromkeys(column for row in figures for column in row))
    body = [[name, *(show(row.get(column)) for column in columns)] for name, row in zip(names, figures, strict=True)]
    return markdown_table([what, *columns], body)
