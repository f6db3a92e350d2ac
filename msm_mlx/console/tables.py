"""Tables and trees for every console: where they do not fit, or nothing may be drawn, they are lines of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace

import rich.table
import rich.tree
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.text import Text

from msm_mlx.console.terminal import is_plain

LEAST = 24  # columns of a cell that is wrapped: in fewer it is a tower of words
UNBOUNDED = 10_000  # columns
WIDE = 2  # columns of a character of Chinese, Japanese or Korean
INDENT = "  "


class ConsoleTable(rich.table.Table):
    """A table as long as all its words fit, without a frame where they do not fit into one.

    Else, and in plain lines, it is a line `name: value` for each cell.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.title:
            yield _as_text(console, self.title, "table.title")
        fitting = None if is_plain(console) else self._fitting(console, options)
        if fitting:
            yield from super(ConsoleTable, fitting).__rich_console__(console, options)
        else:
            yield from self._records(console, options)

    def _fitting(self, console: Console, options: ConsoleOptions) -> ConsoleTable | None:
        """The table with widths in which no word breaks; None if there is no room for that."""
        unbounded = options.update(width=UNBOUNDED)
        spans = [_span(console, unbounded, column, with_header=self.show_header) for column in self.columns]
        least, most = [span.minimum for span in spans], [span.maximum for span in spans]
        for table in (self, self._without_frame()):
            frame = super(ConsoleTable, table).__rich_measure__(console, unbounded).maximum - sum(most)
            spare = options.max_width - frame - sum(least)
            if spare >= 0:
                return table._with_widths(_widened(least, most, spare))
        return None

    def _without_frame(self) -> ConsoleTable:
        table = copy(self)
        table.box, table.pad_edge, table.padding = None, False, (0, 1, 0, 0)
        table.leading = int(self.show_lines)
        return table

    def _with_widths(self, widths: Sequence[int]) -> ConsoleTable:
        table = copy(self)
        table.title = None
        table.columns = [replace(column, width=width) for column, width in zip(self.columns, widths, strict=True)]
        return table

    def _records(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """The cells of each row that hold words, one below the other: the first is the head of the rest."""
        names = [_as_text(console, column.header).plain for column in self.columns]
        for row in zip(*(column.cells for column in self.columns), strict=True):
            cells = [(name, _as_text(console, cell)) for name, cell in zip(names, row, strict=True)]
            cells = [(name, cell) for name, cell in cells if cell.plain.strip()]
            if self.show_lines or not cells:
                yield Text()
            if len(cells) == 1:
                yield cells[0][1]
            elif self.show_header:
                yield from _named(console, options, cells)
            elif cells:
                values = Text(", ").join(cell for _, cell in cells[1:])
                yield from indented(console, options, Text.assemble(cells[0][1], ": ", values), "")


def _named(console: Console, options: ConsoleOptions, cells: Sequence[tuple[str, Text]]) -> Iterator[Text]:
    for place, (name, cell) in enumerate(cells):
        line = Text.assemble(f"{name}: " if name else "", cell, style="" if place else "bold")
        yield from indented(console, options, line, INDENT * min(place, 1))


class ConsoleTree(rich.tree.Tree):
    """A tree of labels; in plain lines what stands below a label is indented."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if is_plain(console):
            yield from _branches(console, options, self, "")
        else:
            yield from super().__rich_console__(console, options)


def _branches(console: Console, options: ConsoleOptions, tree: rich.tree.Tree, indent: str) -> Iterator[Text]:
    yield from indented(console, options, _as_text(console, tree.label), indent)
    for branch in tree.children:
        yield from _branches(console, options, branch, indent + INDENT)


def indented(console: Console, options: ConsoleOptions, text: Text, indent: str) -> Iterator[Text]:
    """`text` behind `indent`, as wide as the console; what of it takes further lines stands deeper."""
    text.overflow = "fold"
    width = max(options.max_width - len(indent + INDENT), 1)
    lines = text.split(allow_blank=True) if options.no_wrap else text.wrap(console, width)
    for place, line in enumerate(lines):
        line.rstrip()
        yield Text(indent + INDENT * min(place, 1)).append_text(line)


def _span(console: Console, options: ConsoleOptions, column: rich.table.Column, *, with_header: bool) -> Measurement:
    """From the fewest columns in which the cells of `column` can be read to those of their longest line."""
    spans = []
    for cell in [*([column.header] if with_header else []), *column.cells]:
        span, words = Measurement.get(console, options, cell), _as_text(console, cell).plain
        if column.no_wrap:
            span = Measurement(span.maximum, span.maximum)
        elif words:
            readable = min(span.maximum, column.min_width or LEAST)
            span = Measurement(max(_longest_word(words), readable), span.maximum)
        spans.append(span)
    return Measurement(max((s.minimum for s in spans), default=0), max((s.maximum for s in spans), default=0))


def _longest_word(text: str) -> int:
    """In columns. Scripts with wide characters need no space to end a line at."""
    lengths = ((len(word), cell_len(word)) for word in text.split())
    return max((WIDE if columns > length else columns for length, columns in lengths), default=0)


def _widened(least: Sequence[int], most: Sequence[int], spare: int) -> list[int]:
    """`least` and what is `spare` of a line, which the narrowest get first, none above its `most`."""
    widths = list(least)
    for _ in range(min(spare, sum(most) - sum(least))):
        narrowest = min((i for i, width in enumerate(widths) if width < most[i]), key=widths.__getitem__)
        widths[narrowest] += 1
    return widths


def _as_text(console: Console, cell: RenderableType, style: str = "") -> Text:
    """The words of a cell; what is drawn has none."""
    if isinstance(cell, str):
        return console.render_str(cell, style=style, highlight=False)
    return cell.copy() if isinstance(cell, Text) else Text()
