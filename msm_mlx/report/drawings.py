"""The losses of trainings, as SVG that takes its colours from the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from msm_mlx.report.marks import line_style

WIDTH = 400  # of a drawing, in its own units: text can be read where a telephone shows it
TOP, BOTTOM, SIDE = 6, 30, 22
HEIGHT = 260  # of a plot of losses
SMOOTHING = 0.85  # of a moving average: what is kept of the past at each update


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
        y = TOP + 18 * number + 6
        points = " ".join(place(at, loss) for at, loss in enumerate(losses))
        parts.append(f'<polyline points="{points}" fill="none" stroke-width="2" {line_style(number)}/>')
        parts.append(f'<path d="M{left},{y}h32" stroke-width="2.5" {line_style(number)}/>')
        parts.append(_text(left + 40, y + 4, label, "start"))
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
