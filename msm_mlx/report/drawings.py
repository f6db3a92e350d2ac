"""The drawings of a report, as SVG that takes its colours from the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from msm_mlx.report.plots import COLOURS

WIDTH = 400  # of a drawing, in its own units: text can be read where a telephone shows it
ROW = 42  # a label, and its figure under it
TOP, BOTTOM, SIDE = 6, 30, 22
HEIGHT = 260  # of a plot of losses
SMOOTHING = 0.85  # of a moving average: what is kept of the past at each update


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval, and those of single seeds."""

    label: str
    value: float
    low: float
    high: float
    dots: tuple[float, ...] = ()


def draw_intervals(title: str, intervals: Sequence[Interval], low: float, high: float, rule: float) -> str:
    """A row for each figure, from `low` to `high`, with a vertical rule where nothing would be the case."""
    height = TOP + ROW * len(intervals) + BOTTOM

    def x(value: float) -> float:
        return SIDE + (WIDTH - 2 * SIDE) * (min(max(value, low), high) - low) / (high - low)

    floor = height - BOTTOM
    parts = [f'<line x1="{x(rule):.1f}" y1="{TOP}" x2="{x(rule):.1f}" y2="{floor}" {_LINE} stroke-dasharray="4 3"/>']
    for index in range(5):
        tick = low + (high - low) * index / 4
        parts.append(_text(x(tick), height - 8, f"{tick:+.2f}" if tick and low < 0 else f"{tick:.2f}", "middle"))
    for number, row in enumerate(intervals):
        y = TOP + ROW * number + 26
        parts.append(_text(0, y - 12, row.label, "start"))
        parts.append(f'<line x1="{x(row.low):.1f}" y1="{y}" x2="{x(row.high):.1f}" y2="{y}" {_LINE} stroke-width="2"/>')
        for dot in row.dots:
            parts.append(f'<circle cx="{x(dot):.1f}" cy="{y + 8}" r="2.5" fill="currentColor" opacity="0.55"/>')
        parts.append(f'<circle cx="{x(row.value):.1f}" cy="{y}" r="5" fill="{COLOURS[0]}"/>')
    return _svg(title, height, parts)


def draw_losses(title: str, curves: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Smoothed losses against updates, a curve for each arm."""
    smoothed = [(label, _smooth(losses)) for label, losses in curves if losses]
    top = max((max(losses) for _, losses in smoothed), default=1.0) or 1.0
    longest = max((len(losses) for _, losses in smoothed), default=1)
    legend = TOP + 18 * len(smoothed)
    floor, left = HEIGHT + legend - BOTTOM, 56

    def place(at: int, loss: float) -> str:
        x = left + (WIDTH - left - SIDE) * at / max(longest - 1, 1)
        return f"{x:.1f},{floor - (floor - legend - 8) * loss / top:.1f}"

    parts = [
        f'<line x1="{left}" y1="{floor}" x2="{WIDTH - SIDE}" y2="{floor}" {_LINE}/>',
        _text(left - 8, floor + 4, "0", "end"),
        _text(left - 8, legend + 12, f"{top:.2g}", "end"),
        _text(WIDTH - SIDE, HEIGHT + legend - 12, f"update {longest}", "end"),
        _text(left, HEIGHT + legend - 12, "update 1", "start"),
    ]
    for number, (label, losses) in enumerate(smoothed):
        colour, dash = COLOURS[number % 6], "" if number < 6 else ' stroke-dasharray="5 3"'
        y = TOP + 18 * number + 6
        points = " ".join(place(at, loss) for at, loss in enumerate(losses))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts.append(f'<line x1="{left}" y1="{y}" x2="{left + 24}" y2="{y}" stroke="{colour}" stroke-width="3"{dash}/>')
        parts.append(_text(left + 32, y + 4, label, "start"))
    return _svg(title, HEIGHT + legend, parts)


_LINE = 'stroke="currentColor"'


def _smooth(losses: Sequence[float]) -> list[float]:
    smoothed: list[float] = []
    for loss in losses:
        if math.isfinite(loss):
            smoothed.append(SMOOTHING * smoothed[-1] + (1 - SMOOTHING) * loss if smoothed else loss)
    return smoothed


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    name = escape(title, {'"': "&quot;"})
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{name}" font-size="13">'
    return "\n".join([head, *parts, "</svg>"])


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor">{escape(text)}</text>'
