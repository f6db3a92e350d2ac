"""Text that grows while it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual.geometry import Region, Size
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget


@dataclass(frozen=True)
class ScreenLine:
    """A line as it is wrapped: where it begins in the whole text, and as row and column of the text's own lines."""

    text: Text
    start: int
    row: int
    column: int


def wrap_lines(body: Text, width: int, earlier: Sequence[ScreenLine] = ()) -> list[ScreenLine]:
    """The lines of `body` at this width. `earlier` are those of a text that it goes on from: all but the last stand."""
    lines = list(earlier)
    last = lines.pop() if lines else ScreenLine(Text(), 0, 0, 0)
    start, row, column = last.start, last.row, last.column
    for whole in body.plain[start:].split("\n"):
        ends = [*_breaks(whole, width), len(whole)]
        for at, end in pairwise((0, *ends)):
            length = len(whole[at:end].rstrip())  # spaces at the end may have no room in the line
            lines.append(ScreenLine(body[start + at : start + at + length], start + at, row, column + at))
        start, row, column = start + len(whole) + 1, row + 1, 0
    return lines


def _breaks(whole: str, width: int) -> Iterator[int]:
    """Where a line without line ends is broken: before a word that has no room, or in one that is longer than a line.

    No break depends on what comes after the character that has no room, so that text may be wrapped as it comes. That
    is why rich's wrapping does not do, which looks at whole words.
    """
    begin, word = 0, 0
    for at, character in enumerate(whole):
        if character.isspace():
            word = at + 1
        elif at > begin and 2 * (at + 1 - begin) > width and cell_len(whole[begin : at + 1]) > width:
            begin = word if word > begin else at
            yield begin


class GrowingText(Widget):
    """Literal text, of which only the last line is wrapped again as it grows, and only what is in view is drawn.

    To wrap and draw all of a long answer at every beat would leave no time for keys.
    """

    def __init__(self) -> None:
        super().__init__(classes="growing")
        self._body = Text()
        self._width = 0
        self._lines: list[ScreenLine] = []

    def show(self, body: Text) -> None:
        """Show a text, which costs little if it goes on from the one before."""
        before, self._body = self._body, body
        alike = body.spans == before.spans and body.style == before.style
        if not self._width or (alike and body.plain == before.plain):
            return
        goes_on = alike and not body.spans and body.plain.startswith(before.plain)
        count = len(self._lines)
        self._lines = wrap_lines(body, self._width, self._lines if goes_on else ())
        if goes_on and len(self._lines) == count:
            self.refresh(Region(0, count - 1, self._width, 1))
        else:
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        if width != self._width:
            self._width = width
            self._lines = wrap_lines(self._body, width)
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        width, style = self.size.width, self.rich_style
        if y >= len(self._lines):
            return Strip.blank(width, style)
        line = self._lines[y]
        text = self._selected(line)
        strip = Strip(Segment.apply_style(text.render(self.app.console), style), text.cell_len)
        return strip.extend_cell_length(width, style).apply_offsets(line.column, line.row)

    def _selected(self, line: ScreenLine) -> Text:
        """The text of a line, with what is selected of it marked."""
        selection = self.text_selection
        span = selection.get_span(line.row) if selection else None
        if span is None:
            return line.text
        first, last = span  # in the text's own line; -1 is its end
        last = line.column + len(line.text) if last < 0 else last
        text = line.text.copy()
        style = self.screen.get_component_rich_style("screen--selection")
        text.stylize(style, max(first - line.column, 0), max(last - line.column, 0))
        return text

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """What is selected with the mouse, in the lines of the text and not in those that the pane makes of it."""
        return selection.extract(self._body.plain), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()
