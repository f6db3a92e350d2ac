"""What a run found: its arms, the differences between them, and how far they go by the place of an option."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msm_mlx.recipe.arms import arm_of
from msm_mlx.recipe.contrasts import is_headline, is_own_control
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.arms_figure import arms_figure, domains_figure
from msm_mlx.report.blocks import Block, Figure, Paragraph, TableCell, bullets
from msm_mlx.report.effects import effect_names, effect_panels, effect_rows, effect_tables
from msm_mlx.report.headlines import (
    LOG_ODDS,
    both_show_behaviour,
    finding,
    of_suite,
    suites_of,
)
from msm_mlx.report.plots import draw
from msm_mlx.report.tables import biases_table, differences_table, grid_table, judge_table, log_odds_table, shares_table
from msm_mlx.report.verdict import verdict_lines
from msm_mlx.runs.layout import VERDICTS
from msm_mlx.runs.results import Contrast

INTERVALS = (
    "In brackets are 95 % intervals, over seeds and items together where there are several seeds and over items "
    "alone where there is one. A star marks a difference whose interval is clear of zero."
)


def head_figure(rows: Rows) -> Figure | None:
    """What a run found, at a glance."""
    results = rows.run.results
    if not results.grid:
        return arms_figure(rows)
    return next((figure for suite in effect_panels(results) for figure in _grid_figures(rows, suite)), None)


def findings(rows: Rows) -> list[Block]:
    """The main differences in words, then every arm and difference."""
    results = rows.run.results
    if results.grid:
        return _grid(rows)
    suites = suites_of(results.pooled)
    if not suites:
        return []
    suite = results.suite(suites[0])
    meaning = suite.measures if suite else ""
    verdicts = [rows.sentence(line) for line in verdict_lines(results)]
    blocks: list[Block] = [bullets(verdicts)] if verdicts else []
    if sentences := list(_sentences(rows, suites[0])):
        blocks += [Paragraph(f"On {suites[0]} ({meaning}), the first of the suites:"), bullets(sentences)]
    blocks += [Paragraph(INTERVALS)]
    if rows.is_one_of_several and (figure := arms_figure(rows)):
        blocks.append(figure)
    blocks.append(shares_table(rows, suites))
    if differences := differences_table(rows, suites):
        blocks.append(differences)
    if log_odds := log_odds_table(rows):
        blocks += [Paragraph(LOG_ODDS), log_odds]
    return blocks


def _sentences(rows: Rows, suite: str) -> Iterator[TableCell]:
    """The main differences on `suite` in words, each arm's from its own control among them; of many specs, those
    against each other are left to the table."""
    few = len(rows.run.recipe.specs) <= 2
    for row in of_suite(rows.run.results.contrasts, suite):
        another_spec = arm_of(row.b) == arm_of(row.a)
        if is_own_control(row.a, row.b) or (is_headline(row.a, row.b) and (few or not another_spec)):
            verdict = (
                "The interval is clear of zero." if row.is_clear else "The interval includes zero: nothing is shown."
            )
            if row.failure:
                verdict = "Nothing is shown."
            seeds = f"{row.seeds} seed{'s' * (row.seeds != 1)}"
            yield TableCell(
                f"{row.a} less {row.b} is {finding(row)}, from {row.n} items and {seeds}. {verdict}",
                rows.link(suite),
            )


def judge_agreement(rows: Rows) -> list[Block]:
    """How far the judge agrees with labels by hand, whether or not it is used."""
    judge = rows.run.results.judge
    if not judge:
        return []
    explanation = (
        "A judge is a local model with a fixed rubric. Each answer is put to it twice, the rubric in both orders, and "
        "is unclear if the verdicts differ. First it judges examples with labels by hand: what it says of the "
        "answers is shown only if it agrees with these labels beyond chance."
    )
    where = Paragraph("Every verdict of it:", rows.file(VERDICTS))
    return [Paragraph(explanation), judge_table(rows, judge), where]


def domains(rows: Rows) -> list[Block]:
    """The main differences in each domain of the first suite that has some."""
    contrasts = rows.run.results.domains.contrasts
    suite = next(iter(suites_of(contrasts)), "")
    effects = [row for row in of_suite(contrasts, suite) if both_show_behaviour(row) and not row.failure]
    return [domains_figure(rows, suite, a, b, effects) for a, b in effect_names(effects) if is_headline(a, b)]


def biases(rows: Rows) -> list[Block]:
    """How far each arm goes by the place of an option in a forced choice, its seeds averaged."""
    shares = biases_table(rows)
    if not shares:
        return []
    explanation = (
        "Every pair is asked in both orders, and both count half. Who goes by what the options are takes the one "
        "that is named first half of the time, and the same one in both orders; who goes by their place scores a half, "
        "whatever it takes. Options are scored as whole replies and never as letters, so that no letter can be "
        "preferred. Where there are several seeds, the least and the most are in brackets."
    )
    return [Paragraph(explanation), shares]


def _grid(rows: Rows) -> list[Block]:
    """Every effect against every setting: a drawing for each pair of the two, and a table of all."""
    blocks: list[Block] = [Paragraph(INTERVALS)]
    results = rows.run.results
    for effects in effect_tables(results):
        of_effect = of_suite(effect_rows(results), effects.suite)
        blocks.append(bullets(rows.sentence(_extremes(of_effect, pair)) for pair in effect_names(of_effect)))
        blocks += _grid_figures(rows, effects.suite)
        blocks.append(grid_table(rows, effects))
    return blocks


def _grid_figures(rows: Rows, suite: str) -> Iterator[Figure]:
    """Every effect on a suite against every setting."""
    panels = [panel for row in effect_panels(rows.run.results)[suite] for panel in row]
    for panel in panels:
        caption = f"{panel.title} against {panel.x_label}, with 95 % intervals"
        yield Figure(f"{caption}.", draw([[panel]], like=panels, name=caption), rows.link(suite))


def _extremes(rows: Sequence[Contrast], pair: tuple[str, str]) -> str:
    """The least and the largest difference between two arms over all combinations, in words."""
    ordered = sorted((row for row in rows if (row.a, row.b) == pair), key=lambda row: row.difference)
    settings = [", ".join(f"{key} {value}" for key, value in (row.cell or {}).items()) for row in ordered]
    ends = (f"{finding(ordered[at])} at {settings[at]}" for at in (0, -1))
    return f"On {ordered[0].suite}, {pair[0]} less {pair[1]} goes from " + " to ".join(ends) + "."
