"""Figures with their intervals beneath each other, as a forest plot: what it is, its interval on an axis, its numbers.

A drawing takes its colours from the page that it is in. Rows of different kinds have marks of different shapes, so that
they can be told apart in any colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

from msm_mlx.report.marks import draw_mark

WIDTH = 400  # of a drawing, in its own units: text can be read where a telephone shows it
LABELS, SIDE = 148, 10  # where an axis begins: beside labels, or at the left
ROW, HEADING, NOTE = 23, 21, 12  # heights of a row, of a heading and of a second line under a label
TITLE, NUMBERS, GAP = 18, 20, 14  # heights of what is above an axis and below it, and between two
SMALL = 11.5  # size of letters beside those of 13


@dataclass(frozen=True)
class ForestRow:
    """A figure. `text` has its numbers, or says that there is none; then `interval` is None."""

    label: str
    text: str
    interval: tuple[float, float, float] | None = None
    """The lower end, the value and the upper end."""
    mark: int | None = None
    """Of rows that belong together; None for those that belong to none."""
    dots: tuple[float, ...] = ()
    """Single seeds."""
    link: str = ""
    """Where the rows are that it is made of."""
    name: str = ""
    """What it is, to somebody who hears it without its heading."""


@dataclass(frozen=True)
class ForestGroup:
    """Rows under one heading. A single row without a label has the heading beside it."""

    heading: str
    note: str
    rows: tuple[ForestRow, ...]
    strong: bool = False


@dataclass(frozen=True)
class ForestPanel:
    """Groups on one axis from `low` to `high`, with a rule where nothing would be the case."""

    title: str
    groups: tuple[ForestGroup, ...]
    low: float
    high: float
    rule: float | None
    rule_name: str
    labels: bool = True
    """Whether there are labels beside the axis. Without, it is wider, and headings stand above."""


def draw_forest(title: str, panels: Sequence[ForestPanel]) -> str:
    """An SVG with the panels beneath each other. The numbers are also its description in words."""
    parts, top = [], 0.0
    for panel in panels:
        drawing = _Drawing(panel, top)
        parts += drawing.parts()
        top = drawing.bottom + GAP
    rows = [row for panel in panels for group in panel.groups for row in group.rows]
    description = "; ".join(f"{row.name} {row.text}" for row in rows)
    head = f'<svg viewBox="0 0 {WIDTH} {top - GAP:g}" role="group" aria-label={quoteattr(title)} font-size="13">'
    said = [f"<title>{escape(title)}</title>", f"<desc>{escape(description)}.</desc>"]
    return "\n".join([head, *said, *parts, "</svg>"])


class _Drawing:
    """One panel, drawn from the top down: `bottom` is where it has come to."""

    def __init__(self, panel: ForestPanel, top: float) -> None:
        self.panel, self.top = panel, top + TITLE
        self.bottom = self.top + 4
        longest = max((_width(row.text, 12) for group in panel.groups for row in group.rows), default=0.0)
        self.left, self.right = LABELS if panel.labels else SIDE, WIDTH - longest - SIDE

    def x(self, value: float) -> float:
        panel = self.panel
        share = (min(max(value, panel.low), panel.high) - panel.low) / (panel.high - panel.low)
        return self.left + (self.right - self.left) * share

    def parts(self) -> list[str]:
        rows = [part for group in self.panel.groups for part in self._group(group)]
        self.bottom += NUMBERS
        return [*self._axis(), *rows]

    def _axis(self) -> Iterator[str]:
        panel, floor = self.panel, self.bottom - NUMBERS
        yield _text(0, self.top - 5, panel.title, size=SMALL, soft=True)
        for value in (panel.low, (panel.low + panel.high) / 2, panel.high):
            yield _line(self.x(value), self.top, self.x(value), floor, 'opacity="0.18"')
            number = f"{value:+g}" if value and panel.low < 0 else f"{value:g}"
            anchor = "start" if self.x(value) < SMALL * 2 else "middle"
            yield _text(0 if anchor == "start" else self.x(value), floor + 14, number, anchor, size=SMALL, soft=True)
        if panel.rule is not None:
            yield _line(self.x(panel.rule), self.top, self.x(panel.rule), floor, 'stroke-dasharray="4 3"')
            yield _text(self.x(panel.rule), self.top - 5, panel.rule_name, "middle", size=SMALL, soft=True)

    def _group(self, group: ForestGroup) -> Iterator[str]:
        is_single = len(group.rows) == 1 and not group.rows[0].label
        if self.panel.labels and is_single and _width(group.heading) <= LABELS:
            yield _text(0, self.bottom + ROW / 2 + 4, group.heading, strong=group.strong)
            yield _text(0, self.bottom + ROW / 2 + 4 + NOTE, group.note, size=SMALL, soft=True)
            yield from self._row(group.rows[0])
            self.bottom += NOTE if group.note else 0
            return
        *first, last = _lines(group.heading)
        for line in (*first, last):
            self.bottom += HEADING
            yield _text(0, self.bottom - 6, line, strong=group.strong)
        if _width(last) + SIDE + _width(group.note, SMALL) < WIDTH:
            yield _text(_width(last) + SIDE, self.bottom - 6, group.note, size=SMALL, soft=True)
        for row in group.rows:
            yield from self._row(row)

    def _row(self, row: ForestRow) -> Iterator[str]:
        """A label that has no room beside the axis stands above it."""
        y = self.bottom + ROW / 2
        yield f"<a href={quoteattr(row.link)} aria-label={quoteattr(f'{row.name}: {row.text}')}>" if row.link else "<g>"
        if row.label:
            yield draw_mark(row.mark, 6, y)
            yield _text(18, y + 4, row.label)
            if _width(row.label) + 18 > self.left - 4:
                y += ROW - 4
        if row.link:  # a finger need not hit the mark
            area = f'x="{self.left}" y="{y - ROW / 2:g}" width="{WIDTH - self.left}" height="{ROW}"'
            yield f'<rect {area} fill="none" pointer-events="all"/>'
        yield from self._figure(row, y)
        yield "</a>" if row.link else "</g>"
        self.bottom = y + ROW / 2

    def _figure(self, row: ForestRow, y: float) -> Iterator[str]:
        if row.interval:
            low, value, high = map(self.x, row.interval)
            yield _line(low, y, high, y, 'stroke-width="2"')
            for end in (low, high):
                yield _line(end, y - 3.5, end, y + 3.5, 'stroke-width="1.5"')
            for dot in row.dots:
                yield f'<circle cx="{self.x(dot):.1f}" cy="{y + 8:g}" r="1.7" fill="currentColor" opacity="0.6"/>'
            yield draw_mark(row.mark, value, y)
        yield _text(WIDTH, y + 4, row.text, "end", size=12, is_link=bool(row.link))


def _width(text: str, size: float = 13) -> float:
    """About how wide a text is in most fonts, with some room to spare."""
    return size * sum(_letter_width(letter) for letter in text)


def _letter_width(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return 1.0
    if letter in "0123456789+":
        return 0.64
    return 0.9 if letter in "mwMW@" else 0.35 if letter in " .,:;|ijl[]()'" else 0.58


def _lines(heading: str) -> list[str]:
    """A heading on two lines, if it is too long for one and has a place to break."""
    first, less, second = heading.partition(" less ")
    return [first, f"less {second}"] if less and _width(heading) > WIDTH else [heading]


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:g}" x2="{x2:.1f}" y2="{y2:g}" stroke="currentColor" {style}/>'


def _text(
    x: float,
    y: float,
    text: str,
    anchor: str = "start",
    *,
    size: float = 13,
    strong: bool = False,
    soft: bool = False,
    is_link: bool = False,
) -> str:
    style = (f' font-size="{size:g}"' if size != 13 else "") + (' font-weight="700"' if strong else "")
    style += (' opacity="0.75"' if soft else "") + (' class="link"' if is_link else "")
    return f'<text x="{x:.1f}" y="{y:g}" text-anchor="{anchor}" fill="currentColor"{style}>{escape(text)}</text>'
