"""The figure at the head of a report, with what every arm does on the main suite and what the documents changed, and
the same change in each domain."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from msm_mlx.recipe.arms import arm_of
from msm_mlx.recipe.contrasts import is_headline
from msm_mlx.recipe.controls import arm_roles, sort_labels
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.blocks import Figure
from msm_mlx.report.forest import ForestGroup, ForestPanel, ForestRow, draw_forest
from msm_mlx.report.headlines import NO_FINDING, both_show_behaviour, finding, is_main, of_suite
from msm_mlx.report.main_contrast import main_suite
from msm_mlx.runs.results import Contrast, Share
from msm_mlx.suites.kinds.pairs import PAIRS

MAX_DIFFERENCES = 8
STEPS = (0.1, 0.25, 0.5, 1.0)  # where an axis of differences may end


def arms_figure(rows: Rows) -> Figure | None:
    """The shares of all arms on the first suite with one-half or no rule, then the main differences with zero."""
    suite = main_suite(rows.run.results)
    if suite is None:
        return None
    panels = [_shares(rows, suite), *_differences(rows, suite)]
    measured = rows.run.results.suite(suite)
    meaning = f" ({measured.measures})" if measured and measured.measures else ""
    dots = any(row.dots for panel in panels for group in panel.groups for row in group.rows)
    below = ", and below it what the documents changed" if len(panels) > 1 else ""
    seeds = ", small dots single seeds" if dots else ""
    caption = f"{suite}{meaning}: every arm{below}. Bars are 95 % intervals{seeds}."
    return Figure(caption, draw_forest(f"Every arm on {suite}", panels), rows.link(suite))


def _shares(rows: Rows, suite: str) -> ForestPanel:
    """A group for each arm, a row in it for each spec, each control behind the arm that it is for."""
    results, several = rows.run.results, rows.run.several_specs
    shares = {row.label(several): row for row in of_suite(results.pooled, suite) if is_main(row)}
    by_arm: dict[str, list[Share]] = {}
    for label in sort_labels(shares, rows.run.recipe.stand_ins):
        by_arm.setdefault(arm_of(label), []).append(shares[label])
    single = [row for row in of_suite(results.records, suite) if is_main(row) and row.seed is not None]
    groups = []
    for role in arm_roles(by_arm, rows.run.recipe.stand_ins):
        of_arm = [_share_row(rows, row, single) for row in by_arm[role.arm]]
        note = f"control for {role.differs_in}" if role.differs_in else ""
        groups.append(ForestGroup(role.arm, note, tuple(of_arm), strong=not role.control_for))
    measured = results.suite(suite)
    rule = 0.5 if measured and measured.kind == PAIRS.name else None
    return ForestPanel("Arm", tuple(groups), 0.0, 1.0, rule, "chance")


def domains_figure(rows: Rows, suite: str, a: str, b: str, effects: Sequence[Contrast]) -> Figure:
    """One difference in each domain of a suite, with zero."""
    of_pair = [row for row in effects if (row.a, row.b) == (a, b)]
    end = _end_of_axis(of_pair)
    groups = tuple(ForestGroup(str(row.domain), "", (_difference_row(rows, row, str(row.domain)),)) for row in of_pair)
    caption = f"{suite}: {a} less {b} in each domain, with 95 % intervals."
    panel = ForestPanel("Domain", groups, -end, end, 0.0, "none")
    return Figure(caption, draw_forest(caption, [panel]), rows.link(suite))


def _share_row(rows: Rows, row: Share, single: Sequence[Share]) -> ForestRow:
    label = rows.label(row)
    dots = tuple(one.value for one in single if rows.label(one) == label)
    return ForestRow(
        label=row.spec if rows.run.several_specs and row.spec else "",
        text=_numbers(finding(row)),
        interval=None if row.failure else (row.ci_low, row.value, row.ci_high),
        mark=_mark_of(rows, label) if row.spec else None,
        dots=dots if len(dots) > 1 and not row.failure else (),
        link=rows.link(row.suite, label),
        name=label,
    )


def _differences(rows: Rows, suite: str) -> Iterator[ForestPanel]:
    """The differences that the documents are, of many specs without those against each other; none if the run has
    none."""
    few = len(rows.run.recipe.specs) <= 2
    headlines = [
        row
        for row in of_suite(rows.run.results.contrasts, suite)
        if is_headline(row.a, row.b) and (few or arm_of(row.a) != arm_of(row.b))
    ]
    with_behaviour = [row for row in headlines if both_show_behaviour(row)]
    if effects := (with_behaviour or headlines)[:MAX_DIFFERENCES]:
        end = _end_of_axis(effects)
        names = map(_difference_name, effects)
        groups = [
            ForestGroup(name, "", (_difference_row(rows, row, name),)) for name, row in zip(names, effects, strict=True)
        ]
        yield ForestPanel("Difference", tuple(groups), -end, end, 0.0, "none", labels=False)


def _difference_row(rows: Rows, row: Contrast, name: str) -> ForestRow:
    interval = None if row.failure else (row.ci_low, row.difference, row.ci_high)
    return ForestRow("", _numbers(finding(row)), interval, _mark_of(rows, row.a), link=rows.link(row.suite), name=name)


def _difference_name(row: Contrast) -> str:
    arm, other = arm_of(row.a), arm_of(row.b)
    if arm != other:
        return f"{row.a} less {row.b}"
    specs = [label.partition("@")[2] for label in (row.a, row.b)]
    return f"{arm}: {specs[0]} less {specs[1]}"


def _mark_of(rows: Rows, label: str) -> int:
    """The mark of the spec that an arm has read."""
    specs = [spec.stem for spec in rows.run.recipe.specs]
    spec = label.partition("@")[2]
    return specs.index(spec) if spec in specs else 0


def _numbers(text: str) -> str:
    """A figure; why there is none is in the tables."""
    return "no finding" if text.startswith(NO_FINDING) else text


def _end_of_axis(effects: Sequence[Contrast]) -> float:
    furthest = max((abs(end) for row in effects if not row.failure for end in (row.ci_low, row.ci_high)), default=1.0)
    return next((step for step in STEPS if step >= furthest), math.ceil(furthest))
