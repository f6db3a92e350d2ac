"""Line plots with intervals, as SVG text. No library draws: what a dose curve needs is a few lines and circles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from msm_mlx.report.marks import colour_of, draw_mark, line_style

WIDTH, PLOT = 400, 210  # of a panel and of the plot in it, in pixels: text can be read where a telephone shows it
LEFT, RIGHT, TOP, AXIS = 54, 12, 34, 48  # around the plot; under the axis and its name is the legend
LEGEND, COLUMNS = 20, 2  # height of its lines, and how many entries each has
SIZE = 13  # of letters
STEP = 0.25  # the vertical axis ends at a multiple of this


@dataclass(frozen=True)
class Point:
    """A measurement with its interval, at the `at`-th tick of the horizontal axis."""

    at: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PlotLine:
    """Points that belong together, and what they are called."""

    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Panel:
    """One set of axes. The ticks are evenly spaced, whatever they say: doses double from one to the next."""

    title: str
    x_label: str
    ticks: tuple[str, ...]
    lines: tuple[PlotLine, ...]


def draw(rows: Sequence[Sequence[Panel]], *, like: Sequence[Panel] = (), name: str = "") -> str:
    """An SVG of panels in rows, all with the same vertical axis. Equal panels give equal text.

    Args:
        like: panels elsewhere that have this axis too.
        name: what it shows, as a part of a page, in the page's colours. Without it is a file of its own, on white.
    """
    panels = [panel for row in rows for panel in row]
    span, tall = _range([*panels, *like]), panel_height(panels)
    columns = max((len(row) for row in rows), default=0)
    width, height = columns * WIDTH, len(rows) * tall
    box = f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="{SIZE}"'
    parts = [f'<svg role="img" aria-label={quoteattr(name)} {box}>']
    if not name:
        size = f'width="{width}" height="{height}" color="#222"'
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box}>']
        parts.append(f'<rect width="{width}" height="{height}" fill="white"/>')
    for r, row in enumerate(rows):
        for c, panel in enumerate(row):
            parts.append(f'<g transform="translate({c * WIDTH},{r * tall})">')
            parts += _panel(panel, *span)
            parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def panel_height(panels: Sequence[Panel]) -> int:
    """The height that the panel with most lines needs."""
    lines = max((len(panel.lines) for panel in panels), default=0)
    return TOP + PLOT + AXIS + LEGEND * math.ceil(lines / COLUMNS)


def _panel(panel: Panel, low: float, high: float) -> list[str]:
    inner = WIDTH - LEFT - RIGHT

    def x(at: float) -> float:
        return LEFT + inner * (at + 0.5) / len(panel.ticks)

    def y(value: float) -> float:
        return TOP + PLOT * (high - value) / (high - low)

    parts = [_text(6, 18, panel.title)]
    for index in range(round((high - low) / STEP) + 1):
        level = low + index * STEP
        parts.append(_stroke(LEFT, y(level), LEFT + inner, y(level), "currentColor", faint=level != 0))
        parts.append(_text(LEFT - 6, y(level) + 4, f"{level:+.2f}" if level else "0", anchor="end"))
    for at, tick in enumerate(panel.ticks):
        parts.append(_text(x(at), TOP + PLOT + 17, tick, anchor="middle"))
    parts.append(_text(LEFT + inner / 2, TOP + PLOT + 36, panel.x_label, anchor="middle"))
    for number, line in enumerate(panel.lines):
        # beside each other where they would cover each other
        shift = (number - (len(panel.lines) - 1) / 2) * min(0.5 / max(len(panel.lines), 1), 0.1)
        places = [(x(point.at + shift), y(point.value), y(point.low), y(point.high)) for point in line.points]
        parts += _line(places, number)
        if not line.label:
            continue
        left = LEFT + number % COLUMNS * inner / COLUMNS
        top = TOP + PLOT + AXIS + LEGEND * (number // COLUMNS) + 6
        parts.append(f'<path d="M{left:.1f},{top:.1f}h28" stroke-width="2" {line_style(number)}/>')
        parts.append(draw_mark(number, left + 14, top))
        parts.append(_text(left + 34, top + 4, line.label))
    return parts


def _range(panels: Sequence[Panel]) -> tuple[float, float]:
    """Ends of the vertical axis: all intervals and zero are inside."""
    points = [point for panel in panels for line in panel.lines for point in line.points]
    ends = [end for point in points for end in (point.low, point.high)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    bottom, top = STEP * math.floor(low / STEP), STEP * math.ceil(high / STEP)
    return (bottom, top) if bottom < top else (-STEP, STEP)


def _line(places: Sequence[tuple[float, float, float, float]], number: int) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in places)
    parts = [f'<polyline points="{path}" fill="none" stroke-width="2" {line_style(number)}/>']
    for x, y, low, high in places:
        parts += [_stroke(x, low, x, high, colour_of(number)), draw_mark(number, x, y)]
    return parts


def _stroke(x1: float, y1: float, x2: float, y2: float, colour: str, *, faint: bool = False) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}"{FAINT_STYLE if faint else ""}/>'


FAINT_STYLE = ' opacity="0.2"'


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor">{escape(text)}</text>'
