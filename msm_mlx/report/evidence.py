"""A record of finished runs in Markdown, made from their files alone: whatever came out stands in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from msm_mlx.recipe.contrasts import is_asked, is_headline
from msm_mlx.report.durability import durability_cells
from msm_mlx.report.effects import effect_names, effect_tables
from msm_mlx.report.headlines import (
    LOG_ODDS,
    command,
    finding,
    is_main,
    of_suite,
    perplexities_by_arm,
    suites_of,
)
from msm_mlx.report.markdown_table import markdown_table
from msm_mlx.report.pressure import pressure_tables
from msm_mlx.report.side_by_side import dose_of, dose_tables, name_tables, same_but_for_dose, same_but_for_name
from msm_mlx.report.word_shares import word_share_tables
from msm_mlx.runs.finished import FinishedRun, open_run
from msm_mlx.runs.results import PerplexityRow, Share

INTRODUCTION = """\
Every figure here is read from the results files of finished runs by `benchmarks/evidence.py`; none is typed. Shares and
differences have 95 % intervals, over seeds and items together where a run has several seeds, and over items alone
where it has one. A star marks a difference whose interval is clear of zero. Of the domains alone, the differences
between the arms that a run is about are shown, on its first suite; all others are in its results file."""


def build_evidence(folders: Sequence[Path], preface: str = "# Evidence") -> str:
    """The record of these runs. Runs that differ only in the assistant's name share a section and its last table.

    `preface` is what stands before it, in Markdown, its heading first.
    """
    groups: dict[tuple[Any, ...], list[FinishedRun]] = {}
    for run in map(open_run, folders):
        groups.setdefault(_group(run), []).append(run)
    parts = [preface.strip(), INTRODUCTION]
    for (form, *_), runs in groups.items():
        parts += _SECTIONS[form](runs)
    return "\n\n".join(parts) + "\n"


def _group(run: FinishedRun) -> tuple[Any, ...]:
    """Equal for the runs that share a section; its form comes first."""
    if run.results.grid:
        return ("grid", run.folder)
    if dose_of(run):
        return ("doses", *same_but_for_dose(run))
    return ("runs", *same_but_for_name(run))


def _section(runs: Sequence[FinishedRun]) -> list[str]:
    """One recipe: the first run in full, and all of them side by side where they have other names."""
    first = runs[0]
    parts = [f"## {first.name}", *_facts(first)]
    suites = suites_of(first.results.pooled)
    for suite in suites:
        measured = first.results.suite(suite)
        added = " (added after the run)" if measured and measured.added else ""
        parts += [f"### {suite}: {measured.measures if measured else ''}{added}", _arms(first, suite)]
    parts += ["### Differences between arms", _contrasts(first, suites)]
    for heading, tables in {
        "By how many words are shared": word_share_tables(first.results),
        "Under pressure": pressure_tables(first.results),
    }.items():
        parts += [f"### {heading}"] if tables else []
        for lines in tables:
            body = [[line.name, *line.figures] for line in lines.lines]
            parts += [f"{lines.caption}:", markdown_table(lines.header, body)]
    if first.results.durability:
        header, body = durability_cells(first.results)
        parts += ["### Contrary rows until an arm is back", markdown_table(header, body)]
    if by_arm := perplexities_by_arm(first):
        parts += ["### Perplexity on neutral text", _perplexity(by_arm)]
    if domains := _domains(first):
        parts += ["### Each domain alone", domains]
    return [*parts, *name_tables(runs)] if len(runs) > 1 else parts


def _doses_section(runs: Sequence[FinishedRun]) -> list[str]:
    if len(runs) == 1:
        return _section(runs)
    _, facts = _facts(runs[0])
    return [f"## {runs[0].name} by dose", *(f"    {command(run)}" for run in runs), facts, *dose_tables(runs)]


def _grid_section(runs: Sequence[FinishedRun]) -> list[str]:
    (run,) = runs
    parts = [f"## {run.name}, a grid of {len(run.cells)} runs", *_facts(run)]
    for effects in effect_tables(run.results):
        rows = [[*cell.settings, *cell.effects] for cell in effects.cells]
        parts += [f"### {effects.suite}", markdown_table(effects.header, rows)]
    return parts


def _facts(run: FinishedRun) -> list[str]:
    """What was run, how to run it again, how long it took and with what."""
    recipe = run.recipe
    seeds = ", ".join(map(str, recipe.seeds))
    return [
        f"    {command(run)}",
        f"Model {recipe.model} as {recipe.model_name}, profile {recipe.profile}, seeds {seeds}. "
        f"{_time(run)}{_listed(run.versions)}".rstrip(),
    ]


def _time(run: FinishedRun) -> str:
    """How long the stages took; nothing where some were copied from another run, which did their work."""
    return "" if run.has_borrowed else f"All stages together took {run.seconds:.0f} s. "


def _listed(versions: Mapping[str, str]) -> str:
    return f"Versions: {', '.join(f'{name} {version}' for name, version in versions.items())}." if versions else ""


def _arms(run: FinishedRun, suite: str) -> str:
    """Each arm with its seeds pooled, in every metric of the suite; of the main one also each seed."""
    rows = of_suite(run.results.pooled, suite)
    metrics = list(dict.fromkeys(row.metric for row in rows))
    with_odds = any(row.log_odds for row in rows)
    by_arm: dict[str, dict[str, Share]] = {}
    for row in rows:
        by_arm.setdefault(row.label(run.several_specs), {})[row.metric] = row
    seeds: dict[str, list[str]] = {}
    for row in of_suite(run.results.records, suite):
        if is_main(row) and row.seed is not None:
            seeds.setdefault(row.label(run.several_specs), []).append(f"{row.value:.2f}")
    body = []
    for label, by_metric in by_arm.items():
        shares = [finding(by_metric.get(metric)) for metric in metrics]
        main = next(iter(by_metric.values()))  # an arm may lack the main metric, where a judge left all open
        odds = [main.log_odds.signed if main.log_odds and not main.failure else "-"] if with_odds else []
        body.append([label, *shares, *odds, " ".join(seeds.get(label, ["-"])), str(main.n)])
    odds_header = ["log-odds (nats)"] if with_odds else []
    return markdown_table(["arm", *metrics, *odds_header, f"{metrics[0]}, seed by seed", "items"], body)


def _perplexity(by_arm: Mapping[str, Sequence[PerplexityRow]]) -> str:
    """Each arm, its seeds averaged and apart."""
    values = {label: [row.perplexity for row in seeds] for label, seeds in by_arm.items()}
    body = [
        [label, f"{fmean(seeds):.1f}", " ".join(f"{value:.1f}" for value in seeds)] for label, seeds in values.items()
    ]
    return markdown_table(["arm", "perplexity", "seed by seed"], body)


def _contrasts(run: FinishedRun, suites: Sequence[str]) -> str:
    """Every difference on every suite, in its main metric."""
    rows = run.results.contrasts
    if not rows:
        return "No two trained arms to compare."
    by_pair = {(row.a, row.b, row.suite): row for row in rows}
    body = [[f"{a} - {b}", *(finding(by_pair.get((a, b, suite))) for suite in suites)] for a, b in effect_names(rows)]
    shares = markdown_table(["difference", *suites], body)
    by_odds = {
        key: row.log_odds.as_difference
        for key, row in by_pair.items()
        if row.log_odds and is_asked(row.a, row.b, run.recipe.stand_ins)
    }
    if not by_odds:
        return shares
    scored = [suite for suite in suites if any(key[2] == suite for key in by_odds)]
    pairs = dict.fromkeys((a, b) for a, b, _ in by_odds)
    odds = [[f"{a} - {b}", *(by_odds.get((a, b, suite), "-") for suite in scored)] for a, b in pairs]
    return "\n\n".join([shares, LOG_ODDS, markdown_table(["difference in log-odds (nats)", *scored], odds)])


def _domains(run: FinishedRun) -> str:
    """The differences that the run is about in each domain of its first suite that has some."""
    contrasts = run.results.domains.contrasts
    suite = next(iter(suites_of(contrasts)), "")
    rows = [row for row in of_suite(contrasts, suite) if is_headline(row.a, row.b)]
    by_pair = {(row.a, row.b, row.domain): row for row in rows}
    pairs = effect_names(rows)
    body = [
        [str(domain), *(finding(by_pair.get((*pair, domain))) for pair in pairs)]
        for domain in dict.fromkeys(row.domain for row in rows)
    ]
    return markdown_table([suite, *(f"{a} - {b}" for a, b in pairs)], body) if rows else ""


_SECTIONS = {"grid": _grid_section, "doses": _doses_section, "runs": _section}
