"""Line plots with intervals, as SVG text. No library draws: what a dose curve needs is a few lines and circles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

# Okabe and Ito's palette, which people with any colour vision can tell apart
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
WIDTH, HEIGHT = 460, 300  # of a panel, in pixels
LEFT, RIGHT, TOP, BOTTOM = 56, 130, 34, 46  # margins inside a panel; the legend is in the right one
STEP = 0.25  # the vertical axis ends at a multiple of this


@dataclass(frozen=True)
class Point:
    """A measurement with its interval, at the `at`-th tick of the horizontal axis."""

    at: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """Points that belong together, and what they are called."""

    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Panel:
    """One set of axes. The ticks are evenly spaced, whatever they say: doses double from one to the next."""

    title: str
    x_label: str
    ticks: tuple[str, ...]
    lines: tuple[Line, ...]


def draw(rows: Sequence[Sequence[Panel]]) -> str:
    """An SVG of panels in rows, all with the same vertical axis. Equal panels give equal text."""
    span = _range([panel for row in rows for panel in row])
    columns = max((len(row) for row in rows), default=0)
    width, height = columns * WIDTH, len(rows) * HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for r, row in enumerate(rows):
        for c, panel in enumerate(row):
            parts.append(f'<g transform="translate({c * WIDTH},{r * HEIGHT})">')
            parts += _panel(panel, *span)
            parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, low: float, high: float) -> list[str]:
    inner = WIDTH - LEFT - RIGHT

    def x(at: float) -> float:
        return LEFT + inner * (at + 0.5) / len(panel.ticks)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    parts = [_text(LEFT, 18, panel.title, size=13)]
    for index in range(round((high - low) / STEP) + 1):
        level = low + index * STEP
        colour = "#444" if level == 0 else "#ddd"
        parts.append(_stroke(LEFT, y(level), LEFT + inner, y(level), colour))
        parts.append(_text(LEFT - 6, y(level) + 4, f"{level:+.2f}" if level else "0", anchor="end"))
    for at, tick in enumerate(panel.ticks):
        parts.append(_text(x(at), HEIGHT - BOTTOM + 16, tick, anchor="middle"))
    parts.append(_text(LEFT + inner / 2, HEIGHT - 10, panel.x_label, anchor="middle"))
    for number, line in enumerate(panel.lines):
        # beside each other where they would cover each other
        shift = (number - (len(panel.lines) - 1) / 2) * min(0.5 / max(len(panel.lines), 1), 0.1)
        places = [(x(point.at + shift), y(point.value), y(point.low), y(point.high)) for point in line.points]
        parts += _line(places, COLOURS[number % len(COLOURS)])
        top = TOP + 8 + 16 * number
        parts.append(_stroke(WIDTH - RIGHT + 8, top, WIDTH - RIGHT + 26, top, COLOURS[number % len(COLOURS)], 2))
        parts.append(_text(WIDTH - RIGHT + 31, top + 4, line.label))
    return parts


def _range(panels: Sequence[Panel]) -> tuple[float, float]:
    """Ends of the vertical axis: all intervals and zero are inside."""
    points = [point for panel in panels for line in panel.lines for point in line.points]
    ends = [end for point in points for end in (point.low, point.high)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    bottom, top = STEP * math.floor(low / STEP), STEP * math.ceil(high / STEP)
    return (bottom, top) if bottom < top else (-STEP, STEP)


def _line(places: Sequence[tuple[float, float, float, float]], colour: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in places)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    for x, y, low, high in places:
        parts.append(_stroke(x, low, x, high, colour))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
    return parts


def _stroke(x1: float, y1: float, x2: float, y2: float, colour: str, width: int = 1) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 11) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'
