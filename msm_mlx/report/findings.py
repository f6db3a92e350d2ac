"""What a run found: its arms, the differences between them, and how far they go by the place of an option."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from msm_mlx.recipe.arms import arm_of
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.blocks import Block, Figure, Paragraph, Table, TableCell, bullets, table
from msm_mlx.report.drawings import Interval, draw_intervals
from msm_mlx.report.effects import EffectTable, effect_names, effect_panels, effect_rows, effect_tables
from msm_mlx.report.plots import draw
from msm_mlx.report.result_rows import (
    both_show_behaviour,
    finding,
    is_general,
    is_headline,
    is_main,
    is_own_control,
    of_suite,
    perplexities_by_arm,
    suites_of,
)
from msm_mlx.runs.layout import ANSWERS, CELLS, PERPLEXITY, VERDICTS
from msm_mlx.runs.results import Bias, Contrast, Share

INTERVALS = (
    "In brackets are 95 % intervals, over seeds and items together where there are several seeds and over items "
    "alone where there is one. A star marks a difference whose interval is clear of zero."
)


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
    blocks: list[Block] = []
    if sentences := list(_sentences(rows, suites[0])):
        blocks = [Paragraph(f"On {suites[0]} ({meaning}), the first of the suites:"), bullets(sentences)]
    blocks += [Paragraph(INTERVALS), _arms_figure(rows, suites[0])]
    blocks.append(_arms_table(rows, suites))
    effects = [row for row in results.contrasts if both_show_behaviour(row) or is_general(row.b)]
    if effects:
        by_pair = {(row.a, row.b, row.suite): row for row in effects}
        body: list[list[str | TableCell]] = [
            [f"{a} - {b}", *(rows.cell(by_pair.get((a, b, suite)), suite) for suite in suites)]
            for a, b in effect_names(effects)
        ]
        blocks.append(table("Differences between arms", ("difference", *suites), body))
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


def _arms_figure(rows: Rows, suite: str) -> Figure:
    results, several = rows.run.results, rows.run.several_specs
    single = [row for row in of_suite(results.records, suite) if is_main(row) and row.seed is not None]
    intervals = [
        Interval(label, row.value, row.ci_low, row.ci_high, _dots(single, label, several))
        for row in of_suite(results.pooled, suite)
        if is_main(row)
        for label in [row.label(several)]
    ]
    caption = f"{suite}: each arm with its 95 % interval; small dots are single seeds. The dashed line is one half."
    return Figure(caption, draw_intervals(caption, intervals, 0.0, 1.0, 0.5), rows.link(suite))


def _dots(rows: Sequence[Share], label: str, several_specs: bool) -> tuple[float, ...]:
    return tuple(row.value for row in rows if row.label(several_specs) == label)


def _arms_table(rows: Rows, suites: Sequence[str]) -> Table:
    by_arm: dict[str, dict[str, Share]] = {}
    for row in rows.run.results.pooled:
        if is_main(row):
            by_arm.setdefault(row.label(rows.run.several_specs), {})[row.suite] = row
    body: list[list[str | TableCell]] = [
        [label, *(rows.cell(by_suite.get(suite), suite, label) for suite in suites)]
        for label, by_suite in by_arm.items()
    ]
    return table("Each arm, its seeds pooled; figures lead to their rows", ("arm", *suites), body)


def perplexities(rows: Rows) -> list[Block]:
    """Each arm's perplexity on neutral text, its seeds averaged."""
    by_arm = perplexities_by_arm(rows.run)
    if not by_arm:
        return []
    body: list[list[str | TableCell]] = [
        [label, TableCell(_mean([row.perplexity for row in seeds]), quote(rows.file(PERPLEXITY))), str(seeds[0].tokens)]
        for label, seeds in by_arm.items()
    ]
    caption = "Perplexity on plain text (pocket's is of the kind it was pretrained on), seeds averaged, no interval"
    return [table(caption, ("arm", "perplexity", "tokens"), body)]


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
    header = ("task", "used", "kappa", "right", "unclear", "examples", "chance")
    body: list[list[str | TableCell]] = [
        [
            "ratings" if task.task == "rating" else "acts", "yes" if task.usable else "NO: UNUSABLE",
            f"{task.kappa:.2f}", f"{task.accuracy:.0%}", f"{task.unclear:.0%}", str(task.n), f"p = {task.p:.4f}",
        ]
        for task in judge.agreement
    ]  # fmt: skip
    where = Paragraph("Every verdict of it:", rows.file(VERDICTS))
    return [Paragraph(explanation), table(f"The judge {judge.judge}", header, body), where]


def domains(rows: Rows) -> list[Block]:
    """The main differences in each domain of the first suite that has some."""
    contrasts = rows.run.results.domains.contrasts
    suite = next(iter(suites_of(contrasts)), "")
    effects = [row for row in of_suite(contrasts, suite) if both_show_behaviour(row) and not row.failure]
    blocks: list[Block] = []
    for a, b in effect_names(effects):
        if is_headline(a, b):
            by_domain = [row for row in effects if (row.a, row.b) == (a, b)]
            intervals = [Interval(str(row.domain), row.difference, row.ci_low, row.ci_high) for row in by_domain]
            caption = f"{suite}: {a} less {b} in each domain, with 95 % intervals. The dashed line is no difference."
            blocks.append(Figure(caption, draw_intervals(caption, intervals, -1.0, 1.0, 0.0), rows.link(suite)))
    return blocks


def biases(rows: Rows) -> list[Block]:
    """How far each arm goes by the place of an option in a forced choice, its seeds averaged."""
    by_arm: dict[tuple[str, str], list[Bias]] = {}
    for row in rows.run.results.biases:
        by_arm.setdefault((row.suite, row.label(rows.run.several_specs)), []).append(row)
    if not by_arm:
        return []
    body: list[list[str | TableCell]] = [
        [
            f"{suite}: {label}",
            TableCell(_mean([row.first.value for row in seeds]), rows.link(suite, label)),
            TableCell(_mean([row.written_first for row in seeds if row.written_first is not None]), rows.link(suite)),
            TableCell(_mean([row.decided for row in seeds]), rows.link(suite, label)),
        ]
        for (suite, label), seeds in by_arm.items()
    ]
    header = ("suite and arm", "takes what is named first", "writes what is named first", "same in both orders")
    explanation = (
        "Every pair is asked in both orders, and both count half. Who goes by what the options are takes the one "
        "that is named first half of the time, and the same one in both orders; who goes by their place scores a half, "
        "whatever it takes. Options are scored as whole replies and never as letters, so that no letter can be "
        "preferred. Where there are several seeds, the least and the most are in brackets."
    )
    return [Paragraph(explanation), table("Shares of the forced choices", header, body)]


def _mean(values: Sequence[float]) -> str:
    if not values:
        return "-"
    mean = f"{sum(values) / len(values):.2f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.2f} to {max(values):.2f})"


def _grid(rows: Rows) -> list[Block]:
    """Every effect against every setting: a drawing for each pair of the two, and a table of all."""
    blocks: list[Block] = [Paragraph(INTERVALS)]
    results, panels = rows.run.results, effect_panels(rows.run.results)
    for effects in effect_tables(results):
        of_effect = of_suite(effect_rows(results), effects.suite)
        blocks.append(bullets(_extremes(of_effect, pair) for pair in effect_names(of_effect)))
        of_suite_panels = [panel for row in panels[effects.suite] for panel in row]
        for panel in of_suite_panels:
            caption = f"{panel.title} against {panel.x_label}, with 95 % intervals"
            svg = draw([[panel]], like=of_suite_panels, standalone=False)
            blocks.append(Figure(caption, svg.replace("<svg ", f'<svg role="img" aria-label="{caption}" ', 1)))
        blocks.append(_grid_table(rows, effects))
    return blocks


def _grid_table(rows: Rows, effects: EffectTable) -> Table:
    body: list[list[str | TableCell]] = [
        [
            *cell.settings,
            *(TableCell(text, quote(rows.file(f"{CELLS}/{cell.name}/{ANSWERS}"))) for text in cell.effects),
        ]
        for cell in effects.cells
    ]
    caption = f"Differences on {effects.suite}, for every combination of settings; figures lead to its answers"
    return table(caption, effects.header, body)


def _extremes(rows: Sequence[Contrast], pair: tuple[str, str]) -> str:
    """The least and the largest difference between two arms over all combinations, in words."""
    ordered = sorted((row for row in rows if (row.a, row.b) == pair), key=lambda row: row.difference)
    settings = [", ".join(f"{key} {value}" for key, value in (row.cell or {}).items()) for row in ordered]
    ends = (f"{finding(ordered[at])} at {settings[at]}" for at in (0, -1))
    return f"{ordered[0].suite}: {pair[0]} less {pair[1]} goes from " + " to ".join(ends) + "."
