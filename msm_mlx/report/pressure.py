"""The effect under pressure beside the same effect at rest, as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msm_mlx.recipe.contrasts import is_headline
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.blocks import Block, Paragraph
from msm_mlx.report.headlines import finding
from msm_mlx.report.word_shares import EffectLine, EffectLines, linked
from msm_mlx.runs.results import Contrast, RunResults

EXPLANATION = (
    "Suites under pressure ask the same as one at rest, with something in the chat that speaks against what it counts. "
    "The change is the difference under pressure less that at rest, on the same items. An effect that is clear at "
    "rest and not under pressure has changed only if the interval of the change is clear of zero too."
)
HEADER = ("effect and pressure", "at rest", "under pressure", "change")


def pressure_tables(results: RunResults) -> list[EffectLines]:
    """The differences that the documents are, a line for each pressure, as shares and in log-odds; none if no suite is
    under pressure."""
    tables = [
        EffectLines("Differences at rest and under pressure", HEADER, tuple(_lines(results, finding))),
        EffectLines("The same in log-odds (nats)", HEADER, tuple(_lines(results, _log_odds))),
    ]
    return [one for one in tables if one.lines]


def _log_odds(row: Contrast | None) -> str:
    return row.log_odds.as_difference if row and row.log_odds and not row.failure else "-"


def _lines(results: RunResults, figure: Callable[[Contrast | None], str]) -> Iterator[EffectLine]:
    effects = {(row.suite, row.a, row.b): row for row in results.contrasts}
    for change in results.pressure:
        suite = results.suite(change.suite)
        if suite and is_headline(change.a, change.b) and figure(change) != "-":
            rest, under = (effects.get((name, change.a, change.b)) for name in (suite.at_rest, suite.name))
            name = f"{suite.at_rest}, {suite.pressure}: {change.a} - {change.b}"
            yield EffectLine(suite.name, name, (figure(rest), figure(under), figure(change)))


def pressure(rows: Rows) -> list[Block]:
    """One row for each effect under each pressure; nothing if no suite is under pressure."""
    tables = pressure_tables(rows.run.results)
    return [Paragraph(EXPLANATION), *(linked(one, rows.link) for one in tables)] if tables else []
