"""Marks and lines that belong to the same thing everywhere in a drawing, and differ without their colours too."""

from __future__ import annotations

# Okabe and Ito's palette, which people with any colour vision can tell apart
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "currentColor", "#999999")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "14 4", "4 2 1 2")  # of lines, in turn
SHAPES = 6  # of marks; then they begin anew, in another colour
_HOLLOW = 'fill="var(--paper, white)" stroke-width="2"'


def colour_of(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def line_style(number: int) -> str:
    """The attributes of a line: its colour and its dashes."""
    dashes = DASHES[number % len(DASHES)]
    return f'stroke="{colour_of(number)}"' + (f' stroke-dasharray="{dashes}"' if dashes else "")


def draw_mark(number: int | None, x: float, y: float) -> str:
    """A shape for each number, filled and hollow in turn. What has no number is a ring in the colour of the text."""
    if number is None:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {_HOLLOW} stroke="currentColor"/>'
    colour = colour_of(number)
    match number % SHAPES:
        case 0:
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
        case 1:
            return f'<path d="M{x:.1f},{y - 6:.1f}l6,6l-6,6l-6,-6z" {_HOLLOW} stroke="{colour}"/>'
        case 2:
            return f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" fill="{colour}"/>'
        case 3:
            return f'<path d="M{x:.1f},{y - 6:.1f}l6,10h-12z" {_HOLLOW} stroke="{colour}"/>'
        case 4:
            return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" {_HOLLOW} stroke="{colour}"/>'
    return f'<path d="M{x:.1f},{y + 6:.1f}l6,-10h-12z" fill="{colour}"/>'
