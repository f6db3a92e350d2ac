"""The effect by how many words of a choice stand in what was read, as tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msm_mlx.evaluation.word_share import MIN_ITEMS
from msm_mlx.recipe.contrasts import is_headline
from msm_mlx.report.all_rows import Rows
from msm_mlx.report.blocks import Block, Paragraph, Table, TableCell, table
from msm_mlx.runs.results import Contrast, RunResults, WordGroup

EXPLANATION = (
    "An effect can be shared wording: documents make the words of an option likelier, whatever they say about it. Of "
    "every forced choice the content words are counted in which its options differ, by their stems, and which of them "
    "stand in the documents about the spec or in the demonstrations: none, some (fewer than half) or many (half or "
    "more). What an effect is where none is shared cannot be wording. The last column says by how much it is larger "
    "where some or many are shared."
)
COLUMNS: dict[WordGroup, str] = {
    "none": "none shared",
    "some": "some",
    "many": "many",
    "any less none": "some or many, less none",
}


@dataclass(frozen=True)
class EffectLine:
    """Figures of a difference between two arms on a suite."""

    suite: str
    name: str
    figures: tuple[str, ...]


@dataclass(frozen=True)
class EffectLines:
    """A table of them."""

    caption: str
    header: tuple[str, ...]
    lines: tuple[EffectLine, ...]


def word_share_tables(results: RunResults) -> list[EffectLines]:
    """The differences that the documents are, in each group of the choices, as shares and in log-odds; none where no
    words were counted."""
    header = ("suite and difference", *COLUMNS.values())
    tables = [
        EffectLines(
            "Differences by how many words are shared, with the number of choices", header, _lines(results, _share)
        ),
        EffectLines("The same in log-odds (nats)", header, _lines(results, _log_odds)),
    ]
    return [one for one in tables if one.lines]


def _share(row: Contrast) -> str:
    if row.n < MIN_ITEMS:
        return f"too few ({row.n})"
    return "no finding" if row.failure else f"{row.text} ({row.n})"


def _log_odds(row: Contrast) -> str:
    return row.log_odds.as_difference if row.log_odds and not row.failure and row.n >= MIN_ITEMS else "-"


def _lines(results: RunResults, figure: Callable[[Contrast], str]) -> tuple[EffectLine, ...]:
    by_pair: dict[tuple[str, str, str], dict[WordGroup | None, str]] = {}
    for row in results.word_shares.contrasts:
        if is_headline(row.a, row.b) and (text := figure(row)) != "-":
            by_pair.setdefault((row.suite, row.a, row.b), {})[row.words] = text
    return tuple(
        EffectLine(suite, f"{suite}: {a} - {b}", tuple(groups.get(group, "-") for group in COLUMNS))
        for (suite, a, b), groups in by_pair.items()
    )


def word_shares(rows: Rows) -> list[Block]:
    """The effects by word share; nothing where no words were counted."""
    results = rows.run.results
    tables = word_share_tables(results)
    without = {row.item for row in results.word_shares.items if not row.words}
    left_out = f" {len(without)} choices have no such word and are in no group." if without else ""
    return [Paragraph(EXPLANATION + left_out), *(linked(one, rows.words_link) for one in tables)] if tables else []


def linked(lines: EffectLines, link: Callable[[str], str]) -> Table:
    """The table with figures that lead to the rows that they are from, by their suite."""
    body: list[list[str | TableCell]] = [
        [line.name, *(TableCell(text, link(line.suite) if text != "-" else "") for text in line.figures)]
        for line in lines.lines
    ]
    return table(lines.caption, lines.header, body)
