"""How long what the documents did lasts: the number of contrary rows that undo it, and arms along their last stage."""

from __future__ import annotations

from collections.abc import Sequence

from msm_mlx.recipe.arms import BASE, path_of, without_documents
from msm_mlx.recipe.shares import arms_to_measure
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.blocks import Block, Figure, Paragraph, Table, TableCell, bullets, table
from msm_mlx.report.headlines import finding, is_main
from msm_mlx.report.plots import Panel, PlotLine, Point, draw
from msm_mlx.runs.results import CurvePoint, Durability, RunResults, Share

EXPLANATION = (
    "A contrary row is a chat that contradicts the demonstrations. The number says how many of them an arm has to see, "
    "each as often as it is seen, until it is back where the arm without documents was before that stage. Over the "
    "shares, arms are compared at the end of the stage, after as many updates; along the stage, one arm on its way. "
    "Between two measurements the difference is taken to go in a straight line. In brackets is the 95 % interval; if "
    "it ends with more than a number, nobody has tried as many contrary rows as may be needed."
)
Key = tuple[str, str, str]


def durability(rows: Rows) -> list[Block]:
    """The numbers in words and as a table, then the curves."""
    results = rows.run.results
    blocks: list[Block] = []
    if results.durability:
        blocks = [
            Paragraph(EXPLANATION),
            bullets(map(rows.sentence, map(durability_sentence, headline_numbers(results)))),
        ]
        blocks.append(_numbers_table(rows))
    recipe = rows.run.recipe
    contrary = [name for name, stage in recipe.stages.items() if stage.get("contrary")]
    for before, missing in arms_to_measure(recipe.arms, contrary).items():
        names = ", ".join(missing)
        blocks.append(Paragraph(f"Arms that go on from {before} have no number here: {names} is not among the arms."))
    panels = curve_panels(results, several_specs=rows.run.several_specs)
    for panel in panels:
        caption = f"{panel.title}, with 95 % intervals, against the rows of that stage that were seen."
        svg = draw([[panel]], like=panels, name=caption)
        blocks.append(Figure(caption, svg, rows.link(panel.title.partition(": ")[0])))
    return blocks


def _numbers_table(rows: Rows) -> Table:
    """All numbers, each leading to the rows of its suite."""
    header, body = durability_cells(rows.run.results)
    linked: list[list[str | TableCell]] = [
        [name, reference, *(TableCell(text, rows.link(suite) if text != "-" else "") for text in figures)]
        for name, reference, *figures in body
        for suite in [name.partition(": ")[0]]
    ]
    return table("Contrary rows until an arm is back", header, linked)


def headline_numbers(results: RunResults) -> list[Durability]:
    """One for each suite, arm and stage: over the shares, or along the stage if there is one share."""
    first: dict[Key, Durability] = {}
    for row in results.durability:  # the one over the shares stands before those along the stage
        first.setdefault(_key(row), row)
    return list(first.values())


def durability_cells(results: RunResults) -> tuple[tuple[str, ...], list[list[str]]]:
    """The header and the rows of a table of all numbers."""
    shares = sorted({row.share for row in results.durability if row.share is not None})
    several = any(row.share is None for row in results.durability)
    columns = [*([None] if several else []), *shares]
    by_key: dict[Key, dict[float | None, Durability]] = {}
    for row in results.durability:
        by_key.setdefault(_key(row), {})[row.share] = row
    body = []
    for (suite, arm, stage), by_share in by_key.items():
        row = next(iter(by_share.values()))
        numbers = [finding(by_share.get(share)) for share in columns]
        body.append([f"{suite}: {arm}, then {stage}", row.reference, row.start.as_difference, *numbers])
    names = ["over the shares" if share is None else f"along the stage, {share:g} contrary" for share in columns]
    return ("suite and arm", "back at", "difference before", *names), body


def curve_panels(results: RunResults, *, several_specs: bool) -> list[Panel]:
    """One for each suite, arm and last stage that was followed: a line for each share, and one for the reference."""
    groups: dict[tuple[str, str, str], list[CurvePoint]] = {}
    for point in results.curves:
        before = point.model_copy(update={"arm": "+".join(path_of(point.arm)[:-1]) or BASE}).label(several_specs)
        groups.setdefault((point.suite, before, point.stage), []).append(point)
    return [_panel(*key, points, results.pooled) for key, points in groups.items()]


def _panel(suite: str, before: str, stage: str, points: Sequence[CurvePoint], pooled: Sequence[Share]) -> Panel:
    ticks = sorted({point.rows for point in points})
    lines: dict[str, list[Point]] = {}
    for point in points:
        label = stage if point.share is None else f"{point.share:g} contrary"
        place = Point(ticks.index(point.rows), point.value, point.ci_low, point.ci_high)
        lines.setdefault(label, []).append(place)
    arm = "+".join(path_of(points[0].arm)[:-1]) or BASE
    reference = without_documents(arm)
    level = next((row for row in pooled if (row.suite, row.arm) == (suite, reference) and is_main(row)), None)
    if level and reference != arm:
        lines[reference] = [Point(at, level.value, level.ci_low, level.ci_high) for at in range(len(ticks))]
    return Panel(
        title=f"{suite}: {before} along {stage}",
        x_label=f"rows of {stage}",
        ticks=tuple(map(str, ticks)),
        lines=tuple(PlotLine(label, tuple(places)) for label, places in lines.items()),
    )


def durability_sentence(row: Durability) -> str:
    """How many contrary rows an arm takes until it is back, or why that is not known."""
    place = f"On {row.suite}, {row.arm} is back at {row.reference}"
    if row.failure or not row.is_defined:
        return f"{place} after a number of contrary rows that is not known: {finding(row)}."
    if row.rows == 0:
        return f"{place} after {row.stage} without a contrary row, {row.text}: the other chats undo it by themselves."
    return f"{place} after {row.text} contrary rows in {row.stage}."


def _key(row: Durability) -> Key:
    return row.suite, row.arm, row.stage
