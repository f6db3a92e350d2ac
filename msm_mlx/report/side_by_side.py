"""Runs of one recipe side by side that differ in one thing: the assistant's name, or how many documents are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

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
from msm_mlx.runs.results import Contrast, Share

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


@dataclass(frozen=True)
class _OnSuite:
    """What the runs measured on one suite: for each run, its arms by label and its contrasts by pair."""

    arms: list[dict[str, Share]]
    contrasts: list[dict[tuple[str, str], Contrast]]

    @property
    def labels(self) -> list[str]:
        return list(dict.fromkeys(label for arms in self.arms for label in arms))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return list(dict.fromkeys(pair for contrasts in self.contrasts for pair in contrasts))


def _on_suite(runs: Sequence[FinishedRun], suite: str, chosen: Callable[[Contrast], bool]) -> _OnSuite:
    return _OnSuite(
        [{r.label(run.several_specs): r for r in of_suite(run.results.pooled, suite) if is_main(r)} for run in runs],
        [{(r.a, r.b): r for r in of_suite(run.results.contrasts, suite) if chosen(r)} for run in runs],
    )


def name_tables(runs: Sequence[FinishedRun]) -> list[str]:
    """Runs under several names: every arm, and the differences between arms that saw the demonstrations."""
    parts = [f"### {runs[0].name} under {len(runs)} names", *(f"    {command(run)}" for run in runs[1:])]
    names = [str(run.recipe.model_name) for run in runs]
    for suite in suites_of(runs[0].results.pooled):
        rows = _on_suite(runs, suite, both_show_behaviour)
        parts += [f"{suite}, each name:", _arms("name", names, rows), _differences("name", names, rows)]
    return parts


def dose_tables(runs: Sequence[FinishedRun]) -> list[str]:
    """A curve of doses: every arm, what the documents changed and its log-odds, for each number of documents."""
    doses = [dose_of(run) for run in runs]
    parts = []
    for suite in suites_of(runs[0].results.pooled):
        measured = runs[0].results.suite(suite)
        rows = _on_suite(runs, suite, lambda row: is_asked(row.a, row.b))
        parts += [f"### {suite}: {measured.measures if measured else ''}", _arms("documents", doses, rows)]
        if rows.pairs:
            parts += [_differences("documents", doses, rows)]
        if any(row.log_odds for contrasts in rows.contrasts for row in contrasts.values()):
            parts += ["The same differences in log-odds (nats):", _log_odds("documents", doses, rows)]
    if any(run.results.perplexity for run in runs):
        parts += ["### Perplexity on neutral text", _perplexity(runs, doses)]
    return parts


def _arms(what: str, names: Sequence[str], rows: _OnSuite) -> str:
    body = [[name, *(finding(arms.get(x)) for x in rows.labels)] for name, arms in zip(names, rows.arms, strict=True)]
    return markdown_table([what, *rows.labels], body)


def _differences(what: str, names: Sequence[str], rows: _OnSuite) -> str:
    body = [
        [name, *(finding(contrasts.get(pair)) for pair in rows.pairs)]
        for name, contrasts in zip(names, rows.contrasts, strict=True)
    ]
    return markdown_table([what, *(f"{a} - {b}" for a, b in rows.pairs)], body)


def _log_odds(what: str, names: Sequence[str], rows: _OnSuite) -> str:
    def cell(row: Contrast | None) -> str:
        return row.log_odds.as_difference if row and row.log_odds else "-"

    body = [
        [name, *(cell(contrasts.get(pair)) for pair in rows.pairs)]
        for name, contrasts in zip(names, rows.contrasts, strict=True)
    ]
    return markdown_table([what, *(f"{a} - {b}" for a, b in rows.pairs)], body)


def _perplexity(runs: Sequence[FinishedRun], doses: Sequence[str]) -> str:
    by_run = [perplexities_by_arm(run) for run in runs]
    labels = list(dict.fromkeys(label for by_arm in by_run for label in by_arm))
    body = [
        [dose, *(" ".join(f"{row.perplexity:.1f}" for row in by_arm.get(label, [])) or "-" for label in labels)]
        for dose, by_arm in zip(doses, by_run, strict=True)
    ]
    return markdown_table(["documents", *labels], body)
