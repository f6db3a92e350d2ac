"""What a grid shows: the difference that training makes, against each setting that the grid varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msm_mlx.recipe.grid import cell_name
from msm_mlx.report.headlines import finding, of_suite, shows_behaviour_alone, suites_of
from msm_mlx.report.plots import Panel, PlotLine, Point, draw
from msm_mlx.runs.results import Contrast, RunResults


def effect_rows(results: RunResults) -> list[Contrast]:
    """The contrasts that are effects: against the demonstrations alone, or all if there is no such arm."""
    rows = [row for row in results.contrasts if row.cell]
    return [row for row in rows if shows_behaviour_alone(row.b)] or rows


def effect_names(rows: Sequence[Contrast]) -> list[tuple[str, str]]:
    """The pairs of arms that are contrasted, in the order of the rows."""
    return list(dict.fromkeys((row.a, row.b) for row in rows))


def by_cell(rows: Sequence[Contrast]) -> dict[tuple[Any, ...], dict[tuple[str, str], Contrast]]:
    """The rows of each cell, by the pair of arms."""
    cells: dict[tuple[Any, ...], dict[tuple[str, str], Contrast]] = {}
    for row in rows:
        cells.setdefault(tuple((row.cell or {}).values()), {})[row.a, row.b] = row
    return cells


@dataclass(frozen=True)
class EffectCell:
    """One run of the grid: its name, its settings, and its effects in the order of the table's header."""

    name: str
    settings: tuple[str, ...]
    effects: tuple[str, ...]


@dataclass(frozen=True)
class EffectTable:
    """Every effect on one suite as text: a row for each cell, its settings first."""

    suite: str
    header: tuple[str, ...]
    cells: tuple[EffectCell, ...]


def effect_tables(results: RunResults) -> list[EffectTable]:
    """A table for each suite."""
    rows, grid = effect_rows(results), results.grid or {}
    tables = []
    for suite in suites_of(rows):
        effects = of_suite(rows, suite)
        pairs = effect_names(effects)
        header = (*grid, *(f"{a} - {b}" for a, b in pairs))
        cells = (
            EffectCell(cell_name(settings), tuple(map(str, cell)), tuple(finding(by_pair.get(pair)) for pair in pairs))
            for cell, by_pair in by_cell(effects).items()
            for settings in [dict(zip(grid, cell, strict=True))]
        )
        tables.append(EffectTable(suite, header, tuple(cells)))
    return tables


def draw_effects(results: RunResults) -> dict[str, str]:
    """An SVG for each suite: a row of panels for each effect, a panel for each setting of the grid."""
    return {suite: draw(rows) for suite, rows in effect_panels(results).items()}


def effect_panels(results: RunResults) -> dict[str, list[list[Panel]]]:
    """The panels of each suite: a row for each effect, in it one for each setting of the grid."""
    rows, grid = effect_rows(results), results.grid or {}
    return {
        suite: [[_panel(suite, pair, effects, setting, grid) for setting in grid] for pair in effect_names(effects)]
        for suite in suites_of(rows)
        for effects in [of_suite(rows, suite)]
    }


def _panel(
    suite: str, pair: tuple[str, str], rows: Sequence[Contrast], setting: str, grid: Mapping[str, Sequence[Any]]
) -> Panel:
    """The effect of `pair` against one setting, with a line for every combination of the others."""
    effects = [row for row in rows if (row.a, row.b) == pair and not row.failure]
    lines: dict[str, list[Point]] = {}
    for row in effects:
        cell = row.cell or {}
        legend = ", ".join(f"{short(key)} {value}" for key, value in cell.items() if key != setting)
        at = list(grid[setting]).index(cell[setting])
        lines.setdefault(legend, []).append(Point(at, row.difference, row.ci_low, row.ci_high))
    return Panel(
        title=f"{pair[0]} - {pair[1]} on {suite}",
        x_label=setting,
        ticks=tuple(map(str, grid[setting])),
        lines=tuple(PlotLine(label, tuple(points)) for label, points in lines.items()),
    )


def short(setting: str) -> str:
    """`midtrain.updates` as a legend has room for it: `updates`."""
    return setting.rpartition(".")[2]
