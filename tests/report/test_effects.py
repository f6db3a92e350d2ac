"""What is shown of a grid's results."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from msm_mlx.report.effects import draw_effects, effect_rows, effect_tables
from msm_mlx.runs.results import SCHEMA, Contrast, RunResults


def contrast(count: int, updates: int, a: str, b: str, difference: float) -> Contrast:
    return Contrast(
        suite="apart", a=a, b=b, metric="choice", paired=True, difference=difference, ci_low=difference - 0.1,
        ci_high=difference + 0.1, n=9, seeds=1, clusters=9, p=0.5, detectable=0.1, notes=[], failure=None,
        cell={"documents.count": count, "midtrain.updates": updates},
    )  # fmt: skip


CONTRASTS = [
    row
    for count in (0, 30)
    for updates in (10, 20)
    for row in (
        contrast(count, updates, "msm", "sft", 0.0),
        contrast(count, updates, "msm+sft", "sft", count * updates / 1000),
        contrast(count, updates, "msm+sft", "msm", 0.5),
    )
]


def grid_results(contrasts: list[Contrast]) -> RunResults:
    grid: dict[str, list[Any]] = {"documents.count": [0, 30], "midtrain.updates": [10, 20]}
    return RunResults(schema=SCHEMA, run="grid", grid=grid, records=[], pooled=[], contrasts=contrasts, suites=[])


RESULTS = grid_results(CONTRASTS)


def test_effects_are_against_the_demonstrations_alone_where_there_are_some() -> None:
    assert {row.b for row in effect_rows(RESULTS)} == {"sft"}
    without = grid_results([row for row in CONTRASTS if row.b != "sft"])
    assert len(effect_rows(without)) == 4


def test_tables_have_a_row_for_each_cell() -> None:
    [table] = effect_tables(RESULTS)
    assert table.header == ("documents.count", "midtrain.updates", "msm - sft", "msm+sft - sft")
    assert [(cell.name, cell.settings, cell.effects[1]) for cell in table.cells] == [
        ("documents.count=0,midtrain.updates=10", ("0", "10"), "+0.00 [-0.10, +0.10]"),
        ("documents.count=0,midtrain.updates=20", ("0", "20"), "+0.00 [-0.10, +0.10]"),
        ("documents.count=30,midtrain.updates=10", ("30", "10"), "+0.30 [+0.20, +0.40] *"),
        ("documents.count=30,midtrain.updates=20", ("30", "20"), "+0.60 [+0.50, +0.70] *"),
    ]


def test_plots_have_a_panel_for_each_setting_and_a_line_for_each_value_of_the_other() -> None:
    (suite, svg) = next(iter(draw_effects(RESULTS).items()))
    root = ElementTree.fromstring(svg)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert suite == "apart"
    assert len(list(root.iter("{http://www.w3.org/2000/svg}g"))) == 4
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))) == 8
    assert texts.count("msm+sft - sft on apart") == 2
    assert {"updates 10", "updates 20", "count 0", "count 30"} <= set(texts)
