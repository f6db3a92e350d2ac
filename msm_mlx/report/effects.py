"""What a grid shows: the difference that training makes, against each setting that the grid varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from msm_mlx.report.plots import Line, Panel, Point, draw

Row = Mapping[str, Any]


def effect_rows(results: Mapping[str, Any]) -> list[Row]:
    """The contrasts that are effects: against the demonstrations alone, or all if there is no such arm."""
    rows = [row for row in results["contrasts"] if "cell" in row]
    return [row for row in rows if row["b"] == "sft"] or rows


def effect_names(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The pairs of arms that are contrasted, in the order of the rows."""
    return list(dict.fromkeys((row["a"], row["b"]) for row in rows))


def by_cell(rows: Sequence[Row]) -> dict[tuple[Any, ...], dict[tuple[str, str], Row]]:
    """The rows of each cell, by the pair of arms."""
    cells: dict[tuple[Any, ...], dict[tuple[str, str], Row]] = {}
    for row in rows:
        cells.setdefault(tuple(row["cell"].values()), {})[row["a"], row["b"]] = row
    return cells


def effect_tables(results: Mapping[str, Any]) -> list[Table]:
    """A table for each suite: a row for each cell, and every effect with its 95 % interval."""
    rows = effect_rows(results)
    tables = []
    for suite in dict.fromkeys(row["suite"] for row in rows):
        own = [row for row in rows if row["suite"] == suite]
        pairs = effect_names(own)
        table = Table(title=Text(f"Differences on {suite}, with 95 % intervals"), title_justify="left")
        for setting in results["grid"]:
            table.add_column(Text(setting), justify="right")
        for a, b in pairs:
            table.add_column(Text(f"{a} - {b}"), justify="right")
        for cell, found in by_cell(own).items():
            table.add_row(*map(str, cell), *(_shown(found.get(pair)) for pair in pairs))
        tables.append(table)
    return tables


def _shown(row: Row | None) -> str:
    return f"{row['difference']:+.2f} [{row['ci_low']:+.2f}, {row['ci_high']:+.2f}]" if row else "-"


def draw_effects(results: Mapping[str, Any]) -> dict[str, str]:
    """An SVG for each suite: a row of panels for each effect, a panel for each setting of the grid."""
    drawings = {}
    rows = effect_rows(results)
    for suite in dict.fromkeys(row["suite"] for row in rows):
        own = [row for row in rows if row["suite"] == suite]
        drawings[suite] = draw(
            [
                [_panel(suite, pair, own, setting, results["grid"]) for setting in results["grid"]]
                for pair in effect_names(own)
            ]
        )
    return drawings


def _panel(
    suite: str, pair: tuple[str, str], rows: Sequence[Row], setting: str, grid: Mapping[str, Sequence[Any]]
) -> Panel:
    """The effect of `pair` against one setting, with a line for every combination of the others."""
    own = [row for row in rows if (row["a"], row["b"]) == pair]
    lines: dict[str, list[Point]] = {}
    for row in own:
        others = ", ".join(f"{short(key)} {value}" for key, value in row["cell"].items() if key != setting)
        at = list(grid[setting]).index(row["cell"][setting])
        lines.setdefault(others, []).append(Point(at, row["difference"], row["ci_low"], row["ci_high"]))
    return Panel(
        title=f"{pair[0]} - {pair[1]} on {suite}",
        x_label=setting,
        ticks=tuple(map(str, grid[setting])),
        lines=tuple(Line(label, tuple(points)) for label, points in lines.items()),
    )


def short(setting: str) -> str:
    """`midtrain.updates` as a legend has room for it: `updates`."""
    return setting.rpartition(".")[2]
